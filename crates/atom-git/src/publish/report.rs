//! What is to be told of a new atom: its size, and what is odd in it.

use std::sync::atomic::{AtomicUsize, Ordering};

use atom::AtomPath;
use miette::Diagnostic;
use thiserror::Error;

use super::collect::Candidate;
use super::secrets::{is_secret_name, secret_in};
use crate::objects::{ObjectError, Objects};
use crate::tree::{Entry, Mode};

/// The largest file that is searched for secrets, in bytes.
const MAX_SEARCHED: u64 = 256 << 10;

/// How much of a file tells whether it is text, in bytes, as in git.
const MAX_SNIFFED: usize = 8000;

/// Attributes that have old versions of Nix see other bytes than those that are hashed.
const ATTRIBUTES: [&str; 5] = ["export-ignore", "export-subst", "eol", "ident", "filter"];

/// What is told of one atom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// How many files and links it holds.
    pub n_files: usize,
    /// Their sizes together, in bytes.
    pub bytes: u64,
    /// What is odd, by path.
    pub oddities: Vec<Oddity>,
}

/// Beyond which sizes an atom is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// `limits.publish-bytes`: of a whole atom, in bytes.
    pub atom_bytes: u64,
    /// `limits.publish-file-bytes`: of one file, in bytes.
    pub file_bytes: u64,
}

/// Something that a person should look at before everybody has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error, Diagnostic)]
#[diagnostic(severity(warning))]
#[non_exhaustive]
pub enum Oddity {
    /// A file has the name of one that holds secrets.
    #[error("`{path}` has the name of a file that holds secrets")]
    #[diagnostic(
        code(eka::publish::secret_name),
        help(
            "what is published cannot be called back: if it is a secret, revoke it, take the file out, and commit"
        )
    )]
    SecretName {
        /// The path from the repository's top.
        path: String,
    },
    /// A file holds what looks like a key or a token.
    #[error("`{path}` holds what looks like {what}")]
    #[diagnostic(
        code(eka::publish::secret_text),
        help(
            "what is published cannot be called back: if it is a secret, revoke it, take it out, and commit"
        )
    )]
    SecretText {
        /// The path from the repository's top.
        path: String,
        /// What.
        what: &'static str,
    },
    /// A large file.
    #[error("`{path}` has {bytes} bytes, more than {limit}")]
    #[diagnostic(
        code(eka::publish::large_file),
        help(
            "every consumer fetches it: is it meant to be there? The warning's threshold is `limits.publish-file-bytes`"
        )
    )]
    LargeFile {
        /// The path from the repository's top.
        path: String,
        /// Its size in bytes.
        bytes: u64,
        /// The threshold in bytes.
        limit: u64,
    },
    /// A large atom.
    #[error("the atom of `{path}` has {bytes} bytes, more than {limit}")]
    #[diagnostic(
        code(eka::publish::large_atom),
        help(
            "every consumer fetches it: is all of it meant to be there? The warning's threshold is `limits.publish-bytes`"
        )
    )]
    LargeAtom {
        /// Its folder.
        path: String,
        /// Its size in bytes.
        bytes: u64,
        /// The threshold in bytes.
        limit: u64,
    },
    /// An attribute that changes what some programs see.
    #[error("`{path}` sets `{attribute}`")]
    #[diagnostic(
        code(eka::publish::attribute),
        help(
            "attributes never count for an atom, but Nix before 2.20 applies this one, and sees other bytes than those that are locked"
        )
    )]
    Attribute {
        /// The path of the `.gitattributes`, from the repository's top.
        path: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// A manifest that makes no atom.
    #[error("`{path}` has no `[atom]` table")]
    #[diagnostic(
        code(eka::publish::tableless),
        help(
            "its folder is content of the atom around it; if it should be an atom of its own, give it the table"
        )
    )]
    Tableless {
        /// Its path from the repository's top.
        path: String,
    },
}

/// Looks through candidates, on `n_threads` threads.
///
/// # Errors
///
/// [`ObjectError`] for an object that is missing or damaged.
pub fn facts(
    objects: &Objects,
    candidates: &[&Candidate],
    thresholds: Thresholds,
    n_threads: usize,
) -> Result<Vec<Facts>, ObjectError> {
    let next = AtomicUsize::new(0);
    let work = |objects: Objects| {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(candidate) = candidates.get(at) else {
                return found;
            };
            found.push((at, look(&objects, candidate, thresholds)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..n_threads.min(candidates.len()))
            .map(|_| {
                let objects = objects.clone();
                scope.spawn(|| work(objects))
            })
            .collect();
        let mut all = work(objects.clone());
        for other in others {
            match other.join() {
                Ok(found) => all.extend(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, facts)| facts).collect()
}

fn look(
    objects: &Objects,
    candidate: &Candidate,
    thresholds: Thresholds,
) -> Result<Facts, ObjectError> {
    let mut look = Look {
        objects,
        thresholds,
        facts: Facts::default(),
    };
    let top = &candidate.path;
    let mut open = vec![(candidate.content.id(), prefix(top))];
    while let Some((tree, prefix)) = open.pop() {
        let tree = objects.tree(tree)?;
        for entry in tree.entries().map_while(Result::ok) {
            let path = format!("{prefix}{}", String::from_utf8_lossy(entry.name));
            match entry.kind() {
                Some(Mode::Folder) => open.push((entry.id, format!("{path}/"))),
                _ => look.file(entry, path)?,
            }
        }
    }
    let mut facts = look.facts;
    if facts.bytes > thresholds.atom_bytes {
        facts.oddities.push(Oddity::LargeAtom {
            path: top.to_string(),
            bytes: facts.bytes,
            limit: thresholds.atom_bytes,
        });
    }
    let tableless = candidate.tableless.iter().cloned();
    facts
        .oddities
        .extend(tableless.map(|path| Oddity::Tableless { path }));
    facts.oddities.sort();
    Ok(facts)
}

struct Look<'a> {
    objects: &'a Objects,
    thresholds: Thresholds,
    facts: Facts,
}

impl Look<'_> {
    fn file(&mut self, entry: Entry<'_>, path: String) -> Result<(), ObjectError> {
        let id = entry.id;
        let size = self.objects.header(id)?;
        let (_, bytes) = size.ok_or(ObjectError::Missing { id })?;
        self.facts.n_files += 1;
        self.facts.bytes += bytes;
        if entry.kind() == Some(Mode::Symlink) {
            return Ok(());
        }
        let limit = self.thresholds.file_bytes;
        if bytes > limit {
            let path = path.clone();
            self.tell(Oddity::LargeFile { path, bytes, limit });
        }
        let name = std::str::from_utf8(entry.name).unwrap_or_default();
        if is_secret_name(name) {
            let path = path.clone();
            self.tell(Oddity::SecretName { path });
        }
        if bytes <= MAX_SEARCHED {
            let content = self.objects.blob(id)?;
            if name == ".gitattributes" {
                for attribute in attributes(&content) {
                    let path = path.clone();
                    self.tell(Oddity::Attribute { path, attribute });
                }
            }
            let is_text = !content[..content.len().min(MAX_SNIFFED)].contains(&0);
            if let Some(what) = secret_in(&content).filter(|_| is_text) {
                self.tell(Oddity::SecretText { path, what });
            }
        }
        Ok(())
    }

    fn tell(&mut self, oddity: Oddity) {
        self.facts.oddities.push(oddity);
    }
}

/// Those of [`ATTRIBUTES`] that a `.gitattributes` sets (gitattributes(5)).
fn attributes(content: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(content);
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if line.starts_with('#') {
            continue;
        }
        // A pattern that is quoted may hold spaces.
        let rest = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\" ").map(|(_, rest)| rest),
            None => line.split_once(char::is_whitespace).map(|(_, rest)| rest),
        };
        for word in rest.unwrap_or_default().split_whitespace() {
            let name = word.split('=').next().unwrap_or_default();
            found.extend(ATTRIBUTES.iter().filter(|it| **it == name));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn prefix(path: &AtomPath) -> String {
    if path.is_top() {
        String::new()
    } else {
        format!("{path}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(attributes(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn attributes_that_change_what_old_nix_sees() {
        check("*.md export-ignore\n", &["export-ignore"]);
        check("* text eol=crlf\nx filter=lfs -text\n", &["eol", "filter"]);
        check("\"a b\" ident\n", &["ident"]);
        check("# * export-subst\n* -export-subst !eol text\n", &[]);
        check("export-ignore\n", &[]);
    }
}
