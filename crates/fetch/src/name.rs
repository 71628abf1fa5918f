//! Names of files that strangers give: which may be written to a folder.

use std::fmt;

/// Why a name may not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// It is empty.
    Empty,
    /// It is `.` or `..`.
    Dots,
    /// It holds `/` or `\`.
    Separator,
    /// It holds a control character.
    Control,
    /// It is no UTF-8.
    NotUtf8,
    /// Some file system reads it as `.git`.
    DotGit,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "has an empty name",
            Self::Dots => "leads to another folder",
            Self::Separator => "has a separator in its name",
            Self::Control => "has a control character in its name",
            Self::NotUtf8 => "has a name that is not UTF-8",
            Self::DotGit => "has a name that some file systems read as `.git`",
        })
    }
}

/// Whether a name can stand in a folder of ours.
///
/// # Errors
///
/// The first rule that it breaks.
pub fn check(name: &[u8]) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if matches!(name, b"." | b"..") {
        return Err(NameFault::Dots);
    }
    if name.iter().any(|it| matches!(it, b'/' | b'\\')) {
        return Err(NameFault::Separator);
    }
    let text = std::str::from_utf8(name).map_err(|_| NameFault::NotUtf8)?;
    if text.chars().any(char::is_control) {
        return Err(NameFault::Control);
    }
    if is_hfs_dot_git(text) || is_ntfs_dot_git(name) {
        return Err(NameFault::DotGit);
    }
    Ok(())
}

/// Whether HFS+ reads the name as `.git`: it ignores case and some code points (git's `utf8.c`,
/// `is_hfs_dotgit`).
fn is_hfs_dot_git(name: &str) -> bool {
    let ignored = |it: &char| matches!(it, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen = name.chars().filter(|it| !ignored(it));
    seen.map(|it| it.to_ascii_lowercase()).eq(".git".chars())
}

/// Whether NTFS reads the name as `.git`: by its short name, with dots and spaces after it, or
/// with a stream's name (git's `path.c`, `is_ntfs_dotgit`).
fn is_ntfs_dot_git(name: &[u8]) -> bool {
    let rest = [b".git".as_slice(), b"git~1"].into_iter().find_map(|it| {
        let (head, rest) = name.split_at_checked(it.len())?;
        head.eq_ignore_ascii_case(it).then_some(rest)
    });
    let Some(rest) = rest else {
        return false;
    };
    let end = rest.iter().find(|it| !matches!(it, b'.' | b' '));
    matches!(end, None | Some(b':' | b'\\' | b'/'))
}
