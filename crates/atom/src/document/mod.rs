//! A TOML 1.0 text within bounds, read into a table whose every part knows where it stands.

mod read;
mod section;
pub(crate) mod print;
pub(crate) mod conflict;

pub use read::read;
pub(crate) use section::{Section, Text, as_section, as_text, wrong_type};

use std::fmt;
use std::ops::Range;

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// The largest manifest or lock, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The deepest nesting: tables, arrays and the parts of dotted keys together.
pub const MAX_DEPTH: usize = 32;

/// The most faults of one text that are told: nobody reads more, and looking for what was meant
/// takes time for each.
pub const MAX_FAULTS: usize = 100;

/// What is wrong with a text as TOML, or with the shape of its tables.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum TomlFault {
    /// The text is larger than [`MAX_BYTES`].
    #[error("the file has `{bytes}` bytes, and at most `{MAX_BYTES}` are read")]
    #[diagnostic(
        code(eka::toml::too_large),
        help("move what is not about the atom itself to a file beside it")
    )]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The text begins with U+FEFF.
    #[error("the file begins with a byte order mark")]
    #[diagnostic(
        code(eka::toml::byte_order_mark),
        help("save the file as UTF-8 without a byte order mark")
    )]
    ByteOrderMark {
        /// The mark.
        #[label("remove this invisible character")]
        span: SourceSpan,
    },
    /// Lines that git leaves behind where a merge did not go through.
    #[error("the file holds git's conflict markers")]
    #[diagnostic(code(eka::toml::conflict), help("{help}"))]
    Conflict {
        /// What to do about it.
        help: &'static str,
        /// The first marker.
        #[label("a merge stopped here")]
        span: SourceSpan,
    },
    /// The text is not TOML 1.0.
    #[error("not TOML: {reason}")]
    #[diagnostic(code(eka::toml::syntax))]
    Syntax {
        /// The parser's reason.
        reason: String,
        /// Where.
        #[label("here")]
        span: SourceSpan,
    },
    /// One table has one key twice.
    #[error("a key stands twice")]
    #[diagnostic(
        code(eka::toml::duplicate_key),
        help("keep one of the two: TOML has each key once a table, and each table once a file")
    )]
    DuplicateKey {
        /// The second.
        #[label("already given above")]
        span: SourceSpan,
    },
    /// A time without seconds, which TOML 1.1 brought.
    #[error("a time without seconds")]
    #[diagnostic(
        code(eka::toml::time),
        help("write the seconds too, as in `07:32:00`: the file is read as TOML 1.0")
    )]
    Time {
        /// The value.
        #[label("seconds are missing")]
        span: SourceSpan,
    },
    /// A number beyond 64 bits.
    #[error("a number is out of range")]
    #[diagnostic(
        code(eka::toml::number),
        help("integers have 64 bits with a sign; write larger numbers as a string")
    )]
    Number {
        /// The value.
        #[label("does not fit 64 bits")]
        span: SourceSpan,
    },
    /// Tables and arrays nest beyond [`MAX_DEPTH`].
    #[error("tables and arrays nest deeper than `{MAX_DEPTH}`")]
    #[diagnostic(
        code(eka::toml::too_deep),
        help("no key of this file needs nesting like that; take the innermost levels out")
    )]
    TooDeep {
        /// Where the limit is crossed.
        #[label("one level too many")]
        span: SourceSpan,
    },
    /// A table lacks a key that it needs.
    #[error("`{key}` is missing from {table}")]
    #[diagnostic(code(eka::toml::missing), help("{help}"))]
    Missing {
        /// The key.
        key: &'static str,
        /// The table, as people call it: `` `[atom]` ``.
        table: String,
        /// What to do.
        help: &'static str,
        /// The table's header.
        #[label("in this table")]
        span: SourceSpan,
    },
    /// A value is of another type than its key takes.
    #[error("`{key}` is {found}, and takes {expected}")]
    #[diagnostic(code(eka::toml::wrong_type), help("write {expected}"))]
    WrongType {
        /// The key, from the top.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What it has.
        found: &'static str,
        /// The value.
        #[label("{found}")]
        span: SourceSpan,
    },
    /// A key that nothing reads.
    #[error("unknown key `{key}` in {table}")]
    #[diagnostic(code(eka::toml::unknown_key), help("{}", unknown_key_help(nearest.as_deref(), known)))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table, as people call it.
        table: String,
        /// The known key that is most like it.
        nearest: Option<String>,
        /// All that the table takes.
        known: &'static [&'static str],
        /// The key in the text.
        #[label("nothing reads this")]
        span: SourceSpan,
    },
}

/// What a kind of file finds wrong, TOML's faults among it.
pub(crate) trait Fault: From<TomlFault> {
    /// Whether it says that something is not there: no news where the text could not be read to
    /// its end.
    fn is_of_absence(&self) -> bool;
}

/// What to do about keys that nothing reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// They are faults.
    Known,
    /// They are ignored.
    Any,
}

/// The faults found so far in one text.
#[derive(Debug)]
pub(crate) struct Faults<F> {
    all: Vec<(usize, F)>,
    keys: Keys,
    /// From where on the parser may have lost its place.
    doubtful_from: usize,
}

impl<F: Fault> Faults<F> {
    /// Begins with the faults of the TOML itself.
    pub(crate) fn new(text: &str, keys: Keys, toml: Vec<TomlFault>) -> Self {
        let lost = toml.iter().filter(|it| it.loses_the_place());
        let first = lost.map(TomlFault::start).min();
        let line = |at: usize| {
            text[..at.min(text.len())]
                .rfind('\n')
                .map_or(0, |it| it + 1)
        };
        Self {
            all: toml
                .into_iter()
                .take(MAX_FAULTS)
                .map(|it| (it.start(), it.into()))
                .collect(),
            keys,
            doubtful_from: first.map_or(usize::MAX, line),
        }
    }

    /// Reports a fault that stands at `at`, unless it may only follow from one of the TOML.
    pub(crate) fn push(&mut self, at: &Range<usize>, fault: impl Into<F>) {
        let fault = fault.into();
        let whole = self.doubtful_from == usize::MAX;
        if self.is_full() {
            return;
        }
        if whole || (at.start < self.doubtful_from && !fault.is_of_absence()) {
            self.all.push((at.start, fault));
        }
    }

    /// Whether no more faults are taken.
    pub(crate) const fn is_full(&self) -> bool {
        self.all.len() >= MAX_FAULTS
    }

    /// Returns what was found, in the order of the text.
    pub(crate) fn in_order(mut self) -> Vec<F> {
        self.all.sort_by_key(|it| it.0);
        self.all.into_iter().map(|it| it.1).collect()
    }
}

impl TomlFault {
    /// Where it stands, in bytes.
    pub(crate) fn start(&self) -> usize {
        match self {
            Self::TooLarge { .. } => 0,
            Self::ByteOrderMark { span }
            | Self::Conflict { span, .. }
            | Self::Syntax { span, .. }
            | Self::DuplicateKey { span }
            | Self::Time { span }
            | Self::Number { span }
            | Self::TooDeep { span }
            | Self::Missing { span, .. }
            | Self::WrongType { span, .. }
            | Self::UnknownKey { span, .. } => span.offset(),
        }
    }

    const fn loses_the_place(&self) -> bool {
        !matches!(
            self,
            Self::DuplicateKey { .. } | Self::Time { .. } | Self::Number { .. }
        )
    }
}

/// Turns a range of bytes to what miette draws.
pub(crate) fn span(range: &Range<usize>) -> SourceSpan {
    (range.start, range.end.saturating_sub(range.start)).into()
}

/// Prints how many faults there are.
pub(crate) fn count(faults: usize) -> impl fmt::Display {
    fmt::from_fn(move |f| match faults {
        1 => f.write_str("1 fault"),
        MAX_FAULTS.. => write!(f, "{MAX_FAULTS} faults or more"),
        n => write!(f, "{n} faults"),
    })
}

/// The help of an error that another one quotes.
pub(crate) fn help_of(error: &dyn Diagnostic) -> String {
    error.help().map_or_else(String::new, |it| it.to_string())
}

/// Where a URL that cannot be taken stands; nowhere where it may hold a secret, for what has a place
/// is drawn with its line.
pub(crate) fn span_unless_secret(text: &Text<'_>) -> Option<SourceSpan> {
    let before_host = text.value.rsplit_once('@').map(|it| it.0);
    // An ssh user is no secret; a user of https may be a token.
    let user = before_host.map(|it| it.strip_prefix("ssh://").unwrap_or(it));
    let secret = user.is_some_and(|it| it.contains(':'));
    (!secret).then(|| span(&text.span))
}

fn unknown_key_help(nearest: Option<&str>, known: &[&str]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("it takes `{}`", known.join("`, `")),
    }
}
