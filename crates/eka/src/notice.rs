//! What a publisher says of a version that bears a mark.
//!
//! The mark is the ref: it counts whatever its commit holds. A commit that cannot be had, or is
//! not what it must be, only leaves the reason unknown.

use atom::notice::{Deprecation, Reason, Yank};
use atom::uri::{Repository, Uri};
use atom::url::RepoUrl;
use atom::{Id, ObjectId, Version};
use miette::Diagnostic;
use thiserror::Error;

/// How much of a reason stands in a message.
const SHORT: usize = 200;

/// What the commit under a `yank` or `deprecate` ref says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// Why the mark is there, as far as it is known; foreign text, maybe of several lines.
    pub reason: Option<String>,
    /// Of a deprecation: the URI of what to use instead.
    pub successor: Option<String>,
}

/// A version in use that its owner took back.
#[derive(Debug, Error, Diagnostic)]
#[error("`{id}@{version}` was yanked{}", notice.because())]
#[diagnostic(
    severity(warning),
    code(eka::lock::yanked),
    help("the lock may keep it; `eka update {id}` looks for another version")
)]
pub(crate) struct Yanked {
    pub(crate) id: Id,
    pub(crate) version: Version,
    pub(crate) notice: Notice,
}

/// A version in use that its owner advises against.
#[derive(Debug, Error, Diagnostic)]
#[error("`{id}@{version}` is deprecated{}", notice.because())]
#[diagnostic(
    severity(warning),
    code(eka::lock::deprecated),
    help("{}", notice.instead())
)]
pub(crate) struct Deprecated {
    pub(crate) id: Id,
    pub(crate) version: Version,
    pub(crate) notice: Notice,
}

impl Notice {
    /// Reads the commit under the `yank` ref of the version whose atom commit is `atom`.
    pub(crate) fn of_yank(bytes: &[u8], atom: ObjectId) -> Self {
        let read = Yank::parse(bytes).ok().filter(|it| it.atom == atom);
        Self {
            reason: read.and_then(|it| text(&it.reason)),
            successor: None,
        }
    }

    /// Reads the commit under the `deprecate` ref of a version of the set at `origin`.
    pub(crate) fn of_deprecation(bytes: &[u8], atom: ObjectId, origin: &RepoUrl) -> Self {
        let read = Deprecation::parse(bytes).ok().filter(|it| it.atom == atom);
        let Some(read) = read else {
            return Self::default();
        };
        let successor = read.successor.map(|it| match &it.uri().repository {
            Repository::At(_) => it.uri().to_string(),
            Repository::Here => {
                let repository = Repository::At(origin.public());
                let wanted = it.uri().wanted.clone();
                Uri { repository, wanted }.to_string()
            }
        });
        Self {
            reason: text(&read.reason),
            successor,
        }
    }

    /// The reason on one line of bounded length, for a message.
    #[must_use]
    pub fn short(&self) -> Option<String> {
        let reason = self.reason.as_ref()?;
        let words: Vec<&str> = reason.split_whitespace().collect();
        let line = words.join(" ");
        let cut: String = line.chars().take(SHORT).collect();
        let dots = if cut.len() < line.len() { "…" } else { "" };
        Some(format!("{}{dots}", crate::escape::line(&cut)))
    }

    fn because(&self) -> String {
        let reason = self.short().map(|it| format!(": {it}"));
        reason.unwrap_or_default()
    }

    fn instead(&self) -> String {
        match &self.successor {
            Some(uri) => format!("its owner says to use `{uri}` instead"),
            None => "its owner names no other to use instead".to_owned(),
        }
    }
}

/// A reason that says something.
fn text(reason: &Reason) -> Option<String> {
    let text = reason.as_str().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yank(reason: &str) -> Notice {
        let atom = ObjectId::new([1; 20]);
        let reason = reason.parse().unwrap();
        Notice::of_yank(&Yank { atom, reason }.print(), atom)
    }

    #[test]
    fn a_message_has_one_short_line_of_it() {
        let short = |reason: &str| yank(reason).short();
        assert_eq!(short("leaks tokens").as_deref(), Some("leaks tokens"));
        assert_eq!(short(" a\n\n  b\t c\n").as_deref(), Some("a b c"));
        assert_eq!(short(" \n"), None);
        assert_eq!(
            short("\u{1b}[2J\u{202e}").as_deref(),
            Some("\\u{1b}[2J\\u{202e}")
        );
        let long = short(&"é".repeat(300)).unwrap();
        assert_eq!(long, format!("{}…", "é".repeat(SHORT)));
    }

    #[test]
    fn what_is_of_another_version_or_no_notice_says_nothing() {
        let (atom, other) = (ObjectId::new([1; 20]), ObjectId::new([2; 20]));
        let reason: Reason = "why".parse().unwrap();
        let bytes = Yank {
            atom,
            reason: reason.clone(),
        }
        .print();
        assert_eq!(Notice::of_yank(&bytes, other), Notice::default());
        assert_eq!(Notice::of_yank(b"tree", atom), Notice::default());
        let origin = RepoUrl::parse("https://me@example.org/r").unwrap();
        let bytes = Deprecation {
            atom,
            successor: Some("::new@^2".parse().unwrap()),
            reason,
        }
        .print();
        let notice = Notice::of_deprecation(&bytes, atom, &origin);
        assert_eq!(
            notice.successor.as_deref(),
            Some("https://example.org/r::new@^2")
        );
        assert_eq!(
            Notice::of_deprecation(&bytes, other, &origin),
            Notice::default()
        );
    }
}
