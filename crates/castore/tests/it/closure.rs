//! Closures: whole ones, those that lie, and those that would blow up.

use std::collections::HashMap;

use bytes::Bytes;
use castore::{
    Arriving, Blobs as _, ClosureError, Digest, Directory, Limits, Memory, Name, Node, Target,
    closure,
};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn file(size: u64) -> Node {
    Node::File {
        digest: Digest::of(b"file"),
        size,
        executable: false,
    }
}

fn of(entries: &[(&str, &Node)]) -> Directory {
    let entries = entries.iter().map(|&(it, node)| (name(it), node.clone()));
    Directory::new(entries).unwrap()
}

/// Directories that wait to be read.
#[derive(Default)]
struct Trees(Memory);

impl Trees {
    async fn put(&self, entries: &[(&str, &Node)]) -> Node {
        self.put_directory(&of(entries)).await
    }

    async fn put_directory(&self, directory: &Directory) -> Node {
        self.0.put(Bytes::from(directory.print())).await.unwrap();
        directory.node()
    }

    async fn refused(&self, root: &Node) -> ClosureError {
        closure(&self.0, root, Limits::default()).await.unwrap_err()
    }
}

#[tokio::test]
async fn a_closure_has_each_directory_once_and_counts_each_time() {
    let trees = Trees::default();
    let leaf = trees.put(&[("a", &file(3)), ("b", &file(4))]).await;
    let target = Target::new("a").unwrap();
    let link = Node::Symlink { target };
    let middle = trees.put(&[("x", &leaf), ("l", &link)]).await;
    let root = trees
        .put(&[("1", &leaf), ("2", &middle), ("3", &leaf), ("f", &file(5))])
        .await;
    let whole = closure(&trees.0, &root, Limits::default()).await.unwrap();
    assert_eq!(whole.root(), &root);
    let order: Vec<_> = whole.directories().iter().map(|it| it.0).collect();
    let expected = [&root, &middle, &leaf].map(|it| it.digest().unwrap());
    assert_eq!(order, expected);
    assert_eq!(whole.n_nodes(), 13);
    assert_eq!(whole.n_bytes(), 7 * 3 + 5);
    assert_eq!(whole.files().count(), 3);
    let found = whole.get(&leaf.digest().unwrap()).unwrap();
    assert_eq!(found.get(b"a"), Some(&file(3)));
    assert!(whole.get(&Digest::of(b"")).is_none());
}

#[tokio::test]
async fn a_file_or_a_link_is_a_closure_of_its_own() {
    let link = Node::Symlink {
        target: Target::new("..").unwrap(),
    };
    for (root, n_bytes) in [(file(9), 9), (link, 0)] {
        let whole = closure(&Memory::new(), &root, Limits::default()).await;
        let whole = whole.unwrap();
        assert_eq!((whole.n_nodes(), whole.n_bytes()), (1, n_bytes));
        assert_eq!(whole.files().count(), usize::from(n_bytes > 0));
        assert!(whole.directories().is_empty());
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let trees = Trees::default();
    let gone = of(&[("a", &file(1))]);
    let root = trees.put(&[("d", &gone.node())]).await;
    let error = trees.refused(&root).await;
    let missing = gone.digest();
    assert!(matches!(&error, ClosureError::Missing { digest } if *digest == missing));
    assert!(error.to_string().contains(&missing.to_string()));
    assert!(matches!(
        trees.refused(&gone.node()).await,
        ClosureError::Missing { .. }
    ));
}

#[tokio::test]
async fn what_is_no_directory_is_named() {
    let trees = Trees::default();
    let digest = trees.0.put(Bytes::from_static(b"hello")).await.unwrap();
    let root = trees
        .put(&[("d", &Node::Directory { digest, size: 0 })])
        .await;
    let error = trees.refused(&root).await;
    assert!(matches!(error, ClosureError::Directory { digest: it, .. } if it == digest));
}

#[tokio::test]
async fn a_directory_that_says_less_than_it_holds_is_refused() {
    let trees = Trees::default();
    let leaf = trees.put(&[("a", &file(1)), ("b", &file(1))]).await;
    let digest = leaf.digest().unwrap();
    for (size, other) in [(1, None), (3, None), (2, Some(1))] {
        let liar = Node::Directory { digest, size };
        let size = other.unwrap_or(size);
        let other = Node::Directory { digest, size };
        let root = trees.put(&[("d", &liar), ("e", &other)]).await;
        let error = trees.refused(&root).await;
        assert!(matches!(error, ClosureError::Size { digest: it, .. } if it == digest));
    }
}

#[tokio::test]
async fn few_directories_with_more_paths_than_can_be_walked_are_refused_unread() {
    let trees = Trees::default();
    let mut node = file(1);
    for _ in 0..61 {
        node = trees.put(&[("a", &node), ("b", &node)]).await;
    }
    let error = trees.refused(&node).await;
    assert!(matches!(error, ClosureError::Nodes { nodes, .. } if nodes > 1 << 60));
    // Where somebody allows as many, what is done still grows with the directories alone.
    let limits = Limits {
        nodes: u64::MAX,
        ..Limits::default()
    };
    let whole = closure(&trees.0, &node, limits).await.unwrap();
    assert_eq!(whole.directories().len(), 61);
    assert_eq!(whole.n_bytes(), 1 << 61);
    let larger = trees.put(&[("a", &node), ("f", &file(u64::MAX - 9))]).await;
    let error = closure(&trees.0, &larger, limits).await.unwrap_err();
    assert!(matches!(error, ClosureError::Overflow { digest } if Some(digest) == larger.digest()));
    let node = Node::Directory {
        digest: Digest::of(b""),
        size: u64::MAX,
    };
    let error = Arriving::new(node, limits).unwrap_err();
    assert!(matches!(error, ClosureError::Nodes { .. }));
}

#[tokio::test]
async fn depth_counts_on_the_longest_way() {
    let trees = Trees::default();
    let mut node = trees.put(&[]).await;
    let leaf = node.clone();
    for _ in 1..2_048 {
        node = trees.put(&[("d", &node), ("0", &leaf)]).await;
    }
    assert!(closure(&trees.0, &node, Limits::default()).await.is_ok());
    node = trees.put(&[("d", &node)]).await;
    let error = trees.refused(&node).await;
    assert!(matches!(error, ClosureError::Depth { limit: 2_048, .. }));
    // Found first where it lies flat, and only at the end where it lies deep.
    let flat = trees.put(&[("0", &node), ("d", &leaf)]).await;
    let limits = Limits {
        depth: 2,
        ..Limits::default()
    };
    let (a, b) = (trees.put(&[("x", &leaf)]).await, &leaf);
    let root = trees.put(&[("1", b), ("2", &a)]).await;
    for (root, ok) in [(&a, true), (&root, false), (&flat, false)] {
        let read = closure(&trees.0, root, limits).await;
        assert_eq!(read.is_ok(), ok, "{root:?}");
    }
}

#[tokio::test]
async fn depth_is_found_where_a_directory_comes_again_deeper() {
    let trees = Trees::default();
    let bottom = trees.put(&[("f", &file(1))]).await;
    let a = trees.put(&[("c", &bottom)]).await;
    let b = trees.put(&[("a", &a)]).await;
    let root = trees.put(&[("1", &a), ("2", &b)]).await;
    for (depth, ok) in [(4, true), (3, false)] {
        let limits = Limits {
            depth,
            ..Limits::default()
        };
        let read = closure(&trees.0, &root, limits).await;
        assert_eq!(read.is_ok(), ok, "{depth}");
    }
}

#[test]
fn directories_come_from_the_root_to_the_leaves_each_once() {
    let leaf = of(&[("a", &file(1))]);
    let root = of(&[("d", &leaf.node())]);
    let by_digest: HashMap<_, _> = [&leaf, &root].map(|it| (it.digest(), it.print())).into();
    let mut arriving = Arriving::new(root.node(), Limits::default()).unwrap();
    let bytes = |digest: &Digest| by_digest[digest].as_slice();
    let unasked = arriving.take(&leaf.digest(), bytes(&leaf.digest()));
    assert!(matches!(unasked, Err(ClosureError::Unasked { .. })));
    assert_eq!(arriving.next(), Some(root.digest()));
    assert_eq!(arriving.next(), None);
    let wrong = arriving.take(&root.digest(), bytes(&leaf.digest()));
    assert!(matches!(wrong, Err(ClosureError::Wrong { digest }) if digest == root.digest()));
    arriving
        .take(&root.digest(), bytes(&root.digest()))
        .unwrap();
    let again = arriving.take(&root.digest(), bytes(&root.digest()));
    assert!(matches!(again, Err(ClosureError::Unasked { .. })));
    assert_eq!(arriving.next(), Some(leaf.digest()));
    arriving
        .take(&leaf.digest(), bytes(&leaf.digest()))
        .unwrap();
    assert_eq!(arriving.next(), None);
    assert_eq!(arriving.finish().unwrap().n_nodes(), 3);
}

#[tokio::test]
async fn directories_together_stay_within_bounds() {
    let trees = Trees::default();
    let leaf = trees.put(&[("a", &file(1))]).await;
    let root = trees.put(&[("d", &leaf)]).await;
    let both = of(&[("a", &file(1))]).print().len() * 2;
    for (bytes, ok) in [(both, true), (both - 1, false)] {
        let limits = Limits {
            bytes,
            ..Limits::default()
        };
        let read = closure(&trees.0, &root, limits).await;
        assert_eq!(read.is_ok(), ok);
    }
}
