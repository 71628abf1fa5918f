//! `eka.nar-hash/1`.

use eka::nar::Hashed;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// In the form that was asked for.
    hash: &'a str,
    algorithm: String,
    /// Of the NAR, in bytes.
    size: u64,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(printed: &'a str, hashed: &Hashed) -> Self {
        Self {
            schema: "eka.nar-hash/1",
            hash: printed,
            algorithm: hashed.hash.algorithm().to_string(),
            size: hashed.size,
        }
    }
}
