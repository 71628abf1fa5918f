//! The guard, on a real file system.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use file_tree::{FileMode, NewTree, ROOT, TreeError, Writer};
use testkit::env::Env;

/// A folder to write to, and one beside it that nothing may reach.
struct World {
    env: Env,
    out: PathBuf,
    canary: PathBuf,
}

impl World {
    fn new() -> Self {
        let env = Env::new();
        let [out, canary] = ["out", "canary"].map(|it| env.path(it));
        for folder in [&out, &canary] {
            fs::create_dir(folder).unwrap();
        }
        Self { env, out, canary }
    }

    fn writer(&self) -> Writer {
        Writer::open(&self.out).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert_eq!(fs::read_dir(&self.canary).unwrap().count(), 0, "canary");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, TreeError>, shown: &Path) -> io::ErrorKind {
    match outcome.unwrap_err() {
        TreeError::Write { path, source } => {
            assert_eq!(path, shown);
            source.kind()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn files_folders_and_links_are_made_in_any_order() {
    let world = World::new();
    fs::set_permissions(&world.out, fs::Permissions::from_mode(0o700)).unwrap();
    let mut writer = world.writer();
    writer.link(b"link", b"a/b/run".to_vec());
    writer.go_to(&["a", "b"]).unwrap();
    let mut file = writer.file(b"run", FileMode::Executable).unwrap();
    file.write_all(b"x").unwrap();
    writer.go_to(&["c"]).unwrap();
    drop(writer.file(b"\xff", FileMode::Plain).unwrap());
    writer.go_to(&["a", "b", "d"]).unwrap();
    writer.leave().unwrap();
    assert_eq!(writer.written(b"run").unwrap().metadata().unwrap().len(), 1);
    writer.link(b"up", b"..".to_vec());
    writer.finish().unwrap();
    let at = |it: &str| world.out.join(it);
    assert_eq!(fs::read(at("link")).unwrap(), b"x");
    assert_eq!(fs::read_link(at("a/b/up")).unwrap(), Path::new(".."));
    assert_eq!(mode(&at("a/b/run")), 0o755);
    assert_eq!(mode(&at("a/b/d")), 0o755);
    assert_eq!(mode(&world.out), 0o755);
    let c = fs::read_dir(at("c")).unwrap().next().unwrap().unwrap();
    assert_eq!(mode(&c.path()), 0o644);
}

/// Whoever swaps a folder for a link while it is written to leads nobody away.
#[test]
fn nothing_is_made_through_a_link() {
    let world = World::new();
    symlink(&world.canary, world.out.join("a")).unwrap();
    symlink(world.canary.join("new"), world.out.join("b")).unwrap();
    let shown = world.out.join("a");
    let mut writer = world.writer();
    let loops = refused(writer.go_to(&["a"]), &shown);
    assert_eq!(loops, io::ErrorKind::NotADirectory);
    let there = refused(writer.folder(b"a"), &shown);
    assert_eq!(there, io::ErrorKind::AlreadyExists);
    refused(writer.file(b"b", FileMode::Plain), &world.out.join("b"));
    refused(writer.written(b"a"), &shown);
    assert!(Writer::<Vec<u8>>::open(&shown).is_err());
    writer.link(b"a", b"x".to_vec());
    refused(writer.finish(), &shown);
}

#[test]
fn links_wait_until_all_else_is_there() {
    let world = World::new();
    let target = world.canary.as_os_str().as_encoded_bytes();
    for is_first in [true, false] {
        let mut writer = world.writer();
        let name = if is_first { b"a" } else { b"b" };
        if is_first {
            writer.link(name, target.to_vec());
        }
        writer.folder(name).unwrap();
        drop(writer.file(b"file", FileMode::Plain).unwrap());
        writer.leave().unwrap();
        if !is_first {
            writer.link(name, target.to_vec());
        }
        let shown = world.out.join(std::str::from_utf8(name).unwrap());
        assert_eq!(
            refused(writer.finish(), &shown),
            io::ErrorKind::AlreadyExists
        );
    }
}

#[test]
fn a_name_is_one_component() {
    let world = World::new();
    for name in [&b""[..], b".", b"..", b"a/b", b"../canary/x", b"/", b"a\0b"] {
        let mut writer = world.writer();
        assert!(writer.folder(name).is_err(), "{name:?}");
        assert!(writer.go_to(&[name]).is_err(), "{name:?}");
        assert!(writer.file(name, FileMode::Plain).is_err(), "{name:?}");
        assert!(writer.written(name).is_err(), "{name:?}");
        writer.link(name, b"x".to_vec());
        assert!(writer.finish().is_err(), "{name:?}");
    }
    assert_eq!(fs::read_dir(&world.out).unwrap().count(), 0);
}

/// More folders in each other than a process may have files open.
#[test]
fn depth_costs_few_handles() {
    let world = World::new();
    let mut writer = world.writer();
    const DEPTH: usize = 1_200;
    for _ in 0..DEPTH {
        writer.folder(b"a").unwrap();
    }
    let handles = fs::read_dir("/proc/self/fd").unwrap().count();
    assert!(handles < 200, "{handles}");
    for n in 0..DEPTH {
        drop(
            writer
                .file(format!("{n}").as_bytes(), FileMode::Plain)
                .unwrap(),
        );
        writer.leave().unwrap();
    }
    drop(writer.file(b"top", FileMode::Plain).unwrap());
    assert!(world.out.join("top").exists());
    let last = format!("a/{}", DEPTH - 1);
    assert!(world.out.join(last).exists());
    // The test's own clearing knows no such depth.
    testkit::repo::run(world.env.command("rm").arg("-r").arg(&world.out));
}

#[test]
fn a_folder_that_was_moved_leads_nowhere_else() {
    let world = World::new();
    let mut writer = world.writer();
    for _ in 0..80 {
        writer.folder(b"a").unwrap();
    }
    let deep: PathBuf = std::iter::repeat_n("a", 16).collect();
    let moved = world.env.path("moved");
    fs::create_dir(&moved).unwrap();
    fs::rename(world.out.join(&deep).join("a"), moved.join("a")).unwrap();
    for _ in 0..63 {
        writer.leave().unwrap();
    }
    assert!(writer.leave().is_err());
}

#[test]
fn a_new_tree_is_there_whole_or_not_at_all() {
    let world = World::new();
    let place = world.out.join("new");
    let begin = || {
        let mut tree = NewTree::at(&place).unwrap();
        tree.writer.folder(ROOT).unwrap();
        drop(tree.writer.file(b"file", FileMode::Plain).unwrap());
        tree
    };
    let mut tree = begin();
    let again = tree.writer.file(b"file", FileMode::Plain);
    refused(again, &place.join("file"));
    assert!(!place.exists());
    drop(tree);
    assert_eq!(fs::read_dir(&world.out).unwrap().count(), 0);
    let (one, other) = (begin(), begin());
    one.finish().unwrap();
    assert!(matches!(other.finish(), Err(TreeError::Exists { .. })));
    assert!(matches!(
        NewTree::<Vec<u8>>::at(&place),
        Err(TreeError::Exists { .. })
    ));
    let names = fs::read_dir(&world.out).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["new"]);
    assert_eq!(mode(&place), 0o755);
}

#[test]
fn a_file_or_a_link_is_a_tree_too() {
    let world = World::new();
    let file = world.out.join("file");
    let mut tree = NewTree::at(&file).unwrap();
    drop(tree.writer.file(ROOT, FileMode::Executable).unwrap());
    tree.finish().unwrap();
    assert_eq!(mode(&file), 0o755);
    let link = world.out.join("link");
    let mut tree = NewTree::at(&link).unwrap();
    tree.writer.link(ROOT, b"file".to_vec());
    tree.finish().unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("file"));
    let nowhere = NewTree::<Vec<u8>>::at(&world.out.join("none/x"));
    refused(nowhere, &world.out.join("none/x"));
    symlink("nowhere", world.out.join("dangling")).unwrap();
    let there = NewTree::<Vec<u8>>::at(&world.out.join("dangling"));
    assert!(matches!(there, Err(TreeError::Exists { .. })));
}

/// Links stand where they were noted, whatever lies between them.
#[test]
fn links_are_made_where_they_were_noted() {
    let world = World::new();
    let mut writer = world.writer();
    let places = ["", "a", "a/b", "a/b/c", "a", "x/b", "x", "a/b", ""];
    for (number, place) in places.iter().enumerate() {
        let folders: Vec<_> = place.split_terminator('/').collect();
        writer.go_to(&folders).unwrap();
        let text = number.to_string();
        writer.link(text.as_bytes(), text.clone().into_bytes());
        writer.folder(format!("f{number}").as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    for (number, place) in places.iter().enumerate() {
        let text = number.to_string();
        let path = world.out.join(place).join(&text);
        assert_eq!(fs::read_link(&path).unwrap(), Path::new(&text), "{place}");
    }
}

/// Folders that are moved up to be removed meet none of their names.
#[test]
fn a_tree_that_is_given_up_is_removed_whatever_its_names() {
    let world = World::new();
    let mut tree = NewTree::<Vec<u8>>::at(&world.out.join("new")).unwrap();
    tree.writer.folder(ROOT).unwrap();
    for name in ["0", "1", "tree", "tree", "1", "0"] {
        for beside in ["2", "3", "tree1"] {
            tree.writer.folder(beside.as_bytes()).unwrap();
            drop(tree.writer.file(b"1", FileMode::Plain).unwrap());
            tree.writer.leave().unwrap();
        }
        tree.writer.folder(name.as_bytes()).unwrap();
    }
    drop(tree);
    assert_eq!(fs::read_dir(&world.out).unwrap().count(), 0);
}
