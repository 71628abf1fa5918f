//! Why bytes are no narinfo: which line, and what is wrong with it.

use miette::Diagnostic;
use thiserror::Error;

use super::{NarInfo, WordError};
use crate::content_address::ContentAddressError;
use crate::hash::HashError;
use crate::key::KeyError;
use crate::store_dir::StoreDirError;
use crate::store_path::StorePathError;

/// Why bytes are no narinfo.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum NarInfoError {
    /// There are more bytes than any narinfo needs.
    #[error("a narinfo of {length} bytes")]
    #[diagnostic(
        code(eka::narinfo::length),
        help("at most {} bytes are read", NarInfo::MAX_BYTES)
    )]
    Length {
        /// How many there are.
        length: usize,
    },
    /// A field without which there is no narinfo is missing.
    #[error("a narinfo without `{field}`")]
    #[diagnostic(
        code(eka::narinfo::missing),
        help("`StorePath`, `URL`, `NarHash` and `NarSize` must be there")
    )]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A line is not a field and its value, or does not end.
    #[error("line {line} of a narinfo is not `<field>: <value>`")]
    #[diagnostic(
        code(eka::narinfo::line),
        help("each line has a name, `: `, a value without control characters, and a line feed")
    )]
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// A field other than `Sig` stands there a second time.
    #[error("line {line} of a narinfo gives `{field}` again")]
    #[diagnostic(
        code(eka::narinfo::repeated),
        help("readers would differ over which of the two counts")
    )]
    Repeated {
        /// The number of the line, from 1.
        line: usize,
        /// The name of the field.
        field: &'static str,
    },
    /// There are more references or signatures than are read.
    #[error("line {line} of a narinfo goes beyond {limit} of `{field}`")]
    #[diagnostic(
        code(eka::narinfo::too_many),
        help("nobody needs as many: this was written to cost its readers time")
    )]
    TooMany {
        /// The number of the line, from 1.
        line: usize,
        /// The name of the field.
        field: &'static str,
        /// The most that are read.
        limit: usize,
    },
    /// A value is none that its field can have.
    #[error("line {line} of a narinfo has a bad `{field}`")]
    #[diagnostic(code(eka::narinfo::value))]
    Value {
        /// The number of the line, from 1.
        line: usize,
        /// The name of the field.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        #[diagnostic_source]
        fault: NarInfoFault,
    },
}

/// What is wrong with a value of a narinfo.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum NarInfoFault {
    /// It is no full path of this store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] StoreDirError),
    /// It is no base name of a store path.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Base(#[from] StorePathError),
    /// It leads out of the cache, or is no word.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Word(#[from] WordError),
    /// It is no SHA-256.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Hash(#[from] HashError),
    /// It is no signature.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Signature(#[from] KeyError),
    /// It is no content address.
    #[error(transparent)]
    #[diagnostic(transparent)]
    ContentAddress(#[from] ContentAddressError),
    /// It is no size, or that of a NAR is 0.
    #[error("`{text}` is not a size")]
    #[diagnostic(
        code(eka::narinfo::size),
        help(
            "a size is a number of bytes below 2^64, without sign and leading zeros; no NAR has 0"
        )
    )]
    Size {
        /// What was given.
        text: String,
    },
}
