//! Trees as deep as may be: with few handles, and nothing left where it fails.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use castore::{
    Blobs, ClosureError, Digest, Directory, ExportError, Limits, Memory, Name, Node, Target,
    closure, export, import,
};
use file_tree::{FileMode, Writer};
use testkit::env::Env;

/// Set where this program runs with few handles.
const FEW: &str = "EKA_TEST_FEW_HANDLES";

/// Begins a test anew with fewer handles than a tree is deep; true where it is to go on.
fn has_few_handles(test: &str) -> bool {
    if std::env::var_os(FEW).is_some() {
        return true;
    }
    let status = Command::new("sh")
        .args(["-c", "ulimit -n 160 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(format!("deep::{test}"))
        .env(FEW, "1")
        .status();
    assert!(status.unwrap().success());
    false
}

fn depth() -> usize {
    Limits::default().depth
}

/// Makes so many folders in each other, the top among them, with files and a link on the way.
fn folders(top: &Path, n_folders: usize) {
    std::fs::create_dir(top).unwrap();
    let mut writer = Writer::open(top).unwrap();
    for number in 1..n_folders {
        if number % 100 == 0 {
            let mut file = writer.file(b"file", FileMode::Plain).unwrap();
            write!(file, "{number}").unwrap();
            writer.link(b"link", b"file".to_vec());
        }
        writer.folder(b"d").unwrap();
    }
    writer.file(b"file", FileMode::Executable).unwrap();
    writer.link(b"link", b"..".to_vec());
    writer.finish().unwrap();
}

/// Directories in each other, the innermost holding one node.
async fn nested(blobs: &dyn Blobs, n_directories: usize, innermost: Node) -> Node {
    let mut node = innermost;
    for _ in 0..n_directories {
        let directory = Directory::new([(Name::new("d").unwrap(), node)]).unwrap();
        blobs.put(Bytes::from(directory.print())).await.unwrap();
        node = directory.node();
    }
    node
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deepest_tree_goes_in_and_out() {
    if !has_few_handles("the_deepest_tree_goes_in_and_out") {
        return;
    }
    let env = Env::new();
    folders(&env.path("from"), depth());
    let blobs: Arc<dyn Blobs> = Arc::new(Memory::new());
    let limits = Limits::default();
    let take = async |name: &str| import(&blobs, &env.path(name), limits, &|_| {}).await;
    let root = take("from").await.unwrap();
    let all = closure(&*blobs, &root, limits).await.unwrap();
    assert_eq!(all.directories().len(), depth());
    export(&*blobs, &all, &env.path("to"), &|_| {})
        .await
        .unwrap();
    assert_eq!(take("to").await.unwrap(), root);
    for name in ["from", "to"] {
        // The test's own clearing holds a handle for each folder.
        testkit::repo::run(env.command("rm").arg("-r").arg(env.path(name)));
    }
}

#[tokio::test]
async fn of_the_deepest_tree_nothing_is_left_where_it_fails() {
    if !has_few_handles("of_the_deepest_tree_nothing_is_left_where_it_fails") {
        return;
    }
    let env = Env::new();
    let blobs = Memory::new();
    let missing = Node::File {
        digest: Digest::of(b"missing"),
        size: 7,
        executable: false,
    };
    let root = nested(&blobs, depth(), missing).await;
    let all = closure(&blobs, &root, Limits::default()).await.unwrap();
    std::fs::create_dir(env.path("out")).unwrap();
    let failed = export(&blobs, &all, &env.path("out/new"), &|_| {}).await;
    assert!(matches!(failed, Err(ExportError::Missing { .. })));
    let left = std::fs::read_dir(env.path("out")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn one_directory_more_is_refused() {
    let blobs = Memory::new();
    let link = Node::Symlink {
        target: Target::new("x").unwrap(),
    };
    let whole = nested(&blobs, depth(), link).await;
    assert!(closure(&blobs, &whole, Limits::default()).await.is_ok());
    let more = nested(&blobs, 1, whole).await;
    let refused = closure(&blobs, &more, Limits::default()).await;
    assert!(matches!(
        refused,
        Err(ClosureError::Depth { limit: 2_048, .. })
    ));
}
