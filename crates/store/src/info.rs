//! What is known of a registered path.

use std::collections::BTreeSet;
use std::time::SystemTime;

use castore::Node;
use nix_format::{ContentAddress, Sha256, Signature, StorePath};

/// A registered path: its tree, its NAR, what it refers to, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfo {
    /// The path.
    pub path: StorePath,
    /// Its tree.
    pub root: Node,
    /// The SHA-256 of its NAR.
    pub nar_hash: Sha256,
    /// The length of its NAR, in bytes; at most 2⁶³ − 1.
    pub nar_size: u64,
    /// The paths that occur in its NAR; may hold the path itself.
    pub references: BTreeSet<StorePath>,
    /// The derivation that made it, where that is known; it need not be registered.
    pub deriver: Option<StorePath>,
    /// Who says so; nobody's word was taken for being here.
    pub signatures: BTreeSet<Signature>,
    /// How its content gives its path, where it does.
    pub ca: Option<ContentAddress>,
    /// When it came.
    pub registered: SystemTime,
}
