//! `eka.store-info/1` and `eka.store-closure/1`.

use std::time::SystemTime;

use eka::store::Known;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    paths: Vec<One<'a>>,
}

/// One path.
#[derive(Debug, Serialize)]
struct One<'a> {
    /// In full, as all paths are.
    path: &'a str,
    /// `sha256-…`.
    nar: String,
    /// Of the NAR, in bytes.
    size: u64,
    references: &'a [String],
    deriver: Option<&'a str>,
    signatures: &'a [String],
    ca: Option<&'a str>,
    /// In seconds since 1970.
    registered: u64,
}

impl<'a> Shape<'a> {
    pub(crate) fn info(known: &'a [Known]) -> Self {
        Self {
            schema: "eka.store-info/1",
            paths: known.iter().map(One::of).collect(),
        }
    }

    pub(crate) fn closure(known: &'a [Known]) -> Self {
        Self {
            schema: "eka.store-closure/1",
            paths: known.iter().map(One::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(known: &'a Known) -> Self {
        let since = known.registered.duration_since(SystemTime::UNIX_EPOCH);
        Self {
            path: &known.path,
            nar: known.nar_hash.sri(),
            size: known.nar_size,
            references: &known.references,
            deriver: known.deriver.as_deref(),
            signatures: &known.signatures,
            ca: known.ca.as_deref(),
            registered: since.map_or(0, |it| it.as_secs()),
        }
    }
}
