//! The tree of a NAR as it comes: files are put at once, several at a time, directories when all
//! is known that they hold.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use castore::{BlobWriter, Blobs, Digest, Directory, Name, NameFault, Node, Target};
use nix_format::nar::{Event, FileKind, Limits};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::IngestError;
use crate::blocking::joined;

/// What a NAR may hold: as much as a tree may, wherever one is read.
pub(super) fn limits() -> Limits {
    Limits {
        depth: castore::Limits::default().depth,
        name_bytes: Name::MAX_BYTES,
        target_bytes: Target::MAX_BYTES,
    }
}

/// Up to which size in bytes a file is put whole, while the next one comes.
const SMALL: u64 = 1 << 20;

/// How many small files are put at a time.
const N_PUT: usize = 16;

/// A tree that grows by the events of a decoder, on a thread that may block.
pub(super) struct Tree {
    blobs: Arc<dyn Blobs>,
    runtime: Handle,
    permits: Arc<Semaphore>,
    /// The directories that are open, each with what it holds so far.
    open: Vec<Vec<(Name, Pending)>>,
    /// The names of the nodes that are open, below the root.
    names: Vec<Name>,
    file: Option<File>,
    root: Option<Pending>,
    n_nodes: u64,
}

/// A node, known or on its way.
enum Pending {
    Known(Node),
    Coming(JoinHandle<Result<Node, IngestError>>),
}

/// A file that comes.
struct File {
    size: u64,
    executable: bool,
    content: Content,
}

enum Content {
    Small(BytesMut),
    Large(Box<dyn BlobWriter>),
}

impl Tree {
    pub(super) fn new(blobs: Arc<dyn Blobs>, runtime: Handle) -> Self {
        Self {
            blobs,
            runtime,
            permits: Arc::new(Semaphore::new(N_PUT)),
            open: Vec::new(),
            names: Vec::new(),
            file: None,
            root: None,
            n_nodes: 0,
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>) -> Result<(), IngestError> {
        if matches!(
            event,
            Event::Directory | Event::File { .. } | Event::Symlink { .. }
        ) {
            self.count()?;
        }
        match event {
            Event::Directory => self.open.push(Vec::new()),
            Event::Entry { name } => self.names.push(named(name, Name::new)?),
            Event::EndDirectory => {
                let entries = self.open.pop().unwrap_or_default();
                let node = self.put_directory(entries)?;
                self.place(node);
            }
            Event::File { kind, size, .. } => {
                self.file = Some(self.begin_file(kind, size)?);
            }
            Event::Contents(bytes) => match self.file.as_mut().map(|it| &mut it.content) {
                Some(Content::Small(content)) => content.extend_from_slice(bytes),
                Some(Content::Large(writer)) => self.runtime.block_on(writer.write(bytes))?,
                None => {}
            },
            Event::EndFile => {
                if let Some(file) = self.file.take() {
                    let node = self.put_file(file)?;
                    self.place(node);
                }
            }
            Event::Symlink { target } => {
                let target = named(target, Target::new)?;
                self.place(Pending::Known(Node::Symlink { target }));
            }
            Event::End => {}
        }
        Ok(())
    }

    /// Waits for the root.
    pub(super) fn finish(self) -> Result<Node, IngestError> {
        let root = self.root.expect("a NAR that is whole has a root");
        self.runtime.block_on(root.node())
    }

    fn count(&mut self) -> Result<(), IngestError> {
        let limit = castore::Limits::default().nodes;
        self.n_nodes += 1;
        if self.n_nodes > limit {
            return Err(IngestError::Nodes { limit });
        }
        Ok(())
    }

    fn begin_file(&self, kind: FileKind, size: u64) -> Result<File, IngestError> {
        let content = if size <= SMALL {
            // What is announced is not allocated: it has yet to come.
            Content::Small(BytesMut::new())
        } else {
            Content::Large(self.runtime.block_on(self.blobs.create())?)
        };
        Ok(File {
            size,
            executable: kind == FileKind::Executable,
            content,
        })
    }

    fn put_file(&mut self, file: File) -> Result<Pending, IngestError> {
        let File {
            size, executable, ..
        } = file;
        let node = move |digest| Node::File {
            digest,
            size,
            executable,
        };
        match file.content {
            Content::Large(writer) => {
                let digest = self.runtime.block_on(writer.finish())?;
                Ok(Pending::Known(node(digest)))
            }
            Content::Small(content) => {
                let put = self.put(content.freeze())?;
                let put = self.runtime.spawn(async move { Ok(node(put.await?)) });
                Ok(Pending::Coming(put))
            }
        }
    }

    /// One of several puts at a time: waits until it may begin.
    fn put(
        &mut self,
        bytes: Bytes,
    ) -> Result<impl Future<Output = Result<Digest, IngestError>> + Send + use<>, IngestError> {
        let permits = Arc::clone(&self.permits).acquire_owned();
        let Ok(permit) = self.runtime.block_on(permits) else {
            return Err(self.fault());
        };
        let (blobs, permits) = (Arc::clone(&self.blobs), Arc::clone(&self.permits));
        Ok(async move {
            let put = blobs.put(bytes).await;
            if put.is_err() {
                // Nobody begins another in vain.
                permits.close();
            }
            drop(permit);
            Ok(put?)
        })
    }

    /// Why a put failed that was begun.
    fn fault(&mut self) -> IngestError {
        let begun = std::mem::take(&mut self.open).into_iter().flatten();
        let mut faults = begun.filter_map(|it| self.runtime.block_on(it.1.node()).err());
        faults
            .next()
            .expect("a put that fails is below an open directory")
    }

    fn put_directory(&self, entries: Vec<(Name, Pending)>) -> Result<Pending, IngestError> {
        let blobs = Arc::clone(&self.blobs);
        let mut put = Box::pin(async move {
            let mut nodes = Vec::with_capacity(entries.len());
            for (name, pending) in entries {
                nodes.push((name, pending.node().await?));
            }
            let directory = Directory::new(nodes)?;
            let size = directory.size();
            let digest = blobs.put(directory.print().into()).await?;
            Ok(Node::Directory { digest, size })
        });
        // One whose files are all there is done at once.
        let _guard = self.runtime.enter();
        match put.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(node) => Ok(Pending::Known(node?)),
            Poll::Pending => Ok(Pending::Coming(self.runtime.spawn(put))),
        }
    }

    /// Puts a node that has ended under its name, or at the top.
    fn place(&mut self, node: Pending) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(entries) => {
                let name = self.names.pop();
                entries.push((name.expect("a node below the root has a name"), node));
            }
        }
    }
}

impl Pending {
    async fn node(self) -> Result<Node, IngestError> {
        match self {
            Self::Known(node) => Ok(node),
            Self::Coming(task) => joined(task.await),
        }
    }
}

fn named<T>(
    bytes: &[u8],
    new: impl FnOnce(Vec<u8>) -> Result<T, NameFault>,
) -> Result<T, IngestError> {
    new(bytes.to_vec()).map_err(|fault| IngestError::Name {
        bytes: bytes.to_vec(),
        fault,
    })
}
