//! Why bytes are no NAR, and where.

use miette::Diagnostic;
use thiserror::Error;

/// Why bytes are no NAR; each variant says where, in bytes from the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum DecodeError {
    /// Another word stands there than the format has.
    #[error("`{}` where {expected} must follow, at byte {at} of the NAR", found.escape_ascii())]
    #[diagnostic(
        code(eka::nar::unexpected),
        help("a NAR has one form alone: is it compressed, or something else?")
    )]
    Unexpected {
        /// Where the word begins, with its length.
        at: u64,
        /// The word.
        found: Vec<u8>,
        /// What may stand there.
        expected: &'static str,
    },
    /// A text is longer than any word of the format.
    #[error("a text of {length} bytes where {expected} must follow, at byte {at} of the NAR")]
    #[diagnostic(
        code(eka::nar::no_word),
        help("a NAR has one form alone: is it compressed, or something else?")
    )]
    NoWord {
        /// Where the text begins, with its length.
        at: u64,
        /// Its length, as it says.
        length: u64,
        /// What may stand there.
        expected: &'static str,
    },
    /// A name or a target is longer than is taken.
    #[error("a {what} of {length} bytes, at byte {at} of the NAR, is beyond the limit of {limit}")]
    #[diagnostic(code(eka::nar::long), help("no file system of Linux could hold it"))]
    Long {
        /// Where it begins, with its length.
        at: u64,
        /// `name` or `target`.
        what: &'static str,
        /// Its length, as it says.
        length: u64,
        /// The most bytes that it may have.
        limit: usize,
    },
    /// Something else than zeros fills a text up to a multiple of eight bytes.
    #[error("padding that is not zero, at byte {at} of the NAR")]
    #[diagnostic(
        code(eka::nar::padding),
        help("Nix refuses it too: the NAR was damaged, or made by something else")
    )]
    Padding {
        /// Where the first such byte is.
        at: u64,
    },
    /// A name is empty, `.` or `..`, or holds `/` or NUL.
    #[error("`{}` cannot be a name, at byte {at} of the NAR", name.escape_ascii())]
    #[diagnostic(
        code(eka::nar::hostile_name),
        help("a name is not empty, `.` or `..`, and holds no `/` and no NUL")
    )]
    Name {
        /// Where the name begins, with its length.
        at: u64,
        /// The name.
        name: Vec<u8>,
    },
    /// A name is not above the one before it.
    #[error(
        "`{}` comes after `{}`, at byte {at} of the NAR",
        name.escape_ascii(),
        after.escape_ascii()
    )]
    #[diagnostic(
        code(eka::nar::unsorted),
        help("names of a directory ascend by their bytes, and none comes twice")
    )]
    Order {
        /// Where the name begins, with its length.
        at: u64,
        /// The name.
        name: Vec<u8>,
        /// The one before it.
        after: Vec<u8>,
    },
    /// A link's target is empty or holds NUL.
    #[error(
        "`{}` cannot be the target of a symbolic link, at byte {at} of the NAR",
        target.escape_ascii()
    )]
    #[diagnostic(
        code(eka::nar::hostile_target),
        help("a target is not empty and holds no NUL")
    )]
    Target {
        /// Where the target begins, with its length.
        at: u64,
        /// The target.
        target: Vec<u8>,
    },
    /// A file is so long that the NAR would end beyond 2^63 − 1 bytes, where no offset leads.
    #[error("a file of {size} bytes is beyond what a NAR can hold, at byte {at} of the NAR")]
    #[diagnostic(code(eka::nar::large))]
    Large {
        /// Where the size stands.
        at: u64,
        /// The size.
        size: u64,
    },
    /// Directories lie in each other too often.
    #[error("more than {limit} directories in each other, at byte {at} of the NAR")]
    #[diagnostic(code(eka::nar::deep))]
    Deep {
        /// Where the last of them says so.
        at: u64,
        /// How many may.
        limit: usize,
    },
    /// The bytes end before the NAR does.
    #[error("the NAR ends at byte {at}, where {expected} must follow")]
    #[diagnostic(code(eka::nar::truncated), help("it was cut short: bring it again"))]
    Truncated {
        /// How many bytes there are.
        at: u64,
        /// What is missing first.
        expected: &'static str,
    },
    /// The NAR ends before the bytes do.
    #[error("bytes follow the end of the NAR, at byte {at}")]
    #[diagnostic(
        code(eka::nar::trailing),
        help("a NAR ends with its root: what follows is not part of it")
    )]
    Trailing {
        /// How long the NAR is.
        at: u64,
    },
}

impl DecodeError {
    /// Returns where the fault is, in bytes from the beginning of the NAR.
    #[must_use]
    pub const fn at(&self) -> u64 {
        match *self {
            Self::Unexpected { at, .. }
            | Self::NoWord { at, .. }
            | Self::Long { at, .. }
            | Self::Padding { at }
            | Self::Name { at, .. }
            | Self::Order { at, .. }
            | Self::Target { at, .. }
            | Self::Large { at, .. }
            | Self::Deep { at, .. }
            | Self::Truncated { at, .. }
            | Self::Trailing { at } => at,
        }
    }
}
