//! Import and export: there and back, and what is refused.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use castore::{
    Blobs, Closure, Digest, Directory, ExportError, ImportError, Limits, Memory, Name, Node,
    Progress, Target, closure, export, import,
};
use file_tree::TreeError;
use testkit::env::Env;

use crate::vectors::pattern;

fn memory() -> Arc<dyn Blobs> {
    Arc::new(Memory::new())
}

async fn take(blobs: &Arc<dyn Blobs>, path: &Path) -> Result<Node, ImportError> {
    import(blobs, path, Limits::default(), &|_| {}).await
}

async fn whole(blobs: &Arc<dyn Blobs>, root: &Node) -> Closure {
    closure(&**blobs, root, Limits::default()).await.unwrap()
}

async fn give(blobs: &Arc<dyn Blobs>, root: &Node, to: &Path) -> Result<(), ExportError> {
    export(&**blobs, &whole(blobs, root).await, to, &|_| {}).await
}

/// Every path below a folder, with its mode and content or target.
fn listing(path: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut paths = vec![path.to_owned()];
    while let Some(at) = paths.pop() {
        let meta = std::fs::symlink_metadata(&at).unwrap();
        let below = at.strip_prefix(path).unwrap().to_owned();
        let (mode, content) = if meta.is_dir() {
            let entries = std::fs::read_dir(&at).unwrap();
            paths.extend(entries.map(|it| it.unwrap().path()));
            (meta.permissions().mode(), Vec::new())
        } else if meta.is_symlink() {
            let target = std::fs::read_link(&at).unwrap();
            (0, target.as_os_str().as_bytes().to_vec())
        } else {
            (meta.permissions().mode(), std::fs::read(&at).unwrap())
        };
        all.insert(below, (mode & 0o777, content));
    }
    all
}

fn write(path: PathBuf, bytes: &[u8], mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// A tree with some of all that a tree may have; modes are those that an export writes.
fn tree(top: &Path) {
    write(top.join("a"), b"hello\n", 0o644);
    write(top.join("bin/run"), b"#!/bin/sh\n", 0o755);
    write(top.join("empty"), b"", 0o644);
    write(top.join("large"), &pattern(5_000_000), 0o644);
    write(top.join("piece"), &pattern(1 << 20), 0o644);
    write(top.join("x/y/z/deep"), b"deep", 0o644);
    write(top.join(OsStr::from_bytes(b"not\xfftext\n")), b"odd", 0o644);
    std::fs::create_dir(top.join("nothing")).unwrap();
    symlink("../../outside", top.join("x/up")).unwrap();
    symlink("bin", top.join("to-bin")).unwrap();
    symlink("/nowhere", top.join("dangling")).unwrap();
    for number in 0..300 {
        let text = number.to_string();
        write(top.join("many").join(&text), text.as_bytes(), 0o644);
    }
    for folder in ["", "bin", "x", "x/y", "x/y/z", "nothing", "many"] {
        let path = top.join(folder);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_comes_back_as_it_went_in() {
    let env = Env::new();
    let (from, to) = (env.path("from"), env.path("to"));
    tree(&from);
    let blobs = memory();
    let told: Mutex<Vec<Progress>> = Mutex::default();
    let tell = |it| told.lock().unwrap().push(it);
    let root = import(&blobs, &from, Limits::default(), &tell).await;
    let root = root.unwrap();
    let closure = whole(&blobs, &root).await;
    let all = Progress {
        files: 307,
        bytes: closure.n_bytes(),
    };
    assert_eq!(told.lock().unwrap().last(), Some(&all));
    assert_eq!(told.lock().unwrap().len(), 307);
    assert_eq!(closure.n_nodes(), listing(&from).len() as u64);
    told.lock().unwrap().clear();
    export(&*blobs, &closure, &to, &tell).await.unwrap();
    assert_eq!(told.lock().unwrap().last(), Some(&all));
    assert!(listing(&to) == listing(&from));
    assert_eq!(take(&blobs, &to).await.unwrap(), root);
    let beside = std::fs::read_dir(env.path("")).unwrap();
    let left = beside.filter(|it| {
        let name = it.as_ref().unwrap().file_name();
        name.as_bytes().starts_with(b".eka-")
    });
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_file_and_a_link_are_trees_too() {
    let env = Env::new();
    write(env.path("run"), b"run", 0o755);
    symlink("run", env.path("link")).unwrap();
    let blobs = memory();
    for name in ["run", "link"] {
        let root = take(&blobs, &env.path(name)).await.unwrap();
        let to = env.path(&format!("{name}.out"));
        give(&blobs, &root, &to).await.unwrap();
        assert_eq!(listing(&to), listing(&env.path(name)));
    }
    let link = take(&blobs, &env.path("link")).await.unwrap();
    assert!(matches!(link, Node::Symlink { .. }));
}

#[tokio::test]
async fn of_a_mode_only_the_owner_counts() {
    let env = Env::new();
    let blobs = memory();
    for (mode, expected) in [
        (0o400, false),
        (0o611, false),
        (0o500, true),
        (0o4755, true),
    ] {
        let path = env.path(&format!("{mode:o}"));
        write(path.clone(), b"x", mode);
        let root = take(&blobs, &path).await.unwrap();
        let is = matches!(root, Node::File { executable, .. } if executable == expected);
        assert!(is, "{mode:o}");
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_by_name() {
    let env = Env::new();
    let blobs = memory();
    let refused = async |path: &Path| take(&blobs, path).await.unwrap_err().to_string();
    let top = env.path("socket");
    std::fs::create_dir_all(top.join("in")).unwrap();
    let _socket = UnixListener::bind(top.join("in/s")).unwrap();
    let path = top.join("in/s").display().to_string();
    assert_eq!(refused(&top).await, format!("`{path}` is a socket"));
    assert_eq!(
        refused(&top.join("in/s")).await,
        format!("`{path}` is a socket")
    );
    let top = env.path("pipe");
    std::fs::create_dir(&top).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(top.join("p\n"))
        .status();
    assert!(made.unwrap().success());
    let path = top.join("p").display().to_string();
    assert_eq!(refused(&top).await, format!("`{path}\\n` is a named pipe"));
    let device = refused(Path::new("/dev/null")).await;
    assert_eq!(device, "`/dev/null` is a device");
    let gone = refused(&env.path("gone")).await;
    assert!(gone.ends_with("gone` cannot be read"), "{gone}");
}

#[tokio::test]
async fn depth_is_bounded() {
    let env = Env::new();
    let blobs = memory();
    std::fs::create_dir_all(env.path("1/2/3")).unwrap();
    let limits = |depth| Limits {
        depth,
        ..Limits::default()
    };
    assert!(
        import(&blobs, &env.path("1"), limits(3), &|_| {})
            .await
            .is_ok()
    );
    let error = import(&blobs, &env.path("1"), limits(2), &|_| {}).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with("1/2/3` lies deeper than 2 directories"),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_is_replaced_and_a_failure_leaves_nothing() {
    let env = Env::new();
    let blobs = memory();
    write(env.path("out/here"), b"mine", 0o644);
    let content = Bytes::from_static(b"here");
    let digest = blobs.put(content).await.unwrap();
    let file = |size| Node::File {
        digest,
        size,
        executable: false,
    };
    for path in ["out/here", "out"] {
        let error = give(&blobs, &file(4), &env.path(path)).await.unwrap_err();
        let exists = matches!(error, ExportError::Tree(TreeError::Exists { .. }));
        assert!(exists, "{error}");
    }
    let missing = Node::File {
        digest: Digest::of(b"missing"),
        size: 7,
        executable: false,
    };
    for (node, expected) in [(missing, "missing"), (file(5), "is said to have 5")] {
        let entries = [("a", file(4)), ("b", node)];
        let entries = entries.map(|(name, node)| (Name::new(name).unwrap(), node));
        let directory = Directory::new(entries).unwrap();
        blobs.put(directory.print().into()).await.unwrap();
        let to = env.path("out/new");
        let error = give(&blobs, &directory.node(), &to).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.contains("out/new/b"),
            "{text}"
        );
    }
    let names: Vec<OsString> = std::fs::read_dir(env.path("out"))
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(names, ["here"]);
    assert_eq!(std::fs::read(env.path("out/here")).unwrap(), b"mine");
}

#[tokio::test]
async fn links_lead_nothing_outside() {
    let env = Env::new();
    let canary = env.path("canary");
    std::fs::create_dir(&canary).unwrap();
    let blobs = memory();
    let link = Node::Symlink {
        target: Target::new(canary.as_os_str().as_bytes()).unwrap(),
    };
    let digest = blobs.put(Bytes::from_static(b"dead")).await.unwrap();
    let file = Node::File {
        digest,
        size: 4,
        executable: false,
    };
    let of = |entries: [(&str, &Node); 2]| {
        let entries = entries.map(|(name, node)| (Name::new(name).unwrap(), node.clone()));
        Directory::new(entries).unwrap()
    };
    let inner = of([("f", &file), ("l", &link)]);
    let root = of([("a", &link), ("b", &inner.node())]);
    for directory in [&inner, &root] {
        blobs.put(directory.print().into()).await.unwrap();
    }
    give(&blobs, &root.node(), &env.path("out")).await.unwrap();
    assert_eq!(std::fs::read_link(env.path("out/b/l")).unwrap(), canary);
    assert_eq!(std::fs::read_dir(&canary).unwrap().count(), 0);
    // On the way in a link to a folder stays a link.
    assert_eq!(take(&blobs, &env.path("out")).await.unwrap(), root.node());
}
