//! What is registered of a path, for whoever reads it.

use std::time::SystemTime;

use ::store::PathInfo;
use nix_format::{Hash, StoreDir};

/// What is registered of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The path, in full.
    pub path: String,
    /// The SHA-256 of its NAR.
    pub nar_hash: Hash,
    /// How many bytes its NAR has.
    pub nar_size: u64,
    /// What it refers to, in full; may hold the path itself.
    pub references: Vec<String>,
    /// The derivation that made it, in full, where that is known.
    pub deriver: Option<String>,
    /// Who vouches for it: `<name>:<base64>` each.
    pub signatures: Vec<String>,
    /// How its content gives its path, where it does.
    pub ca: Option<String>,
    /// When it came.
    pub registered: SystemTime,
}

impl Known {
    pub(super) fn of(dir: &StoreDir, info: &PathInfo) -> Self {
        Self {
            path: dir.print(&info.path),
            nar_hash: info.nar_hash.into(),
            nar_size: info.nar_size,
            references: info.references.iter().map(|it| dir.print(it)).collect(),
            deriver: info.deriver.as_ref().map(|it| dir.print(it)),
            signatures: info.signatures.iter().map(ToString::to_string).collect(),
            ca: info.ca.map(|it| it.to_string()),
            registered: info.registered,
        }
    }
}
