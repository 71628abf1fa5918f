//! The disk backend: damage, killed writers, a full disk, and removal beside puts.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use castore::{BlobError, BlobReader, Blobs as _, Digest, Disk};
use testkit::env::Env;
use testkit::kill::{Ended, Victim, kill_when};
use testkit::tools;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::contract;
use crate::vectors::pattern;

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let env = Env::new();
    let disk = Disk::open(&env.path("store")).unwrap();
    contract::run(Arc::new(disk)).await;
    assert_eq!(left(&env.path("store")), 0, "writers left something");
}

/// A blob's file.
fn file(store: &Path, digest: &Digest) -> PathBuf {
    let text = digest.to_string();
    store.join("v1").join(&text[..2]).join(&text[2..])
}

/// How many files writers are at, or left.
fn left(store: &Path) -> usize {
    let sessions = std::fs::read_dir(store.join("incoming")).unwrap();
    let files = sessions.map(|it| std::fs::read_dir(it.unwrap().path()).unwrap().count());
    files.sum()
}

/// Changes a blob's file behind the store's back.
fn damage(file: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    how(&mut bytes);
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, bytes).unwrap();
}

fn names(error: &BlobError, digest: &Digest) -> bool {
    let named = error.to_string().contains(&digest.to_string());
    matches!(error, BlobError::Corrupt { digest: it, .. } if it == digest) && named
}

fn inner(error: std::io::Error) -> BlobError {
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    *error.into_inner().unwrap().downcast().unwrap()
}

type Damage = fn(&mut Vec<u8>);

#[tokio::test]
async fn damage_is_found_named_and_mended_by_putting_again() {
    let env = Env::new();
    let disk = Disk::open(&env.path("store")).unwrap();
    let flip_last: Damage = |it| *it.last_mut().unwrap() ^= 1;
    for (size, how) in [
        (1, flip_last),
        (70_000, |it| it[69_000] ^= 0x80),
        (70_000, |it| it.truncate(0)),
        (70_000, |it| it.truncate(69_999)),
        (70_000, |it| it.push(0)),
        (5 << 20, |it| it[3_000_000] ^= 1),
        (5 << 20, |it| it.truncate(5 << 20)),
        (5 << 20, |it| it.truncate(1 << 20)),
        (5 << 20, |it| it.truncate(it.len() - 1)),
        (5 << 20, |it| it.push(0)),
        (5 << 20, flip_last),
        // Two spans: the values of the spans, of the groups of the second, and its bytes.
        (65 << 20, flip_last),
        (65 << 20, |it| it[(65 << 20) + 1030 * 32] ^= 1),
        (65 << 20, |it| it[65 << 20] ^= 1),
        (65 << 20, |it| it[(64 << 20) + 1] ^= 1),
    ] as [(usize, Damage); _]
    {
        let bytes = Bytes::from(pattern(size));
        let digest = disk.put(bytes.clone()).await.unwrap();
        damage(&file(&env.path("store"), &digest), how);
        let error = disk.get(&digest, u64::MAX).await.unwrap_err();
        assert!(names(&error, &digest), "{size} {error}");
        let error = match disk.open(&digest).await {
            Err(error) => error,
            Ok(reader) => inner(read(&mut *reader.unwrap(), &bytes).await.unwrap_err()),
        };
        assert!(names(&error, &digest), "{size} {error}");
        disk.put(bytes.clone()).await.unwrap();
        let whole = disk.get(&digest, u64::MAX).await.unwrap();
        assert!(whole.unwrap() == bytes, "{size}");
    }
}

#[tokio::test]
async fn a_blob_in_the_place_of_another_is_found_out() {
    let env = Env::new();
    let disk = Disk::open(&env.path("store")).unwrap();
    for size in [100, 5 << 20, 65 << 20] {
        let mut bytes = pattern(size);
        let other = disk.put(bytes.clone().into()).await.unwrap();
        bytes[0] ^= 1;
        let digest = disk.put(bytes.into()).await.unwrap();
        let kept = std::fs::read(file(&env.path("store"), &other)).unwrap();
        damage(&file(&env.path("store"), &digest), |it| *it = kept);
        let error = disk.get(&digest, u64::MAX).await.unwrap_err();
        assert!(names(&error, &digest), "{size} {error}");
    }
}

/// Reads all, and sees to it that nothing else comes before the error.
async fn read(reader: &mut dyn BlobReader, bytes: &[u8]) -> std::io::Result<()> {
    let (mut at, mut buffer) = (0, vec![0; 50_000]);
    loop {
        let n_read = reader.read(&mut buffer).await?;
        if n_read == 0 {
            return Ok(());
        }
        assert!(buffer[..n_read] == bytes[at..at + n_read]);
        at += n_read;
    }
}

#[tokio::test]
async fn what_is_sound_of_a_damaged_blob_is_read() {
    let env = Env::new();
    let disk = Disk::open(&env.path("store")).unwrap();
    let bytes = pattern(3 << 20);
    let digest = disk.put(Bytes::from(bytes.clone())).await.unwrap();
    damage(&file(&env.path("store"), &digest), |it| it[1 << 20] ^= 1);
    let mut reader = disk.open(&digest).await.unwrap().unwrap();
    let mut part = vec![0; 1000];
    for (at, sound) in [(2 << 20, true), ((1 << 20) + 50, false), (100, true)] {
        reader.seek(std::io::SeekFrom::Start(at)).await.unwrap();
        let got = reader.read_exact(&mut part).await;
        assert_eq!(got.is_ok(), sound, "{at}");
        let at = usize::try_from(at).unwrap();
        assert!(!sound || part == bytes[at..at + 1000], "{at}");
    }
}

#[tokio::test]
async fn a_writer_puts_right_what_is_damaged() {
    let env = Env::new();
    let disk = Disk::open(&env.path("store")).unwrap();
    for size in [100, 4 << 20] {
        let bytes = Bytes::from(pattern(size));
        let digest = disk.put(bytes.clone()).await.unwrap();
        damage(&file(&env.path("store"), &digest), |it| it[50] ^= 1);
        let mut writer = disk.create().await.unwrap();
        writer.write(&bytes).await.unwrap();
        assert_eq!(writer.finish().await.unwrap(), digest);
        assert!(disk.get(&digest, u64::MAX).await.unwrap().unwrap() == bytes);
    }
}

#[tokio::test]
async fn nobody_else_may_look_or_write() {
    let env = Env::new();
    let store = env.path("store");
    let digest = Disk::open(&store)
        .unwrap()
        .put(Bytes::from_static(b"a"))
        .await;
    let file = file(&store, &digest.unwrap());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o400);
    for folder in [&*store, &store.join("incoming"), &store.join("v1")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    // An open folder is shut again.
    std::fs::set_permissions(store.join("v1"), PermissionsExt::from_mode(0o755)).unwrap();
    Disk::open(&store).unwrap();
    assert_eq!(mode(&store.join("v1")), 0o700);
}

/// The variable that makes of a test the process that is killed, or runs on a full disk.
const STORE: &str = "CASTORE_TEST_STORE";

fn store_of_the_parent() -> Option<PathBuf> {
    std::env::var_os(STORE).map(PathBuf::from)
}

/// This program, to run one test with a store of the parent's.
fn child(test: &str, store: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(STORE, store);
    command
}

/// Runs until it is killed, where it is a child.
#[tokio::test(flavor = "multi_thread")]
async fn writes_until_it_is_killed() {
    let Some(store) = store_of_the_parent() else {
        return;
    };
    let disk = Disk::open(&store).unwrap();
    for number in 0u64.. {
        let small = Bytes::from(number.to_le_bytes().repeat(100));
        disk.put(small).await.unwrap();
        let mut writer = disk.create().await.unwrap();
        for _ in 0..40 {
            let piece = number.to_le_bytes().repeat(1 << 13);
            writer.write(&piece).await.unwrap();
        }
        writer.finish().await.unwrap();
    }
}

#[tokio::test]
async fn killed_writers_leave_nothing_that_is_mistaken_or_stays() {
    let env = Env::new();
    let store = env.path("store");
    let alive = Disk::open(&store).unwrap();
    let mut writer = alive.create().await.unwrap();
    writer.write(&pattern(3 << 20)).await.unwrap();
    let (mut n_killed, mut n_left, mut n_swept) = (0, 0, 0);
    for run in 0..20 {
        let before = left(&store);
        let mut command = child("disk::writes_until_it_is_killed", &store);
        let delay = Duration::from_micros(run * 700);
        let ended = kill_when(&mut command, Victim::Alone, delay, || left(&store) > before);
        n_killed += u32::from(ended == Ended::Killed);
        n_left += left(&store) - 1;
        n_swept += alive.sweep().await.unwrap();
        assert_eq!(left(&store), 1, "what is being written stays");
    }
    assert_eq!(n_killed, 20);
    assert!(n_left > 0, "no kill hit a writer");
    assert_eq!(n_left as u64, n_swept);
    let digest = writer.finish().await.unwrap();
    assert_eq!(digest, Digest::of(&pattern(3 << 20)));
    let listed = contract::listed(&alive).await;
    assert!(listed.len() > 2);
    for blob in listed {
        let bytes = alive.get(&blob.digest, u64::MAX).await.unwrap().unwrap();
        assert_eq!(bytes.len() as u64, blob.size);
    }
    drop(alive);
    let sessions = std::fs::read_dir(store.join("incoming")).unwrap();
    assert_eq!(sessions.count(), 0, "the dead and the living have gone");
}

/// Fills its disk, where it is a child.
#[tokio::test]
async fn fills_its_disk() {
    let Some(store) = store_of_the_parent() else {
        return;
    };
    let disk = Disk::open(&store).unwrap();
    let kept = disk.put(Bytes::from_static(b"kept")).await.unwrap();
    for size in [900 << 10, 9 << 20] {
        let full = |error: BlobError| assert!(matches!(error, BlobError::Full { .. }), "{error}");
        full(match size {
            ..1_000_000 => loop {
                let bytes = vec![u8::try_from(contract::listed(&disk).await.len()).unwrap(); size];
                if let Err(error) = disk.put(bytes.into()).await {
                    break error;
                }
            },
            _ => {
                let mut writer = disk.create().await.unwrap();
                match writer.write(&pattern(size)).await {
                    Err(error) => error,
                    Ok(()) => writer.finish().await.unwrap_err(),
                }
            }
        });
        assert_eq!(left(&store), 0);
    }
    assert!(disk.get(&kept, 4).await.unwrap().is_some());
    std::fs::write(store.join("passed"), "").unwrap();
}

#[test]
fn a_full_disk_is_told_and_keeps_what_it_had() {
    if !tools::have(&["unshare", "mount"]) {
        return;
    }
    let env = Env::new();
    let store = env.path("small");
    std::fs::create_dir(&store).unwrap();
    let inner = child("disk::fills_its_disk", &store);
    let script = "mount -t tmpfs -o size=3m small \"$0\" && \"$@\" && test -e \"$0/passed\"";
    let out = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(&store)
        .arg(inner.get_program())
        .args(inner.get_args())
        .env(STORE, &store)
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
}

/// Whoever collects and whoever puts do not undo each other.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_while_it_is_removed_is_here() {
    let env = Env::new();
    let store = env.path("store");
    let (putting, removing) = (Disk::open(&store).unwrap(), Disk::open(&store).unwrap());
    let bytes = Bytes::from_static(b"wanted and not");
    let digest = putting.put(bytes.clone()).await.unwrap();
    let path = file(&store, &digest);
    let old = SystemTime::now() - Duration::from_secs(3600);
    let (mut n_removed, mut n_kept) = (0, 0);
    for _ in 0..300 {
        let file = std::fs::File::open(&path).unwrap();
        file.set_modified(old).unwrap();
        let before = old + Duration::from_secs(60);
        let remover = removing.clone();
        let remove = tokio::spawn(async move { remover.remove(&digest, before).await });
        let putter = putting.clone();
        let again = bytes.clone();
        let put = tokio::spawn(async move { putter.put(again).await });
        put.await.unwrap().unwrap();
        let removed = remove.await.unwrap().unwrap();
        assert!(putting.has(&digest).await.unwrap(), "removed: {removed}");
        n_removed += u32::from(removed);
        n_kept += u32::from(!removed);
    }
    assert!(n_removed > 0 && n_kept > 0, "{n_removed} {n_kept}");
}
