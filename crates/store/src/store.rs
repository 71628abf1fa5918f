//! A store: blobs, what is registered of them, and who is at work; on disk or in memory.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use castore::{BlobError, Blobs, Disk, Memory};
use miette::Diagnostic;
use nix_format::{StoreDir, StorePath};
use thiserror::Error;

use crate::info::PathInfo;
use crate::infos::{InfosError, MemoryInfos, PathInfos, Registered, SqliteInfos};
use crate::records::{MemoryRecords, Records, SqliteRecords};
use crate::roots::Root;
use crate::session::{Open, SessionError, SessionId, Sessions};

/// Nix paths on content-addressed trees; clones are the same store.
///
/// On disk, in a folder of its own: `blobs/` holds what trees are made of, `store.sqlite` what is
/// registered, `sessions/` one locked file for each process that writes.
#[derive(Clone)]
pub struct Store {
    dir: StoreDir,
    blobs: Arc<dyn Blobs>,
    infos: Arc<dyn PathInfos>,
    records: Arc<dyn Records>,
    /// Where blobs are files of our own, what writers left that died.
    pub(crate) disk: Option<Disk>,
    pub(crate) sessions: Sessions,
}

/// The right to write into a store.
///
/// As long as it lives no collection takes what it has put, registered, or held. It ends when it is
/// dropped, or with its process, however that ends.
pub struct Session {
    store: Store,
    open: Open,
}

/// Why a store cannot be opened or written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum StoreError {
    /// Its folder cannot be made.
    #[error("the store's folder `{}` cannot be made", folder.display())]
    #[diagnostic(
        code(eka::store::folder),
        help("check that the folder above it is there, and yours to write")
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Its blobs fail.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blobs(#[from] BlobError),
    /// The database of its paths fails, or refuses them.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Infos(#[from] InfosError),
    /// A session cannot be opened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Session(#[from] SessionError),
}

impl Store {
    /// Opens the store in a folder, and makes it where there is none: for its owner alone.
    ///
    /// `dir` is where its paths appear to be, `/nix/store` say; the folder may lie anywhere on a
    /// disk of this machine.
    ///
    /// # Errors
    ///
    /// [`StoreError`], by what fails.
    pub async fn open(folder: &Path, dir: StoreDir) -> Result<Self, StoreError> {
        let sessions = folder.join("sessions");
        for it in [folder, &sessions] {
            make_private(it).map_err(|source| StoreError::Folder {
                folder: it.to_owned(),
                source,
            })?;
        }
        let disk = Disk::open(&folder.join("blobs"))?;
        let infos = SqliteInfos::open(&folder.join("store.sqlite")).await?;
        let mut store = Self::of(dir, Arc::new(disk.clone()), infos, sessions);
        store.disk = Some(disk);
        Ok(store)
    }

    /// A store of blobs that are kept anywhere.
    ///
    /// `dir` is where its paths appear to be, `/nix/store` say. `sessions` is a folder that is
    /// there, and the same for all processes that write, on one machine whose clock the blobs have.
    #[must_use]
    pub fn of(dir: StoreDir, blobs: Arc<dyn Blobs>, infos: SqliteInfos, sessions: PathBuf) -> Self {
        Self {
            dir,
            blobs,
            records: Arc::new(SqliteRecords::beside(&infos)),
            infos: Arc::new(infos),
            disk: None,
            sessions: Sessions::folder(sessions),
        }
    }

    /// A store that lasts as long as the value and its clones.
    #[must_use]
    pub fn in_memory(dir: StoreDir) -> Self {
        Self {
            dir,
            blobs: Arc::new(Memory::new()),
            infos: Arc::new(MemoryInfos::new()),
            records: Arc::new(MemoryRecords::new()),
            disk: None,
            sessions: Sessions::memory(),
        }
    }

    /// Where its paths appear to be.
    #[must_use]
    pub const fn dir(&self) -> &StoreDir {
        &self.dir
    }

    /// What trees are made of.
    #[must_use]
    pub const fn blobs(&self) -> &Arc<dyn Blobs> {
        &self.blobs
    }

    /// What is registered, and what keeps it.
    #[must_use]
    pub const fn infos(&self) -> &Arc<dyn PathInfos> {
        &self.infos
    }

    /// What was stated of builds and evaluations.
    #[must_use]
    pub const fn records(&self) -> &Arc<dyn Records> {
        &self.records
    }

    /// Begins to write.
    ///
    /// # Errors
    ///
    /// [`SessionError`].
    pub fn session(&self) -> Result<Session, SessionError> {
        Ok(Session {
            store: self.clone(),
            open: self.sessions.open()?,
        })
    }
}

impl Session {
    /// The store it writes to.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &SessionId {
        self.open.id()
    }

    /// Holds paths for as long as the session lives, and says of each whether it is registered.
    ///
    /// Those that are will not be collected meanwhile; others not once they are.
    ///
    /// # Errors
    ///
    /// [`InfosError`].
    pub async fn hold(&self, paths: &[StorePath]) -> Result<Vec<bool>, InfosError> {
        let root = Root::Session(self.id().clone());
        self.store.infos.keep(&root, paths).await
    }

    /// Registers paths, all or none, whose trees this session has put, or whose trees are those of
    /// paths that it holds.
    ///
    /// First all blobs are made to survive a loss of power. The time of registration is now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Blobs`]; [`StoreError::Infos`] as of [`PathInfos::register`].
    pub async fn register(&self, mut infos: Vec<PathInfo>) -> Result<Vec<Registered>, StoreError> {
        self.store.blobs.sync().await?;
        let now = SystemTime::now();
        for info in &mut infos {
            info.registered = now;
        }
        Ok(self.store.infos.register(&infos).await?)
    }
}

/// Makes a folder that nobody else may look into; one that is there stays as it is.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
