//! `eka.store-ls/1`.

use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// Of Nix's own shape.
    version: u8,
    /// As Nix prints it.
    root: Box<RawValue>,
}

impl Shape {
    pub(crate) fn of(listing: &[u8]) -> Self {
        let listing = String::from_utf8_lossy(listing).into_owned();
        Self {
            schema: "eka.store-ls/1",
            version: 1,
            root: RawValue::from_string(listing).expect("a listing in UTF-8 is JSON"),
        }
    }
}
