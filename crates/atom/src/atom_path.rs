//! The folder of a repository that an atom was cut from.

use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;

/// A folder from a repository's top: `/`-separated, `.` for the top itself.
///
/// Neither it nor a component is empty, a component is neither `.` nor `..`, and it holds no
/// control character and no `\`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomPath(String);

/// Why a text is no folder of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not a folder of a repository")]
#[diagnostic(
    code(eka::atom_path::malformed),
    help(
        "a folder is written from the repository's top, with `/` between names, or `.` for the top; no name is `..` or holds `\\` or a control character"
    )
)]
#[non_exhaustive]
pub struct AtomPathError {
    /// What was given, escaped.
    pub text: String,
}

impl AtomPath {
    /// The repository's top.
    #[must_use]
    pub fn top() -> Self {
        Self(".".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the repository's top.
    #[must_use]
    pub fn is_top(&self) -> bool {
        self.0 == "."
    }
}

impl FromStr for AtomPath {
    type Err = AtomPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let component = |it: &str| {
            !matches!(it, "" | "." | "..") && !it.contains(|c: char| c == '\\' || c.is_control())
        };
        if text == "." || text.split('/').all(component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AtomPathError {
                text: text.escape_debug().to_string(),
            })
        }
    }
}

impl fmt::Display for AtomPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic as _;
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, ok: bool) {
        match text.parse::<AtomPath>() {
            Ok(path) => assert!(ok && path.as_str() == text, "{text:?}"),
            Err(error) => {
                assert!(!ok, "{error}");
                assert!(error.help().is_some());
            }
        }
    }

    #[test]
    fn folders_below_the_top_and_the_top_are_read() {
        for text in [
            ".",
            "a",
            "libs/helper",
            "-a",
            "a b",
            "ひらがな",
            "...",
            ".a",
            "a./b",
        ] {
            check(text, true);
        }
        assert!(AtomPath::top().is_top());
        assert!(!"a".parse::<AtomPath>().unwrap().is_top());
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "./a",
            "a/.",
            "a\\b",
            "a\nb",
            "a\0",
            "\u{1b}[31m",
            "\u{85}",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn the_refusal_shows_the_text_escaped() {
        let error = "a\nb".parse::<AtomPath>().unwrap_err();
        assert_eq!(error.to_string(), "`a\\nb` is not a folder of a repository");
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_back(text in "[a./\\\\ -]{0,8}|\\PC{0,8}") {
            if let Ok(path) = text.parse::<AtomPath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
