//! Every directory of a tree, validated as they arrive from the root to the leaves.
//!
//! A directory names another by digest and says how many nodes are below that. So a tree cannot
//! hold itself, a directory that comes a thousand times is kept once, and one that says less than
//! it holds is found out when it arrives. Numbers of nodes fall on every way down: sorted by them,
//! directories stand before those they hold, without a walk along paths, of which few directories
//! can make more than could ever be walked.

use std::collections::{HashMap, VecDeque};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use miette::Diagnostic;
use thiserror::Error;

use crate::{BlobError, Blobs, Digest, Directory, DirectoryError, Node};

/// Every directory of a tree, each once.
#[derive(Debug, Clone)]
pub struct Closure {
    root: Node,
    /// From the root to the leaves: no directory stands before one that holds it.
    directories: Vec<(Digest, Directory)>,
    places: HashMap<Digest, usize>,
    n_nodes: u64,
    n_bytes: u64,
}

/// How large a tree may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many directories may lie in each other; the top is the first.
    pub depth: usize,
    /// How many nodes there may be, those of directories that come twice counted each time.
    pub nodes: u64,
    /// How many canonical bytes the directories may have together, each counted once.
    pub bytes: usize,
}

/// Why a tree is refused.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ClosureError {
    /// A directory of the tree is not here.
    #[error("directory `{digest}` is missing")]
    #[diagnostic(
        code(eka::castore::missing_directory),
        help("what holds the tree is not whole: add it again")
    )]
    Missing {
        /// The directory.
        digest: Digest,
    },
    /// A directory's bytes are not those of its digest.
    #[error("directory `{digest}` came with other bytes")]
    #[diagnostic(
        code(eka::castore::wrong_directory),
        help("whoever sent it is broken or lies")
    )]
    Wrong {
        /// The directory.
        digest: Digest,
    },
    /// A directory that no other one names, or that came already.
    #[error("directory `{digest}` was not asked for")]
    #[diagnostic(
        code(eka::castore::unasked_directory),
        help("directories come from the root to the leaves, each once")
    )]
    Unasked {
        /// The directory.
        digest: Digest,
    },
    /// A blob that is named as a directory and is none.
    #[error("blob `{digest}` is no directory")]
    #[diagnostic(
        code(eka::castore::no_directory),
        help("whoever made the tree is broken or lies")
    )]
    Directory {
        /// The blob.
        digest: Digest,
        /// What is wrong with it.
        #[source]
        fault: DirectoryError,
    },
    /// A directory that holds more or fewer nodes than another one says.
    #[error("directory `{digest}` has {size} nodes below it, and is said to have {said}")]
    #[diagnostic(
        code(eka::castore::directory_size),
        help("whoever made the tree is broken or lies")
    )]
    Size {
        /// The directory.
        digest: Digest,
        /// What one that holds it says.
        said: u64,
        /// How many there are, or what another one says.
        size: u64,
    },
    /// More than [`Limits::depth`].
    #[error("directory `{digest}` lies deeper than {limit} directories")]
    #[diagnostic(
        code(eka::castore::depth),
        help("a tree of source or of a build lies flatter")
    )]
    Depth {
        /// The directory.
        digest: Digest,
        /// The limit.
        limit: usize,
    },
    /// More than [`Limits::nodes`].
    #[error("the tree has {nodes} nodes, more than {limit}")]
    #[diagnostic(
        code(eka::castore::nodes),
        help("a tree of source or of a build has fewer")
    )]
    Nodes {
        /// How many it says it has.
        nodes: u64,
        /// The limit.
        limit: u64,
    },
    /// More than [`Limits::bytes`].
    #[error("the directories of the tree have more than {limit} bytes")]
    #[diagnostic(
        code(eka::castore::bytes),
        help("a tree of source or of a build has fewer")
    )]
    Bytes {
        /// The limit.
        limit: usize,
    },
    /// The sizes of its files add up to more than a number of 64 bits counts.
    #[error("the files of directory `{digest}` have more bytes than can be counted")]
    #[diagnostic(
        code(eka::castore::overflow),
        help("whoever made the tree is broken or lies")
    )]
    Overflow {
        /// The directory.
        digest: Digest,
    },
    /// A directory cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blob(#[from] BlobError),
}

impl Default for Limits {
    /// 2,048 directories deep, more than a path of 4,095 bytes can name; ten million nodes, 1 GiB of directories.
    fn default() -> Self {
        Self {
            depth: 2_048,
            nodes: 10_000_000,
            bytes: 1 << 30,
        }
    }
}

/// How many directories are asked for at a time.
const AT_ONCE: usize = 32;

/// Reads every directory of a tree; of its files nothing is read.
///
/// # Errors
///
/// [`ClosureError`], for the first fault.
pub async fn closure(
    blobs: &dyn Blobs,
    root: &Node,
    limits: Limits,
) -> Result<Closure, ClosureError> {
    let mut arriving = Arriving::new(root.clone(), limits)?;
    let mut asked = FuturesUnordered::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some(digest) = arriving.next()
        {
            let limit = Directory::MAX_BYTES as u64;
            asked.push(async move { (digest, blobs.get(&digest, limit).await) });
        }
        let Some((digest, got)) = asked.next().await else {
            return arriving.finish();
        };
        let bytes = got?.ok_or(ClosureError::Missing { digest })?;
        arriving.take(&digest, &bytes)?;
    }
}

/// A closure whose directories come one by one, each after one that holds it.
#[derive(Debug)]
pub struct Arriving {
    root: Node,
    limits: Limits,
    /// Named by what has come.
    named: HashMap<Digest, Named>,
    /// Named, and not given out by [`Arriving::next`].
    next: VecDeque<Digest>,
    here: Vec<(Digest, Directory)>,
    n_nodes: u64,
    n_bytes: usize,
}

#[derive(Debug)]
struct Named {
    size: u64,
    depth: usize,
    here: bool,
}

impl Arriving {
    /// Begins with the top of a tree.
    ///
    /// # Errors
    ///
    /// [`ClosureError::Nodes`].
    pub fn new(root: Node, limits: Limits) -> Result<Self, ClosureError> {
        let limit = limits.nodes;
        let Some(n_nodes) = root.n_nodes().filter(|it| *it <= limit) else {
            let nodes = root.n_nodes().unwrap_or(u64::MAX);
            return Err(ClosureError::Nodes { nodes, limit });
        };
        let mut made = Self {
            limits,
            n_nodes,
            named: HashMap::new(),
            next: VecDeque::new(),
            here: Vec::new(),
            n_bytes: 0,
            root,
        };
        if let Node::Directory { digest, size } = made.root {
            made.name(digest, size, 1)?;
        }
        Ok(made)
    }

    /// Returns a directory that is to be brought, each once; `None` where all that are named are
    /// under way.
    #[expect(
        clippy::should_implement_trait,
        reason = "what comes next depends on what has arrived: it ends and goes on"
    )]
    pub fn next(&mut self) -> Option<Digest> {
        self.next.pop_front()
    }

    /// Takes the bytes of a directory.
    ///
    /// # Errors
    ///
    /// [`ClosureError`], where it is not what others say of it.
    pub fn take(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), ClosureError> {
        let digest = *digest;
        let limit = self.limits.bytes;
        let Some(named) = self.named.get_mut(&digest).filter(|it| !it.here) else {
            return Err(ClosureError::Unasked { digest });
        };
        if Digest::of(bytes) != digest {
            return Err(ClosureError::Wrong { digest });
        }
        self.n_bytes = self.n_bytes.saturating_add(bytes.len());
        if self.n_bytes > limit {
            return Err(ClosureError::Bytes { limit });
        }
        let directory =
            Directory::parse(bytes).map_err(|fault| ClosureError::Directory { digest, fault })?;
        let (said, size, depth) = (named.size, directory.size(), named.depth);
        if said != size {
            return Err(ClosureError::Size { digest, said, size });
        }
        named.here = true;
        for entry in directory.entries() {
            if let Node::Directory { digest, size } = entry.node {
                self.name(digest, size, depth + 1)?;
            }
        }
        self.here.push((digest, directory));
        Ok(())
    }

    fn name(&mut self, digest: Digest, size: u64, depth: usize) -> Result<(), ClosureError> {
        // A deeper place of a directory that is here already is found at the end.
        let limit = self.limits.depth;
        if depth > limit {
            return Err(ClosureError::Depth { digest, limit });
        }
        if let Some(named) = self.named.get(&digest) {
            let said = named.size;
            if said != size {
                return Err(ClosureError::Size { digest, said, size });
            }
            return Ok(());
        }
        let here = false;
        self.named.insert(digest, Named { size, depth, here });
        self.next.push_back(digest);
        Ok(())
    }

    /// Ends, when all have come.
    ///
    /// # Errors
    ///
    /// [`ClosureError::Missing`], [`ClosureError::Depth`], [`ClosureError::Overflow`].
    pub fn finish(self) -> Result<Closure, ClosureError> {
        let missing = self.named.iter().find(|(_, named)| !named.here);
        if let Some((&digest, _)) = missing {
            return Err(ClosureError::Missing { digest });
        }
        let Self {
            root,
            limits,
            here: mut directories,
            n_nodes,
            ..
        } = self;
        directories.sort_by(|(one, a), (other, b)| b.size().cmp(&a.size()).then(one.cmp(other)));
        let places = directories.iter().enumerate();
        let places: HashMap<_, _> = places.map(|(at, (digest, _))| (*digest, at)).collect();
        check_depth(&directories, &places, limits.depth)?;
        let n_bytes = match &root {
            Node::File { size, .. } => *size,
            Node::Symlink { .. } => 0,
            Node::Directory { .. } => add_bytes(&directories, &places)?,
        };
        Ok(Closure {
            n_nodes,
            n_bytes,
            root,
            directories,
            places,
        })
    }
}

/// Where the children of a directory stand, that are directories.
fn children<'a>(
    directory: &'a Directory,
    places: &'a HashMap<Digest, usize>,
) -> impl Iterator<Item = usize> + 'a {
    directory
        .entries()
        .iter()
        .filter_map(|entry| match &entry.node {
            Node::Directory { digest, .. } => Some(places[digest]),
            Node::File { .. } | Node::Symlink { .. } => None,
        })
}

/// The longest way to each directory, found from the root down.
fn check_depth(
    directories: &[(Digest, Directory)],
    places: &HashMap<Digest, usize>,
    limit: usize,
) -> Result<(), ClosureError> {
    let mut depths = vec![1; directories.len()];
    for (at, (digest, directory)) in directories.iter().enumerate() {
        let depth = depths[at];
        if depth > limit {
            let digest = *digest;
            return Err(ClosureError::Depth { digest, limit });
        }
        for child in children(directory, places) {
            depths[child] = depths[child].max(depth + 1);
        }
    }
    Ok(())
}

/// The bytes of all files below the root, found from the leaves up.
fn add_bytes(
    directories: &[(Digest, Directory)],
    places: &HashMap<Digest, usize>,
) -> Result<u64, ClosureError> {
    let mut sums = vec![0u64; directories.len()];
    for (at, (digest, directory)) in directories.iter().enumerate().rev() {
        let of = |node: &Node| match node {
            Node::Directory { digest, .. } => sums[places[digest]],
            Node::File { size, .. } => *size,
            Node::Symlink { .. } => 0,
        };
        let mut entries = directory.entries().iter();
        let sum = entries.try_fold(0u64, |sum, entry| sum.checked_add(of(&entry.node)));
        sums[at] = sum.ok_or(ClosureError::Overflow { digest: *digest })?;
    }
    Ok(sums.first().copied().unwrap_or(0))
}

impl Closure {
    /// The top of the tree.
    #[must_use]
    pub const fn root(&self) -> &Node {
        &self.root
    }

    /// Returns a directory of the tree.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&Directory> {
        let at = *self.places.get(digest)?;
        Some(&self.directories[at].1)
    }

    /// The directories, each once: none stands before one that holds it.
    #[must_use]
    pub fn directories(&self) -> &[(Digest, Directory)] {
        &self.directories
    }

    /// Returns the blobs that are files, and the size each has; one may come several times.
    pub fn files(&self) -> impl Iterator<Item = (Digest, u64)> + '_ {
        let entries = self.directories.iter().flat_map(|it| it.1.entries());
        let nodes = entries.map(|entry| &entry.node);
        let top = std::iter::once(&self.root);
        top.chain(nodes).filter_map(|node| match node {
            Node::File { digest, size, .. } => Some((*digest, *size)),
            Node::Directory { .. } | Node::Symlink { .. } => None,
        })
    }

    /// How many nodes the tree has, the root included.
    #[must_use]
    pub const fn n_nodes(&self) -> u64 {
        self.n_nodes
    }

    /// How many bytes the files of the tree have, a file that comes twice counted twice.
    #[must_use]
    pub const fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}
