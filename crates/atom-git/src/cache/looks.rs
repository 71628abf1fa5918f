//! What remotes showed, and when: for work offline, and as a hint of what to ask.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use atom::url::RepoUrl;
use atom::{Id, ObjectId};

use super::{Cache, CacheError, failed};
use crate::objects::{ObjectKind, id_of};
use crate::remote::{AtomListing, Listing, RefKind, RemoteRef};

/// The first line of a file of looks. Another one is no cache of ours.
const HEAD: &str = "eka refs 1";

/// What a remote showed below some prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What.
    pub listing: Listing,
}

/// One prefix, as it was seen.
struct Section {
    at: u64,
    prefix: String,
    refs: Vec<RemoteRef>,
}

impl Cache {
    /// Remembers a listing of exactly these prefixes, taken `at` (seconds since 1970).
    ///
    /// # Errors
    ///
    /// [`CacheError::Io`].
    pub fn remember(
        &self,
        remote: &RepoUrl,
        prefixes: &[String],
        listing: &Listing,
        at: u64,
    ) -> Result<(), CacheError> {
        let mut sections = self.sections(remote);
        sections.retain(|old| {
            !prefixes
                .iter()
                .any(|new| old.prefix.starts_with(new.as_str()))
        });
        sections.extend(prefixes.iter().map(|prefix| Section {
            at,
            prefix: prefix.clone(),
            refs: below(listing, prefix).cloned().collect(),
        }));
        sections.sort_by(|a, b| a.prefix.cmp(&b.prefix));
        let path = self.looks(remote);
        let folder = self.dir.join("refs");
        let mut file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(&folder)
            .map_err(failed(&folder))?;
        file.write_all(&print(&sections)).map_err(failed(&path))?;
        file.persist(&path)
            .map_err(|error| failed(&path)(error.error))?;
        Ok(())
    }

    /// What the remote last showed below `prefixes`, as old as the oldest of them; `None` if one of
    /// them was never looked at.
    #[must_use]
    pub fn recall(&self, remote: &RepoUrl, prefixes: &[String]) -> Option<Look> {
        let sections = self.sections(remote);
        let mut look = Look {
            at: u64::MAX,
            listing: Listing::default(),
        };
        for prefix in prefixes {
            let covering = sections
                .iter()
                .filter(|section| prefix.starts_with(&section.prefix))
                .max_by_key(|section| section.at)?;
            look.at = look.at.min(covering.at);
            let refs = covering
                .refs
                .iter()
                .filter(|at| at.name.starts_with(prefix.as_bytes()));
            look.listing.refs.extend(refs.cloned());
        }
        look.listing.refs.sort_unstable();
        look.listing.refs.dedup();
        Some(look)
    }

    /// The ids that the remote was seen to have, or was asked for.
    #[must_use]
    pub fn known_ids(&self, remote: &RepoUrl) -> Vec<Id> {
        let refs = self
            .sections(remote)
            .into_iter()
            .flat_map(|it| it.refs)
            .collect();
        let listing = Listing { refs, dropped: 0 };
        AtomListing::read(&listing).versions.into_keys().collect()
    }

    /// The file for one remote, named by a hash: nothing foreign becomes a path.
    fn looks(&self, remote: &RepoUrl) -> PathBuf {
        let key = remote.public().to_string();
        let name = id_of(ObjectKind::Blob, key.as_bytes())
            .map_or_else(|_| String::new(), |id| id.to_string());
        self.dir.join("refs").join(name)
    }

    /// What the file holds; nothing where it is damaged, since it is only a cache.
    fn sections(&self, remote: &RepoUrl) -> Vec<Section> {
        fs::read(self.looks(remote))
            .ok()
            .and_then(|bytes| parse(&bytes))
            .unwrap_or_default()
    }
}

fn below<'a>(listing: &'a Listing, prefix: &'a str) -> impl Iterator<Item = &'a RemoteRef> {
    listing
        .refs
        .iter()
        .filter(move |at| at.name.starts_with(prefix.as_bytes()))
}

fn print(sections: &[Section]) -> Vec<u8> {
    let mut out = format!("{HEAD}\n").into_bytes();
    for section in sections {
        out.extend_from_slice(format!("look {} {}\n", section.at, section.prefix).as_bytes());
        for at in &section.refs {
            // Git allows no line feed in a name; a server that sends one gets no line here.
            if at.name.contains(&b'\n') {
                continue;
            }
            let kind = match at.kind {
                RefKind::Direct => "-".to_owned(),
                RefKind::Symbolic => "symbolic".to_owned(),
                RefKind::Tag(id) => id.to_string(),
            };
            out.extend_from_slice(format!("{} {kind} ", at.id).as_bytes());
            out.extend_from_slice(&at.name);
            out.push(b'\n');
        }
    }
    out
}

fn parse(bytes: &[u8]) -> Option<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = bytes.strip_suffix(b"\n")?.split(|byte| *byte == b'\n');
    if lines.next()? != HEAD.as_bytes() {
        return None;
    }
    for line in lines {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (first, second, third) = (words.next()?, words.next()?, words.next()?);
        let (first, second) = (
            std::str::from_utf8(first).ok()?,
            std::str::from_utf8(second).ok()?,
        );
        if first == "look" {
            sections.push(Section {
                at: second.parse().ok()?,
                prefix: String::from_utf8(third.to_vec()).ok()?,
                refs: Vec::new(),
            });
            continue;
        }
        sections.last_mut()?.refs.push(RemoteRef {
            name: third.to_vec(),
            id: first.parse::<ObjectId>().ok()?,
            kind: match second {
                "-" => RefKind::Direct,
                "symbolic" => RefKind::Symbolic,
                id => RefKind::Tag(id.parse().ok()?),
            },
        });
    }
    Some(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let id: ObjectId = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
        let refs = names.iter().zip([
            RefKind::Direct,
            RefKind::Symbolic,
            RefKind::Tag(id),
            RefKind::Direct,
        ]);
        Listing {
            refs: refs
                .map(|(name, kind)| RemoteRef {
                    name: name.as_bytes().to_vec(),
                    id,
                    kind,
                })
                .collect(),
            dropped: 0,
        }
    }

    fn prefixes(prefixes: &[&str]) -> Vec<String> {
        prefixes.iter().map(|prefix| (*prefix).to_owned()).collect()
    }

    #[test]
    fn each_prefix_is_as_old_as_its_own_look() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let remote = RepoUrl::parse("https://user:secret@h/r").unwrap();
        let a = prefixes(&["refs/atoms/a/"]);
        let both = prefixes(&["refs/atoms/a/", "refs/atoms/b/"]);
        assert_eq!(cache.recall(&remote, &a), None);

        let all = listing(&[
            "refs/atoms/a/1.0.0/atom",
            "refs/atoms/b/1.0.0/atom",
            "refs/eka/root",
        ]);
        let asked = prefixes(&["refs/atoms/", "refs/eka/root"]);
        cache.remember(&remote, &asked, &all, 10).unwrap();
        assert_eq!(
            cache.recall(&remote, &a).unwrap().listing,
            listing(&["refs/atoms/a/1.0.0/atom"])
        );

        cache
            .remember(&remote, &a, &Listing::default(), 20)
            .unwrap();
        assert_eq!(
            cache.recall(&remote, &a),
            Some(Look {
                at: 20,
                listing: Listing::default()
            })
        );
        let look = cache.recall(&remote, &both).unwrap();
        assert_eq!((look.at, look.listing.refs.len()), (10, 1));
        assert_eq!(cache.recall(&remote, &prefixes(&["refs/heads/"])), None);

        for entry in fs::read_dir(folder.path().join("refs")).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_damaged_file_is_no_look_at_all() {
        let id = "a".repeat(40);
        for text in [
            "".to_owned(),
            "eka refs 2\n".to_owned(),
            format!("{HEAD}\n{id} - refs/x\n"),
            format!("{HEAD}\nlook x p\n"),
            format!("{HEAD}\nlook 1 p\n{id} - refs/x"),
            format!("{HEAD}\nlook 1 p\n{id} zz refs/x\n"),
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text:?}");
        }
    }
}
