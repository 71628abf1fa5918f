//! A NAR and its hash straight from tree objects, without a checkout.
//!
//! The bytes are those that `nix-store --dump` prints for a checkout in which no attribute counts:
//! blobs as they are, links as links, a file executable or not, folders by their names' bytes
//! (git sorts a folder as if its name ended in `/`).

mod memo;
mod pipeline;
mod plan;

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use atom::{NarHash, ObjectId};
use miette::Diagnostic;
use nix_format::Sha256Hasher;
use thiserror::Error;

pub use memo::NarMemo;

use self::pipeline::Pipeline;
use crate::objects::{ObjectError, Objects};
use crate::tree_guard::GuardedTree;

/// Why a tree has no NAR, or none that can be written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum NarError {
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
    /// A blob ends early, or cannot be inflated.
    #[error("blob `{id}` cannot be read")]
    #[diagnostic(code(eka::nar::blob), help("`git fsck` tells what is damaged"))]
    Blob {
        /// The blob.
        id: ObjectId,
        /// What went wrong.
        source: io::Error,
    },
    /// A link's target is empty or holds NUL, so that no file system can have it.
    #[error("blob `{id}` cannot be the target of a symbolic link")]
    #[diagnostic(
        code(eka::nar::link_target),
        help("a link's target is not empty and holds no NUL")
    )]
    Target {
        /// The blob.
        id: ObjectId,
    },
    /// The NAR cannot be handed on.
    #[error("the NAR of `{tree}` cannot be written")]
    #[diagnostic(code(eka::nar::write))]
    Write {
        /// The tree.
        tree: ObjectId,
        /// What the writer says.
        source: io::Error,
    },
}

/// The hash of one tree's NAR, on `n_threads` threads.
///
/// # Errors
///
/// [`NarError`], by variant.
pub fn nar_hash(
    objects: &Objects,
    tree: GuardedTree,
    n_threads: usize,
) -> Result<NarHash, NarError> {
    let hashes = hash_all(objects, &[tree.id()], n_threads)?;
    Ok(hashes[0])
}

/// The hashes of many trees' NARs in their order, on `n_threads` threads; what `memo` knows is not
/// read at all, and what it does not know it learns.
///
/// # Errors
///
/// [`NarError`], by variant.
pub fn nar_hashes(
    objects: &Objects,
    trees: &[GuardedTree],
    memo: &NarMemo,
    n_threads: usize,
) -> Result<Vec<NarHash>, NarError> {
    let mut known: HashMap<_, _> = trees
        .iter()
        .filter_map(|it| Some((it.id(), memo.get(it.id())?)))
        .collect();
    let mut missing: Vec<_> = trees.iter().map(GuardedTree::id).collect();
    missing.retain(|id| !known.contains_key(id));
    missing.sort_unstable();
    missing.dedup();
    for (id, hash) in missing.iter().zip(hash_all(objects, &missing, n_threads)?) {
        memo.put(*id, hash);
        known.insert(*id, hash);
    }
    Ok(trees.iter().map(|it| known[&it.id()]).collect())
}

/// Writes the NAR of a tree, reading blobs on `n_threads` threads.
///
/// # Errors
///
/// [`NarError`], by variant.
pub fn write_nar(
    objects: &Objects,
    tree: GuardedTree,
    out: &mut (dyn Write + Send),
    n_threads: usize,
) -> Result<(), NarError> {
    let pipelines = [Pipeline::new(tree.id(), out)];
    run(objects, &pipelines, n_threads);
    let [pipeline] = pipelines;
    pipeline.finish().map(drop)
}

fn hash_all(
    objects: &Objects,
    trees: &[ObjectId],
    n_threads: usize,
) -> Result<Vec<NarHash>, NarError> {
    let pipelines: Vec<_> = trees
        .iter()
        .map(|&id| Pipeline::new(id, Sha256Hasher::new()))
        .collect();
    run(objects, &pipelines, n_threads);
    let finished = pipelines.into_iter().map(Pipeline::finish);
    finished
        .map(|it| it.map(|hasher| NarHash(hasher.finish().0)))
        .collect()
}

/// Each thread takes trees of its own as long as there are any, then helps with those of others.
fn run<W: Write + Send>(objects: &Objects, pipelines: &[Pipeline<W>], n_threads: usize) {
    let next = AtomicUsize::new(0);
    let work = |objects: Objects| {
        while let Some(pipeline) = pipelines.get(next.fetch_add(1, Ordering::Relaxed)) {
            pipeline.plan(&objects);
            pipeline.work(&objects);
        }
        for pipeline in pipelines {
            pipeline.work(&objects);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..n_threads {
            let objects = objects.clone();
            scope.spawn(|| work(objects));
        }
        work(objects.clone());
    });
}

#[cfg(test)]
mod tests {
    use testkit::env::Env;

    use super::*;
    use crate::tree::{Entry, Tree};
    use crate::tree_guard::{Limits, guard};

    /// Far more bytes than may be read ahead, in small and large blobs.
    #[test]
    fn any_number_of_threads_gives_the_same_hash() {
        let env = Env::new();
        let made = env.repo("here");
        for n in 0..200 {
            let size = if n % 50 == 7 { 40_000 } else { n * 37 % 900 };
            made.write(&format!("{}/{n}", n % 3), format!("{n:<size$}"));
        }
        made.commit("one");
        let objects = Objects::open(&made.path().join(".git/objects")).unwrap();
        let guarded = |rev| {
            let id = made.rev(rev).parse().unwrap();
            guard(&objects, id, &Limits::default()).unwrap()
        };
        let trees = ["HEAD^{tree}", "HEAD:0", "HEAD:1", "HEAD:2"].map(guarded);
        let alone = trees.map(|it| {
            let mut out = Vec::new();
            write_nar(&objects, it, &mut out, 1).unwrap();
            NarHash(nix_format::Sha256::of(&out).0)
        });
        for n_threads in [1, 2, 3, 8] {
            for _ in 0..10 {
                let found = nar_hashes(&objects, &trees, &NarMemo::none(), n_threads).unwrap();
                assert_eq!(found, alone);
                assert_eq!(nar_hash(&objects, trees[0], n_threads).unwrap(), alone[0]);
            }
        }
    }

    /// What the guard refuses has no NAR either.
    #[test]
    fn an_odd_mode_has_no_nar() {
        let env = Env::new();
        let made = env.repo("here");
        let blob = made.git_with(["hash-object", "-w", "--stdin"], b"x");
        for mode in [b"100600".as_slice(), b"140000", b"0"] {
            let entry = Entry {
                mode,
                name: b"a",
                id: blob.parse().unwrap(),
            };
            let tree = Tree::print([entry]);
            let write = ["hash-object", "--literally", "-t", "tree", "-w", "--stdin"];
            let tree = made.git_with(write, tree.as_bytes());
            let tree = GuardedTree::unchecked(tree.parse().unwrap());
            let objects = Objects::open(&made.path().join(".git/objects")).unwrap();
            let found = nar_hash(&objects, tree, 2);
            assert!(matches!(found, Err(NarError::Object(_))), "{found:?}");
        }
    }
}
