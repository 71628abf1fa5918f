//! Which paths are registered, and what keeps them: two traits, in memory and in SQLite.

mod error;
mod life;
mod memory;
pub(crate) mod sqlite;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use nix_format::{Signature, StorePath};

pub use error::InfosError;
pub use life::{Life, Pulse};
pub use memory::MemoryInfos;
pub use sqlite::SqliteInfos;

use crate::info::PathInfo;
use crate::roots::Root;

/// What a trait of this module gives.
pub type Result<T, E = InfosError> = std::result::Result<T, E>;

/// The registered paths.
///
/// They are closed: whatever a registered path refers to is registered.
#[async_trait]
pub trait PathInfos: Roots {
    /// Returns what is known of a path; nothing for one of the same hash part and another name.
    async fn get(&self, path: &StorePath) -> Result<Option<PathInfo>>;

    /// Returns what is known of the path with this hash part.
    async fn find(&self, hash: &[u8; 20]) -> Result<Option<PathInfo>>;

    /// Registers paths, all or none, and says of each how it was found.
    ///
    /// The first write wins: what is known of a registered path stays. Paths that are registered
    /// already with the same NAR count as coming anew, so that the next collection spares them.
    ///
    /// # Errors
    ///
    /// [`InfosError::MissingReferences`] where a new one refers to what is neither registered nor
    /// among `infos`; [`InfosError::HashTaken`] where another name has its hash part.
    async fn register(&self, infos: &[PathInfo]) -> Result<Vec<Registered>>;

    /// Adds signatures to a path; says whether the path is registered.
    async fn sign(&self, path: &StorePath, signatures: &BTreeSet<Signature>) -> Result<bool>;

    /// Returns at most `n_most` paths in order, those that come after `after`.
    async fn list(&self, after: Option<&StorePath>, n_most: usize) -> Result<Vec<PathInfo>>;

    /// Returns the registered paths that refer to this one.
    async fn referrers(&self, path: &StorePath) -> Result<BTreeSet<StorePath>>;

    /// Deletes all paths that nothing keeps, and the roots that keep nothing any more, at once.
    ///
    /// Kept are the closures of what is rooted, and of what was registered at or after `since`.
    async fn collect(
        &self,
        life: Arc<dyn Life>,
        since: SystemTime,
        mode: Collect,
    ) -> Result<Collected>;
}

/// What keeps paths.
#[async_trait]
pub trait Roots: Send + Sync {
    /// Lets `root` keep `paths` too, and says of each whether it is registered.
    ///
    /// From then on no collection takes those that are; others are kept from their registration on.
    async fn keep(&self, root: &Root, paths: &[StorePath]) -> Result<Vec<bool>>;

    /// Removes a root; says how many paths it kept.
    async fn release(&self, root: &Root) -> Result<usize>;

    /// Returns all roots, in order, with each path they keep.
    async fn roots(&self) -> Result<Vec<(Root, StorePath)>>;
}

/// How a path was found when it was to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It was not registered, and is now.
    New,
    /// It was registered, with the same NAR.
    Known,
    /// It was registered with another NAR, and stays as it was.
    Differs,
}

/// Whether a collection does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collect {
    /// It deletes.
    Really,
    /// It only tells what it would delete.
    Dry,
}

/// What a collection deleted, or would delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// The paths, each with the length of its NAR in bytes, in order.
    pub paths: Vec<(StorePath, u64)>,
    /// Roots that kept nothing any more, each with its path, in order.
    pub roots: Vec<(Root, StorePath)>,
}

/// The longest NAR that the database can hold the length of.
const MAX_NAR_BYTES: u64 = i64::MAX.unsigned_abs();

fn check_size(info: &PathInfo) -> Result<()> {
    if info.nar_size > MAX_NAR_BYTES {
        return Err(InfosError::TooLarge {
            path: info.path.clone(),
            size: info.nar_size,
        });
    }
    Ok(())
}
