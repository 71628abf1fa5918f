//! `eka.nar-ls/1` and `eka.store-ls/1`.

use serde::Serialize;
use serde_json::value::RawValue;

/// The schema of a listing of a NAR.
pub(crate) const NAR: &str = "eka.nar-ls/1";

/// The schema of a listing of a store path.
pub(crate) const STORE: &str = "eka.store-ls/1";

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// Of Nix's own shape.
    version: u8,
    /// As Nix prints it.
    root: Box<RawValue>,
}

impl Shape {
    pub(crate) fn of(schema: &'static str, listing: &[u8]) -> Self {
        let listing = String::from_utf8_lossy(listing).into_owned();
        Self {
            schema,
            version: 1,
            root: RawValue::from_string(listing).expect("a listing in UTF-8 is JSON"),
        }
    }
}
