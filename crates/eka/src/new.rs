//! `eka new`: a manifest to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use atom::{Id, IdError};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::MANIFEST;

/// What to make.
#[derive(Debug, Clone)]
pub struct Request {
    /// The atom's folder; made where it is not there.
    pub dir: PathBuf,
    /// The atom's id; the folder's name where none is given.
    pub id: Option<String>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The atom.
    pub id: Id,
    /// The manifest, as the request names the folder.
    pub manifest: PathBuf,
    /// What one would run next.
    pub next: Vec<String>,
}

/// Why nothing was made.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum NewError {
    /// There is an atom already.
    #[error("`{}` exists", path.display())]
    #[diagnostic(
        code(eka::new::exists),
        help("name another folder, or edit the manifest that is there")
    )]
    Exists {
        /// The manifest.
        path: PathBuf,
    },
    /// The id that was given is none.
    #[error("`{id}` cannot be an id")]
    #[diagnostic(code(eka::new::id))]
    Id {
        /// What was given.
        id: String,
        /// The rule that it breaks.
        #[source]
        #[diagnostic_source]
        source: IdError,
    },
    /// The folder's name is no id.
    #[error("the folder's name `{name}` cannot be the atom's id")]
    #[diagnostic(code(eka::new::folder_name), help("name the atom by `--id`"))]
    FolderName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        #[source]
        #[diagnostic_source]
        source: IdError,
    },
    /// The folder has no name, or one that is no text.
    #[error("`{}` has no name that could be the atom's id", dir.display())]
    #[diagnostic(code(eka::new::no_name), help("name the atom by `--id`"))]
    NoName {
        /// The folder.
        dir: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot write `{}`", path.display())]
    #[diagnostic(
        code(eka::new::write),
        help("see to the cause and run the command again")
    )]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Makes a folder with a commented manifest. Needs no network and no repository, and overwrites
/// nothing.
///
/// # Errors
///
/// [`NewError`].
pub fn new(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let folder = ctx.dir.join(&request.dir);
    let id = match &request.id {
        Some(id) => checked(id).map_err(|source| NewError::Id {
            id: id.clone(),
            source,
        })?,
        None => id_of(&folder, &request.dir)?,
    };
    let manifest = request.dir.join(MANIFEST);
    write(&folder, &manifest, &atom::manifest::template(&id))?;
    Ok(Report {
        next: next(&request.dir, &id),
        id,
        manifest,
    })
}

fn checked(text: &str) -> Result<Id, IdError> {
    let id: Id = text.parse()?;
    id.check_own()?;
    Ok(id)
}

/// The id that the folder's name gives.
fn id_of(folder: &Path, shown: &Path) -> Result<Id, NewError> {
    let no_name = || NewError::NoName {
        dir: shown.to_owned(),
    };
    // `.` and `x/..` have a name only once they are resolved.
    let name = match folder.canonicalize() {
        Ok(it) => it.file_name().map(ToOwned::to_owned),
        Err(_) => folder.file_name().map(ToOwned::to_owned),
    };
    let name = name.ok_or_else(no_name)?;
    let name = name.to_str().ok_or_else(no_name)?;
    checked(name).map_err(|source| NewError::FolderName {
        name: name.to_owned(),
        source,
    })
}

fn write(folder: &Path, shown: &Path, text: &str) -> Result<(), NewError> {
    let fault = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => NewError::Exists {
            path: shown.to_owned(),
        },
        _ => NewError::Write {
            path: shown.to_owned(),
            source,
        },
    };
    std::fs::create_dir_all(folder).map_err(|source| NewError::Write {
        path: folder.to_owned(),
        source,
    })?;
    let path = folder.join(MANIFEST);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(fault)?;
    file.write_all(text.as_bytes()).map_err(|source| {
        // Half a manifest would stand in the way of the next try.
        let _kept = std::fs::remove_file(&path);
        fault(source)
    })
}

fn next(dir: &Path, id: &Id) -> Vec<String> {
    let dir = quoted(&dir.to_string_lossy());
    vec![
        format!("git add {dir} && git commit -m 'Begin {id}'"),
        "git push".to_owned(),
        "eka init".to_owned(),
        format!("eka publish {id}"),
    ]
}

/// A path as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "_-./+@%:".contains(it);
    if text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    let text = text.replace('\'', r"'\''");
    if text.starts_with('-') {
        return format!("./'{text}'");
    }
    format!("'{text}'")
}

impl NewError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } | Self::Write { .. } => Exit::No,
            _ => Exit::Usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(quoted("a/λ-1.x"), "a/λ-1.x");
        assert_eq!(quoted("my atom"), "'my atom'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("-x"), "./'-x'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }
}
