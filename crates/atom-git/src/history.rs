//! Walks over commits: ancestors, and what a remote does not have yet.

use std::collections::BinaryHeap;
use std::fmt;
use std::ops::ControlFlow;

use atom::ObjectId;
use gix::hashtable::HashSet;

use crate::objects::{ObjectError, ObjectKind, Objects, from_gix, to_gix};

/// The commits of a repository, read by its commit-graph where it has one.
pub struct History {
    objects: Objects,
    graph: Option<gix::commitgraph::Graph>,
}

/// What [`History::unreachable_from`] finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// How many ancestors, the commit itself among them, no known tip leads to.
    pub n_commits: usize,
    /// The tips whose objects are not here. Where there are any, fewer commits than counted may
    /// be new to the remote.
    pub unknown_tips: Vec<ObjectId>,
}

/// What a walk needs of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) parents: Vec<ObjectId>,
    /// Seconds since the epoch; 0 where they cannot be read.
    pub(crate) committed_s: u64,
}

impl History {
    /// Takes the objects, and their commit-graph if it can be read.
    #[must_use]
    pub fn new(objects: &Objects) -> Self {
        let graph = {
            let info = objects.folder().join("info");
            gix::commitgraph::at(&info, gix::hash::Kind::Sha1, None).ok()
        };
        Self {
            objects: objects.clone(),
            graph,
        }
    }

    /// Whether `ancestor` is `commit`, or one of those that led to it.
    ///
    /// # Errors
    ///
    /// [`ObjectError`] for a commit that is missing or damaged.
    pub fn is_ancestor(&self, ancestor: ObjectId, commit: ObjectId) -> Result<bool, ObjectError> {
        let mut found = false;
        self.each_ancestor(commit, |id, _| {
            if id == ancestor {
                found = true;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Counts the ancestors of `commit` that none of `tips` leads to.
    ///
    /// Tips that are tags are followed to their commits; those that end at no commit count for
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ObjectError`] for a commit that is missing or damaged.
    pub fn unreachable_from(
        &self,
        commit: ObjectId,
        tips: &[ObjectId],
    ) -> Result<Unreachable, ObjectError> {
        let mut unknown_tips = Vec::new();
        let mut queue = BinaryHeap::new();
        let mut seen = HashSet::default();
        for &tip in tips {
            match self.commit_at(tip)? {
                Tip::Commit(id) if seen.insert(to_gix(id)) => {
                    queue.push((self.node(id)?.committed_s, id));
                }
                Tip::Unknown => unknown_tips.push(tip),
                Tip::Commit(_) | Tip::Other => {}
            }
        }
        // The newest first: what was published a moment ago is found at once.
        while let Some((_, id)) = queue.pop() {
            if id == commit {
                let n_commits = 0;
                return Ok(Unreachable {
                    n_commits,
                    unknown_tips,
                });
            }
            for parent in self.node(id)?.parents {
                if seen.insert(to_gix(parent)) {
                    queue.push((self.node(parent)?.committed_s, parent));
                }
            }
        }
        let mut n_commits = 0;
        self.walk(commit, &mut seen, |_, _| {
            n_commits += 1;
            ControlFlow::Continue(())
        })?;
        Ok(Unreachable {
            n_commits,
            unknown_tips,
        })
    }

    /// Visits `commit` and all its ancestors, each once, until `visit` breaks off.
    pub(crate) fn each_ancestor(
        &self,
        commit: ObjectId,
        visit: impl FnMut(ObjectId, &Node) -> ControlFlow<()>,
    ) -> Result<(), ObjectError> {
        self.walk(commit, &mut HashSet::default(), visit)
    }

    /// As [`History::each_ancestor`], less what is `seen` and what only that leads to.
    fn walk(
        &self,
        commit: ObjectId,
        seen: &mut HashSet,
        mut visit: impl FnMut(ObjectId, &Node) -> ControlFlow<()>,
    ) -> Result<(), ObjectError> {
        let mut stack = Vec::new();
        if seen.insert(to_gix(commit)) {
            stack.push(commit);
        }
        while let Some(id) = stack.pop() {
            let node = self.node(id)?;
            if visit(id, &node).is_break() {
                break;
            }
            let new = node.parents.iter().rev();
            stack.extend(new.filter(|it| seen.insert(to_gix(**it))));
        }
        Ok(())
    }

    pub(crate) fn node(&self, id: ObjectId) -> Result<Node, ObjectError> {
        if let Some(node) = self.node_in_graph(id) {
            return Ok(node);
        }
        let bytes = self.objects.commit(id)?;
        parse(&bytes).ok_or(ObjectError::Malformed { id })
    }

    fn node_in_graph(&self, id: ObjectId) -> Option<Node> {
        let graph = self.graph.as_ref()?;
        let commit = graph.commit_by_id(to_gix(id))?;
        let parents = commit
            .iter_parents()
            .map(|it| it.ok().map(|position| from_gix(graph.id_at(position))))
            .collect::<Option<_>>()?;
        Some(Node {
            parents,
            committed_s: commit.committer_timestamp(),
        })
    }

    /// Follows tags to what they name.
    fn commit_at(&self, tip: ObjectId) -> Result<Tip, ObjectError> {
        let mut id = tip;
        loop {
            match self.objects.header(id)? {
                None => return Ok(Tip::Unknown),
                Some((ObjectKind::Commit, _)) => return Ok(Tip::Commit(id)),
                Some((ObjectKind::Tag, _)) => id = self.objects.tagged(id)?,
                Some((ObjectKind::Tree | ObjectKind::Blob, _)) => return Ok(Tip::Other),
            }
        }
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.objects).finish()
    }
}

/// Where a tip leads.
enum Tip {
    Commit(ObjectId),
    Other,
    Unknown,
}

/// Reads the parents and the date of a commit's bytes.
pub(crate) fn parse(bytes: &[u8]) -> Option<Node> {
    let mut lines = bytes.split(|&it| it == b'\n');
    id_after(lines.next()?, b"tree ")?;
    let mut lines = lines.peekable();
    let mut parents = Vec::new();
    while let Some(line) = lines.next_if(|it| it.starts_with(b"parent ")) {
        parents.push(id_after(line, b"parent ")?);
    }
    let committed_s = lines
        .take_while(|it| !it.is_empty())
        .find_map(|it| it.strip_prefix(b"committer "))
        .and_then(seconds)
        .unwrap_or(0);
    Some(Node {
        parents,
        committed_s,
    })
}

/// An object id that fills the rest of the line.
pub(crate) fn id_after(line: &[u8], key: &[u8]) -> Option<ObjectId> {
    let hex = line.strip_prefix(key)?;
    std::str::from_utf8(hex).ok()?.parse().ok()
}

/// The seconds in `Name <mail> 1700000000 +0100`.
fn seconds(ident: &[u8]) -> Option<u64> {
    let end = ident.iter().rposition(|&it| it == b'>')?;
    let date = std::str::from_utf8(&ident[end + 1..]).ok()?;
    date.split_ascii_whitespace().next()?.parse().ok()
}
