//! Times putting and reading blobs on disk, against SHA-256 over the same bytes and plain files.
//!
//! `cargo run --release -p castore --example castore_bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark times and prints, and ends where something is amiss"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use castore::{Blobs, Digest, Disk, Memory};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// The large blob.
const LARGE_BYTES: usize = 1 << 30;
/// A blob to see how much memory one takes.
const HUGE_BYTES: usize = 4 << 30;
/// What a writer is handed at a time.
const PIECE_BYTES: usize = 64 << 10;
/// The small blobs, and the bytes of each.
const N_SMALL: u64 = 50_000;
const SMALL_BYTES: usize = 2_000;
const N_ROUNDS: usize = 3;
const N_SEEKS: u64 = 2_000;

#[tokio::main]
async fn main() {
    let folder = testkit::env::Env::new();
    let store = folder.path("store");
    let disk = Disk::open(&store).unwrap();
    memory(&disk).await;
    large(&disk, &folder.path("file")).await;
    small(&disk, &folder.path("plain")).await;
}

/// Keeps how long something took, where that is the shortest so far.
async fn timed<T>(best: &mut Duration, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let made = work.await;
    *best = started.elapsed().min(*best);
    made
}

async fn write(blobs: &dyn Blobs, bytes: &[u8]) -> Digest {
    let mut writer = blobs.create().await.unwrap();
    for piece in bytes.chunks(PIECE_BYTES) {
        writer.write(piece).await.unwrap();
    }
    writer.finish().await.unwrap()
}

async fn remove(blobs: &dyn Blobs, digest: Digest) {
    let late = std::time::SystemTime::now() + Duration::from_secs(3600);
    assert!(blobs.remove(&digest, late).await.unwrap());
}

/// Puts a blob that no memory holds at once.
async fn memory(disk: &Disk) {
    let piece = vec![7; PIECE_BYTES];
    let mut writer = disk.create().await.unwrap();
    for _ in 0..HUGE_BYTES / PIECE_BYTES {
        writer.write(&piece).await.unwrap();
    }
    let digest = writer.finish().await.unwrap();
    remove(disk, digest).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let peak = line.unwrap().trim();
    println!("putting {} GiB took at most {peak}", HUGE_BYTES >> 30);
}

/// In turns, so that whatever else the machine is at slows all alike.
async fn large(disk: &Disk, plain: &Path) {
    let mut bytes = (0..=250).collect::<Vec<u8>>().repeat(LARGE_BYTES / 251 + 1);
    bytes.truncate(LARGE_BYTES);
    let bytes = &*bytes;
    let memory = Memory::new();
    let mut buffer = vec![0; PIECE_BYTES];
    let mut took = [Duration::MAX; 6];
    let [sha256, blake3, to_memory, to_file, to_disk, from_disk] = &mut took;
    for _ in 0..N_ROUNDS {
        timed(sha256, async { Sha256::digest(bytes) }).await;
        timed(blake3, async { Digest::of(bytes) }).await;
        let digest = timed(to_memory, write(&memory, bytes)).await;
        remove(&memory, digest).await;
        timed(to_file, async { std::fs::write(plain, bytes).unwrap() }).await;
        std::fs::remove_file(plain).unwrap();
        timed(to_disk, write(disk, bytes)).await;
        let read = async {
            let mut reader = disk.open(&digest).await.unwrap().unwrap();
            while reader.read(&mut buffer).await.unwrap() > 0 {}
        };
        timed(from_disk, read).await;
        remove(disk, digest).await;
    }
    println!(
        "one blob of {} MiB, the best of {N_ROUNDS} rounds",
        LARGE_BYTES >> 20
    );
    let what = [
        "SHA-256",
        "BLAKE3",
        "put in memory",
        "plain file: write",
        "put on disk",
        "read from disk, verified",
    ];
    for (what, each) in what.iter().zip(took) {
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let speed = LARGE_BYTES as f64 / each.as_secs_f64() / 1e9;
        let ratio = took[0].as_secs_f64() / each.as_secs_f64();
        println!("  {what:<28} {speed:>6.2} GB/s  {ratio:>5.2} × SHA-256");
    }
    let digest = write(disk, bytes).await;
    seeks(disk, &digest).await;
    remove(disk, digest).await;
}

async fn seeks(disk: &Disk, digest: &Digest) {
    let mut reader = disk.open(digest).await.unwrap().unwrap();
    let started = Instant::now();
    let mut at = 0u64;
    for _ in 0..N_SEEKS {
        at = (at + 0x9E37_79B9) % (LARGE_BYTES as u64 - 4096);
        reader.seek(std::io::SeekFrom::Start(at)).await.unwrap();
        reader.read_exact(&mut [0; 4096]).await.unwrap();
    }
    let each = started.elapsed().as_secs_f64() / 2_000.0 * 1e6;
    println!("  a seek with a read of 4 KB   {each:>6.1} µs");
}

fn blob(number: u64) -> Bytes {
    let mut bytes = number.to_le_bytes().repeat(SMALL_BYTES / 8);
    bytes.truncate(SMALL_BYTES);
    bytes.into()
}

async fn small(disk: &Disk, plain: &Path) {
    let started = Instant::now();
    for number in 0..N_SMALL {
        let path = plain.join((number % 1024).to_string());
        if number < 1024 {
            std::fs::create_dir_all(&path).unwrap();
        }
        std::fs::write(path.join(number.to_string()), blob(number)).unwrap();
    }
    let written = started.elapsed();
    let started = Instant::now();
    for number in 0..N_SMALL {
        let path = plain.join((number % 1024).to_string());
        std::fs::read(path.join(number.to_string())).unwrap();
    }
    let read = started.elapsed();
    println!("{N_SMALL} blobs of {SMALL_BYTES} bytes");
    let say = |what: &str, took: Duration, peer: Duration| {
        let ratio = took.as_secs_f64() / peer.as_secs_f64();
        let took = took.as_secs_f64();
        println!("  {what:<28} {took:>6.2} s     {ratio:>5.2} × plain files");
    };
    say("plain files: write", written, written);
    say("plain files: read", read, read);
    let put_all = async || {
        let started = Instant::now();
        for number in 0..N_SMALL {
            disk.put(blob(number)).await.unwrap();
        }
        started.elapsed()
    };
    say("put", put_all().await, written);
    say("put again", put_all().await, written);
    let started = Instant::now();
    disk.sync().await.unwrap();
    say("sync", started.elapsed(), written);
    let digests: Vec<_> = (0..N_SMALL).map(|it| Digest::of(&blob(it))).collect();
    let started = Instant::now();
    for digest in &digests {
        disk.get(digest, 1 << 20).await.unwrap().unwrap();
    }
    say("get", started.elapsed(), read);
}
