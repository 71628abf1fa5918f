//! Registered paths in SQLite, shared by any number of processes.

pub(crate) mod database;
pub(crate) mod rows;
mod paths;
mod roots;
mod collect;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use nix_format::{Signature, StorePath, encode_base32};
use rusqlite::Transaction;

use super::{Collect, Collected, Life, PathInfos, Registered, Result, Roots};
use crate::info::PathInfo;
use crate::roots::Root;
use database::Database;

/// Registered paths in a file of SQLite.
///
/// Any number of processes of one machine share it; on a network file system it is not safe.
#[derive(Debug, Clone)]
pub struct SqliteInfos {
    database: Database,
}

impl SqliteInfos {
    /// Opens the database, and makes it where there is none; its folder must be there.
    ///
    /// # Errors
    ///
    /// [`InfosError`](super::InfosError) where it cannot be used, or is of a newer version.
    pub async fn open(file: &Path) -> Result<Self> {
        let database = Database::open(file).await?;
        Ok(Self { database })
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }
}

#[async_trait]
impl PathInfos for SqliteInfos {
    async fn get(&self, path: &StorePath) -> Result<Option<PathInfo>> {
        let found = self.find(path.hash_bytes()).await?;
        Ok(found.filter(|it| it.path == *path))
    }

    async fn find(&self, hash: &[u8; 20]) -> Result<Option<PathInfo>> {
        let hash = encode_base32(hash);
        self.database.read(move |it| paths::find(it, &hash)).await
    }

    async fn register(&self, infos: &[PathInfo]) -> Result<Vec<Registered>> {
        let infos = infos.to_vec();
        let register = move |it: &Transaction<'_>| paths::register(it, &infos);
        self.database.write(register).await
    }

    async fn sign(&self, path: &StorePath, signatures: &BTreeSet<Signature>) -> Result<bool> {
        let (path, signatures) = (path.clone(), signatures.clone());
        let sign = move |it: &Transaction<'_>| paths::sign(it, &path, &signatures);
        self.database.write(sign).await
    }

    async fn list(&self, after: Option<&StorePath>, n_most: usize) -> Result<Vec<PathInfo>> {
        let after = after.map(StorePath::hash_part);
        let list = move |it: &Transaction<'_>| paths::list(it, after, n_most);
        self.database.read(list).await
    }

    async fn referrers(&self, path: &StorePath) -> Result<BTreeSet<StorePath>> {
        let path = path.clone();
        let referrers = move |it: &Transaction<'_>| paths::referrers(it, &path);
        self.database.read(referrers).await
    }

    async fn collect(
        &self,
        life: Arc<dyn Life>,
        since: SystemTime,
        mode: Collect,
    ) -> Result<Collected> {
        let garbage = move |it: &Transaction<'_>| collect::garbage(it, life.as_ref(), since);
        match mode {
            Collect::Dry => self.database.rehearse(garbage).await,
            Collect::Really => self.database.write(garbage).await,
        }
    }
}

#[async_trait]
impl Roots for SqliteInfos {
    async fn keep(&self, root: &Root, paths: &[StorePath]) -> Result<Vec<bool>> {
        let (root, paths) = (root.clone(), paths.to_vec());
        let keep = move |it: &Transaction<'_>| roots::keep(it, &root, &paths);
        self.database.write(keep).await
    }

    async fn release(&self, root: &Root) -> Result<usize> {
        let root = root.clone();
        self.database
            .write(move |it| roots::release(it, &root))
            .await
    }

    async fn roots(&self) -> Result<Vec<(Root, StorePath)>> {
        self.database.read(roots::list).await
    }
}
