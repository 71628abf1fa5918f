//! Manifest and lock: both or neither, whatever happens.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eka::event::Recorded;
use eka::files::{Access, FilesError, Folder, JOURNAL, LOCK, MANIFEST, Patience, Texts};

const CHILD: &str = "EKA_TEST_CHILD";

struct World {
    folder: tempfile::TempDir,
    events: Recorded,
    interrupt: AtomicBool,
}

impl World {
    /// A folder with both files at state 0.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self {
            folder,
            events: Recorded::default(),
            interrupt: AtomicBool::new(false),
        };
        world.write(MANIFEST, &state(0).manifest);
        world.write(LOCK, &state(0).lock.unwrap());
        world
    }

    fn open(&self, access: Access) -> Result<Folder, FilesError> {
        open(self.folder.path(), access, &self.events, &self.interrupt)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn child(&self, mode: &str, limit: Option<u32>) -> Child {
        let exe = std::env::current_exe().unwrap();
        // A file size limit is the nearest to a full disk that needs no mount; its signal is
        // ignored, so that writes fail.
        let script = match limit {
            Some(blocks) => format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""),
            None => "exec \"$0\" \"$@\"".to_owned(),
        };
        Command::new("bash")
            .args(["-c", &script])
            .arg(exe)
            .args(["--exact", "files::child", "--nocapture", "--test-threads=1"])
            .env(CHILD, mode)
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

fn open(
    path: &Path,
    access: Access,
    events: &Recorded,
    interrupt: &AtomicBool,
) -> Result<Folder, FilesError> {
    Folder::open(path, access, Patience { events, interrupt })
}

/// Both texts at state `n`, which both name; of some size, so that writing takes a moment.
fn state(n: usize) -> Texts {
    let text = |name: &str| format!("# {n}\n{}", format!("# {name}\n").repeat(2000 + n % 7));
    Texts {
        manifest: text("manifest"),
        lock: Some(text("lock")),
    }
}

fn number(text: &str) -> usize {
    let line = text.lines().next().unwrap();
    line.trim_start_matches("# ").parse().unwrap()
}

/// Not a test by itself: what [`World::child`] runs in a process of its own.
#[test]
fn child() {
    let Ok(mode) = std::env::var(CHILD) else {
        return;
    };
    let (events, interrupt) = (Recorded::default(), AtomicBool::new(false));
    let here = std::env::current_dir().unwrap();
    loop {
        let folder = open(&here, Access::Write, &events, &interrupt).unwrap();
        let read = folder.load().unwrap();
        let done = folder.replace(&read, &state(number(&read.manifest) + 1));
        if mode == "once" {
            println!("outcome: {done:?}");
            return;
        }
        done.unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_both_or_neither() {
    let world = World::new();
    let (mut inside, mut last) = (0, 0);
    let mut rounds = 0;
    while inside < 25 {
        rounds += 1;
        assert!(rounds < 1000, "only {inside} kills fell into the window");
        let mut child = world.child("loop", None);
        let deadline = Instant::now() + Duration::from_secs(20);
        while number(&world.read(MANIFEST)) <= last {
            assert!(Instant::now() < deadline, "the writer does not write");
            std::thread::sleep(Duration::from_millis(1));
        }
        // Another moment each time.
        std::thread::sleep(Duration::from_micros(rounds * 337 % 5000));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = world.names();
        inside += usize::from(left.iter().any(|it| it.contains("eka-")));
        let texts = world.open(Access::Read).unwrap().load().unwrap();
        let now = number(&texts.manifest);
        assert_eq!(texts, state(now), "round {rounds}, left {left:?}");
        assert!(now >= last);
        assert!(!world.path(JOURNAL).exists());
        last = now;
    }
    println!("{inside} of {rounds} kills fell inside the writing window");
    world.open(Access::Write).unwrap();
    assert_eq!(world.names(), [LOCK, MANIFEST]);
}

#[test]
fn a_full_disk_changes_nothing() {
    for blocks in [0, 1, 20, 40] {
        let world = World::new();
        let output = world.child("once", Some(blocks)).wait_with_output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        assert!(text.contains("outcome: Err(Io"), "{blocks}: {text}");
        assert_eq!(world.names(), [LOCK, MANIFEST], "{blocks}");
        assert_eq!(world.open(Access::Read).unwrap().load().unwrap(), state(0));
    }
    let world = World::new();
    let output = world.child("once", None).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("outcome: Ok"), "{text}");
    assert_eq!(world.open(Access::Read).unwrap().load().unwrap(), state(1));
}

#[test]
fn a_reader_never_sees_one_new_and_one_old() {
    let world = World::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..60 {
                let folder = world.open(Access::Write).unwrap();
                folder.replace(&state(n - 1), &state(n)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            let texts = world.open(Access::Read).unwrap().load().unwrap();
            assert_eq!(texts, state(number(&texts.manifest)));
        }
    });
}

#[test]
fn what_somebody_else_changed_is_not_lost() {
    let world = World::new();
    let folder = world.open(Access::Write).unwrap();
    world.write(LOCK, "mine");
    let error = folder.replace(&state(0), &state(1)).unwrap_err();
    assert!(matches!(&error, FilesError::Changed { path } if path.ends_with(LOCK)));
    assert_eq!(world.read(LOCK), "mine");
    assert_eq!(world.read(MANIFEST), state(0).manifest);
    assert_eq!(world.names(), [LOCK, MANIFEST]);
}

/// Leaves what a command leaves that was killed right after its decision.
fn interrupted(world: &World) {
    let (old, new) = (state(0), state(1));
    let part = |name, old: &str, new: &str| {
        let (from, to) = (old.len(), new.len());
        format!("{name} {from} {to}\n{old}{new}\n")
    };
    let lock = part(LOCK, &old.lock.unwrap(), &new.lock.unwrap());
    let manifest = part(MANIFEST, &old.manifest, &new.manifest);
    world.write(JOURNAL, &format!("eka journal 1\n{manifest}{lock}end\n"));
}

#[test]
fn an_unfinished_change_is_finished() {
    for access in [Access::Read, Access::Write] {
        let world = World::new();
        interrupted(&world);
        let texts = world.open(access).unwrap().load().unwrap();
        assert_eq!(texts, state(1));
        assert_eq!(world.names(), [LOCK, MANIFEST]);
        // As does one that was cut short between the two files.
        interrupted(&world);
        world.write(LOCK, &state(0).lock.unwrap());
        let texts = world.open(access).unwrap().load().unwrap();
        assert_eq!(texts, state(1));
    }
}

#[test]
fn an_unfinished_change_does_not_undo_an_edit() {
    let world = World::new();
    interrupted(&world);
    world.write(MANIFEST, "edited");
    for access in [Access::Read, Access::Write] {
        let error = world.open(access).unwrap_err();
        assert!(matches!(&error, FilesError::EditedSince { path, .. } if path.ends_with(MANIFEST)));
        assert_eq!(world.read(MANIFEST), "edited");
        assert_eq!(world.read(LOCK), state(0).lock.unwrap());
    }
    fs::remove_file(world.path(JOURNAL)).unwrap();
    let texts = world.open(Access::Read).unwrap().load().unwrap();
    assert_eq!(texts.manifest, "edited");
}

#[test]
fn a_journal_that_is_none_is_told() {
    let world = World::new();
    world.write(JOURNAL, "eka journal 2\n");
    let error = world.open(Access::Read).unwrap_err();
    assert!(matches!(error, FilesError::Journal { .. }));
    assert_eq!(world.read(MANIFEST), state(0).manifest);
}

#[test]
fn files_keep_their_modes_and_may_come_and_go() {
    let world = World::new();
    fs::set_permissions(world.path(MANIFEST), fs::Permissions::from_mode(0o640)).unwrap();
    fs::remove_file(world.path(LOCK)).unwrap();
    let folder = world.open(Access::Write).unwrap();
    let without = Texts {
        lock: None,
        ..state(0)
    };
    assert_eq!(folder.load().unwrap(), without);
    folder.replace(&without, &state(1)).unwrap();
    let mode = |name| fs::metadata(world.path(name)).unwrap().mode() & 0o7777;
    assert_eq!(mode(MANIFEST), 0o640);
    assert_eq!(folder.load().unwrap(), state(1));
    folder.replace(&state(1), &without).unwrap();
    assert_eq!(world.names(), [MANIFEST]);
    folder.replace(&without, &without).unwrap();
    assert_eq!(folder.load().unwrap(), without);
}

#[test]
fn links_and_pipes_are_refused() {
    let world = World::new();
    fs::rename(world.path(MANIFEST), world.path("elsewhere")).unwrap();
    symlink("elsewhere", world.path(MANIFEST)).unwrap();
    let folder = world.open(Access::Write).unwrap();
    assert!(matches!(
        folder.load(),
        Err(FilesError::SymbolicLink { .. })
    ));
    let error = folder.replace(&state(0), &state(1)).unwrap_err();
    assert!(matches!(error, FilesError::SymbolicLink { .. }));
    assert_eq!(world.read("elsewhere"), state(0).manifest);
    fs::remove_file(world.path(MANIFEST)).unwrap();
    let made = Command::new("mkfifo").arg(world.path(MANIFEST)).status();
    assert!(made.unwrap().success());
    assert!(matches!(folder.load(), Err(FilesError::NotAFile { .. })));
}

#[test]
fn texts_that_are_none_are_told() {
    let world = World::new();
    let load = || world.open(Access::Read).unwrap().load().unwrap_err();
    fs::write(world.path(MANIFEST), b"ab\xff").unwrap();
    assert!(matches!(load(), FilesError::NotUtf8 { at: 2, .. }));
    fs::write(world.path(MANIFEST), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(matches!(load(), FilesError::TooLarge { .. }));
    fs::remove_file(world.path(MANIFEST)).unwrap();
    assert!(matches!(load(), FilesError::NoManifest { .. }));
}

#[test]
fn two_writers_wait_for_each_other() {
    let world = World::new();
    let first = world.open(Access::Write).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let folder = world.open(Access::Write).unwrap();
            let read = folder.load().unwrap();
            assert_eq!(read, state(1));
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        while world.events.take().is_empty() {
            assert!(Instant::now() < deadline, "nobody says that it waits");
            std::thread::sleep(Duration::from_millis(1));
        }
        first.replace(&state(0), &state(1)).unwrap();
        drop(first);
        second.join().unwrap();
    });
    let _held = world.open(Access::Write).unwrap();
    world.interrupt.store(true, Ordering::Relaxed);
    let error = world.open(Access::Write).unwrap_err();
    assert!(matches!(error, FilesError::Interrupted));
}
