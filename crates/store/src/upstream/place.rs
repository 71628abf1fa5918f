//! A cache's files, wherever they are: on a server, in a folder, or in a bucket.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fetch::download::{DownloadError, Limits, Means as Downloads, download_by};
use fetch::{Fault, Handles};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use super::address::{Address, Kind};
use super::bucket::Bucket;
use super::error::{NarFault, Silence};
use super::means::Means;
use super::{folder, pipe};
use crate::blocking::blocking;

/// A cache's files; clones are the same.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Server(Arc<Server>),
    Folder(Arc<PathBuf>),
    /// With the folder where files lie until they have a name.
    Bucket(Arc<Bucket>, Arc<PathBuf>),
}

/// A server, and how it is talked to.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    means: Means,
    handles: Handles,
}

/// Bytes of a file, read on a thread that may block.
pub(super) type Source = Box<dyn Read + Send>;

impl Place {
    pub(super) fn at(address: &Address, means: &Means) -> io::Result<Self> {
        Ok(match &address.kind {
            Kind::Http(url) => Self::Server(Arc::new(Server {
                url: url.clone(),
                means: means.clone(),
                handles: Handles::default(),
            })),
            Kind::Folder(path) => Self::Folder(Arc::new(path.clone())),
            Kind::Bucket {
                name,
                region,
                endpoint,
            } => {
                let bucket = Bucket::new(name, region.as_ref(), endpoint.as_ref(), means)?;
                Self::Bucket(Arc::new(bucket), Arc::new(means.spool.clone()))
            }
        })
    }

    /// Whether files can be written.
    pub(super) const fn is_writable(&self) -> bool {
        !matches!(self, Self::Server(_))
    }

    /// Writes a small file, unless there is one of that name; says whether it did.
    pub(super) async fn create(&self, name: &str, bytes: Vec<u8>) -> io::Result<bool> {
        match self {
            Self::Server(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Folder(root) => {
                let (root, name) = (Arc::clone(root), name.to_owned());
                blocking(move || folder::create(&root, &name, &bytes)).await
            }
            Self::Bucket(bucket, _) => bucket.create(name, bytes.into()).await,
        }
    }

    /// Makes a file of a name to come, for [`Place::keep`]; blocks.
    pub(super) fn begin(&self, folder: &str) -> io::Result<NamedTempFile> {
        match self {
            Self::Server(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Folder(root) => folder::begin(root, folder),
            Self::Bucket(_, spool) => NamedTempFile::new_in(&**spool),
        }
    }

    /// Gives a file its name, which is that of its content.
    pub(super) async fn keep(&self, file: NamedTempFile, name: &str) -> io::Result<()> {
        match self {
            Self::Server(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Folder(root) => {
                let (root, name) = (Arc::clone(root), name.to_owned());
                blocking(move || folder::keep(file, &root, &name)).await
            }
            Self::Bucket(bucket, _) => {
                let opened = blocking(move || {
                    let opened = file.reopen()?;
                    let len = opened.metadata()?.len();
                    Ok::<_, io::Error>((opened, len))
                });
                let (opened, len) = opened.await?;
                bucket.upload(name, opened, len).await.map(drop)
            }
        }
    }

    /// Reads a small file; an answer longer than `limit` bytes is an error or a byte too long.
    pub(super) async fn get(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Silence> {
        let name = name.to_owned();
        match self {
            Self::Server(server) => {
                let server = Arc::clone(server);
                blocking(move || server.get(&name, limit)).await
            }
            Self::Folder(root) => {
                let root = Arc::clone(root);
                let read = blocking(move || {
                    let read = folder::get(&root, &name, limit);
                    read.map_err(|source| unreadable(&root, &name, source))
                });
                read.await
            }
            Self::Bucket(bucket, _) => {
                let read = bucket.get(&name, limit).await;
                read.map_err(|source| Silence::Unreadable {
                    place: name,
                    source,
                })
            }
        }
    }

    /// Opens a file, to be read as it comes; faults come as errors around [`NarFault`].
    pub(super) async fn open(&self, name: &str, limit: u64) -> Result<Source, NarFault> {
        let name = name.to_owned();
        match self {
            Self::Server(server) => {
                let (mut pipe, outlet) = pipe::pipe();
                let server = Arc::clone(server);
                spawn_blocking(move || match server.bring(&name, limit, &mut pipe) {
                    Ok(()) => {}
                    Err(error) if is_missing(&error) => {
                        pipe.fail(NarFault::Missing { url: name }.into());
                    }
                    Err(DownloadError::Server {
                        fault: Fault::Limit { .. },
                        ..
                    }) => pipe.fail(too_long(limit).into()),
                    Err(error) => pipe.fail(NarFault::Silent(error.into()).into()),
                });
                Ok(Box::new(outlet))
            }
            Self::Folder(root) => {
                let root = Arc::clone(root);
                let opened = blocking(move || {
                    let opened = folder::open(&root, &name);
                    let opened = opened.map_err(|source| unreadable(&root, &name, source))?;
                    opened.ok_or(NarFault::Missing { url: name })
                });
                Ok(Box::new(opened.await?))
            }
            Self::Bucket(bucket, _) => {
                let silent = |place: String, source| Silence::Unreadable { place, source };
                let opened = bucket.open(&name).await;
                let opened = opened.map_err(|it| silent(name.clone(), it))?;
                let Some(got) = opened else {
                    return Err(NarFault::Missing { url: name });
                };
                if got.meta.size >= limit {
                    return Err(too_long(limit));
                }
                let (pipe, outlet) = pipe::pipe();
                tokio::spawn(pipe.carry(got.into_stream(), move |error| {
                    NarFault::Silent(silent(name.clone(), io::Error::other(error))).into()
                }));
                Ok(Box::new(outlet))
            }
        }
    }
}

/// A file that goes on to a limit that is a byte beyond what was announced.
const fn too_long(limit: u64) -> NarFault {
    NarFault::FileSize {
        found: limit,
        announced: limit - 1,
    }
}

impl Server {
    fn get(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Silence> {
        let mut bytes = Vec::new();
        match self.bring(name, limit, &mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn bring(
        &self,
        name: &str,
        limit: u64,
        into: &mut dyn fetch::Target,
    ) -> Result<(), DownloadError> {
        let means = &self.means;
        let downloads = Downloads {
            settings: &|url| means.settings_of(url),
            limits: Limits {
                bytes: limit,
                stall: means.stall,
                whole: means.whole,
            },
            waits: means.waits.clone(),
            netrc: means.netrc.clone(),
            interrupt: Arc::clone(&means.interrupt),
            progress: &|_| {},
        };
        let url = format!("{}/{name}", self.url);
        download_by(&self.handles, &url, into, &downloads).map(drop)
    }
}

/// Whether a server said, in so many words, that there is nothing.
const fn is_missing(error: &DownloadError) -> bool {
    matches!(
        error,
        DownloadError::Server {
            fault: Fault::NotFound { .. },
            ..
        }
    )
}

fn unreadable(root: &Path, name: &str, source: io::Error) -> Silence {
    Silence::Unreadable {
        place: root.join(name).to_string_lossy().into_owned(),
        source,
    }
}
