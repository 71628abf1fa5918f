//! `eka.nar-pack/1` and `eka.nar-unpack/1`.

use std::path::Path;

use eka::nar::{Packed, Unpacked};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    /// What was written.
    path: String,
    /// Of the NAR, in bytes.
    size: u64,
}

impl Shape {
    pub(crate) fn packed(file: &Path, packed: Packed) -> Self {
        Self {
            schema: "eka.nar-pack/1",
            path: file.display().to_string(),
            size: packed.size,
        }
    }

    pub(crate) fn unpacked(place: &Path, unpacked: Unpacked) -> Self {
        Self {
            schema: "eka.nar-unpack/1",
            path: place.display().to_string(),
            size: unpacked.size,
        }
    }
}
