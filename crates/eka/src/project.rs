//! Which atom a command means: the one around the current folder, a folder, or an id.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use atom::{Id, IdError};
use miette::Diagnostic;
use thiserror::Error;

use crate::files::MANIFEST;

/// What an argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// An atom's folder, which need not be there.
    Folder(PathBuf),
    /// An atom of the repository.
    Id(Id),
}

/// Why no atom is meant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ProjectError {
    /// Neither the folder nor one above it is an atom's.
    #[error("`{}` is not in an atom's folder", folder.display())]
    #[diagnostic(
        code(eka::project::no_atom),
        help("`eka new DIR` makes an atom; `-C DIR` works in another folder")
    )]
    NoAtom {
        /// Where it began.
        folder: PathBuf,
    },
    /// An argument is neither a folder nor an id.
    #[error("`{text}` is neither a folder nor an id")]
    #[diagnostic(
        code(eka::project::argument),
        help("a folder holds a `/` or is `.`: for a folder of that name write `./{text}`")
    )]
    Argument {
        /// The argument.
        text: String,
        /// Why it is no id.
        #[source]
        source: IdError,
    },
    /// An argument is no text.
    #[error("`{text}` is not UTF-8")]
    #[diagnostic(
        code(eka::project::not_utf8),
        help("an id is UTF-8; a folder holds a `/` or is `.`")
    )]
    NotUtf8 {
        /// The argument, as far as it can be shown.
        text: String,
    },
}

/// The top of the repository around a folder: the nearest folder upward that holds `.git`.
#[must_use]
pub fn repository_top(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|it| it.join(".git").exists())
}

/// The folder of the atom around `folder`: the nearest with an `atom.toml`, upward to the top of
/// the repository. Outside of a repository only `folder` itself counts.
///
/// # Errors
///
/// [`ProjectError::NoAtom`].
pub fn find_atom(folder: &Path) -> Result<PathBuf, ProjectError> {
    let top = repository_top(folder).unwrap_or(folder);
    folder
        .ancestors()
        .take_while(|it| it.starts_with(top))
        .find(|it| it.join(MANIFEST).symlink_metadata().is_ok())
        .map(Path::to_owned)
        .ok_or_else(|| ProjectError::NoAtom {
            folder: folder.to_owned(),
        })
}

/// Reads an argument: a folder if it holds a `/` or is `.` or `..`, else an id. A folder is
/// joined to `folder`.
///
/// # Errors
///
/// [`ProjectError::Argument`] and [`ProjectError::NotUtf8`].
pub fn choose(folder: &Path, argument: &OsStr) -> Result<Chosen, ProjectError> {
    let bytes = argument.as_encoded_bytes();
    if bytes.contains(&b'/') || matches!(bytes, b"." | b"..") {
        return Ok(Chosen::Folder(folder.join(argument)));
    }
    let text = argument.to_str().ok_or_else(|| ProjectError::NotUtf8 {
        text: argument.to_string_lossy().into_owned(),
    })?;
    match text.parse() {
        Ok(id) => Ok(Chosen::Id(id)),
        Err(source) => Err(ProjectError::Argument {
            text: text.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_folders_or_ids() {
        let at = Path::new("/w");
        let folder = |it: &str| Ok(Chosen::Folder(PathBuf::from(it)));
        assert_eq!(choose(at, OsStr::new(".")), folder("/w/."));
        assert_eq!(choose(at, OsStr::new("./a")), folder("/w/./a"));
        assert_eq!(choose(at, OsStr::new("a/b")), folder("/w/a/b"));
        assert_eq!(choose(at, OsStr::new("/x")), folder("/x"));
        let id = Chosen::Id("λ".parse().unwrap());
        assert_eq!(choose(at, OsStr::new("λ")), Ok(id));
        assert!(choose(at, OsStr::new("-x")).is_err());
        assert!(choose(at, OsStr::new("a b")).is_err());
    }

    #[test]
    fn the_nearest_atom_up_to_the_top_of_the_repository() {
        let world = tempfile::tempdir().unwrap();
        let at = |it: &str| world.path().join(it);
        std::fs::create_dir_all(at("repo/.git")).unwrap();
        std::fs::create_dir_all(at("repo/a/src")).unwrap();
        std::fs::create_dir_all(at("repo/b")).unwrap();
        std::fs::write(at("atom.toml"), "").unwrap();
        std::fs::write(at("repo/a/atom.toml"), "").unwrap();
        assert_eq!(find_atom(&at("repo/a/src")), Ok(at("repo/a")));
        assert_eq!(find_atom(&at("repo/a")), Ok(at("repo/a")));
        assert!(find_atom(&at("repo/b")).is_err());
        assert!(find_atom(&at("repo")).is_err());
        std::fs::write(at("repo/atom.toml"), "").unwrap();
        assert_eq!(find_atom(&at("repo/b")), Ok(at("repo")));
    }
}
