//! Times what comes into a store against hashing the same bytes.
//!
//! `cargo run --release -p store --example store_bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark times and prints, and ends where something is amiss"
)]

use std::hint::black_box;
use std::io::{self, Cursor, Read as _};
use std::time::{Duration, Instant};

use castore::Digest;
use nix_format::nar::{FileKind, Writer};
use nix_format::{Sha256, StoreDir};
use store::Store;
use store::ingest::Ask;
use testkit::env::Env;
use tokio::runtime::{Builder, Runtime};

const N_ROUNDS: usize = 5;

/// Set in the process that takes in the huge NAR, to the size of its one file.
const HUGE: &str = "EKA_BENCH_HUGE";
const HUGE_BYTES: u64 = 10 << 30;
/// The most memory that it may take, in KiB.
const MOST_KIB: u64 = 64 << 10;

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(size) = std::env::var(HUGE).ok().and_then(|it| it.parse().ok()) {
        return huge(&runtime, size);
    }
    println!("GB/s, the best of {N_ROUNDS} rounds; × the slower of SHA-256 and BLAKE3, one thread");
    let mut n_missed = 0;
    for (name, nar) in corpora() {
        n_missed += compare(&runtime, name, &nar);
    }
    n_missed += memory();
    println!("\n{n_missed} goals missed");
}

/// NARs of one long file, of files as programs have them, and of many small ones.
fn corpora() -> [(&'static str, Vec<u8>); 3] {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    [
        ("one file of 512 MB", nar(&mut dice, 1, 512 << 20)),
        ("2,000 files of 128 KB", nar(&mut dice, 2_000, 128 << 10)),
        ("20,000 files of 8 KB", nar(&mut dice, 20_000, 8 << 10)),
    ]
}

/// A NAR of folders of a hundred files each.
fn nar(dice: &mut Dice, n_files: usize, size: usize) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    writer.directory().unwrap();
    for number in 0..n_files {
        if number % 100 == 0 {
            if number > 0 {
                writer.end_directory().unwrap();
            }
            writer.entry(format!("d{number:06}").as_bytes()).unwrap();
            writer.directory().unwrap();
        }
        writer.entry(format!("f{number:06}").as_bytes()).unwrap();
        writer.file(FileKind::Regular, size as u64).unwrap();
        writer.contents(&dice.bytes(size)).unwrap();
    }
    writer.end_directory().unwrap();
    writer.end_directory().unwrap();
    writer.finish().unwrap()
}

/// Prints a corpus's figures, and returns how many goals it missed.
fn compare(runtime: &Runtime, name: &str, nar: &[u8]) -> usize {
    let size = nar.len() as f64 / 1e9;
    let sha256 = best(|| _ = black_box(Sha256::of(black_box(nar))));
    let blake3 = best(|| _ = black_box(Digest::of(black_box(nar))));
    let slower = sha256.max(blake3).as_secs_f64();
    println!(
        "\n{name}: SHA-256 {:.2}, BLAKE3 {:.2}",
        size / sha256.as_secs_f64(),
        size / blake3.as_secs_f64()
    );
    let memory = best(|| {
        let store = Store::in_memory(StoreDir::default());
        runtime.block_on(ingest(&store, nar));
    });
    let disk = best_of(|| {
        let env = Env::new();
        let folder = env.path("store");
        let store = runtime
            .block_on(Store::open(&folder, StoreDir::default()))
            .unwrap();
        let started = Instant::now();
        runtime.block_on(ingest(&store, nar));
        started.elapsed()
    });
    let mut n_missed = 0;
    for (what, took, goal) in [("memory", memory, 0.8), ("disk", disk, 0.4)] {
        let ratio = slower / took.as_secs_f64();
        let missed = ratio < goal;
        n_missed += usize::from(missed);
        let verdict = if missed { "MISSED" } else { "" };
        let speed = size / took.as_secs_f64();
        println!("  into {what:6} {speed:6.2}  {ratio:5.2} × (goal {goal}) {verdict}");
    }
    n_missed
}

async fn ingest(store: &Store, nar: &[u8]) {
    let session = store.session().unwrap();
    let ingested = session.ingest(nar, Ask::default()).await.unwrap();
    assert_eq!(ingested.nar_size, nar.len() as u64);
}

fn best(mut work: impl FnMut()) -> Duration {
    best_of(|| {
        let started = Instant::now();
        work();
        started.elapsed()
    })
}

fn best_of(mut round: impl FnMut() -> Duration) -> Duration {
    (0..N_ROUNDS).map(|_| round()).min().unwrap()
}

/// Takes in a huge file of zeros in a process of its own, and holds its memory to the goal.
fn memory() -> usize {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let out = child.env(HUGE, HUGE_BYTES.to_string()).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let peak: u64 = String::from_utf8(out.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let missed = peak > MOST_KIB;
    let verdict = if missed { "MISSED" } else { "" };
    println!(
        "\none file of {} GB to disk: at most {} MB of memory (goal {}) {verdict}",
        HUGE_BYTES >> 30,
        peak >> 10,
        MOST_KIB >> 10
    );
    usize::from(missed)
}

fn huge(runtime: &Runtime, size: u64) {
    let env = Env::new();
    let mut ends = Vec::new();
    let mut writer = Writer::new(&mut ends);
    writer.file(FileKind::Regular, 8).unwrap();
    writer.contents(&[0; 8]).unwrap();
    writer.finish().unwrap();
    let at = ends.len() - 8 - 8 - 8;
    ends[at - 8..at].copy_from_slice(&size.to_le_bytes());
    let tail = ends.split_off(at + 8);
    ends.truncate(at);
    let nar = Cursor::new(ends)
        .chain(io::repeat(0).take(size))
        .chain(Cursor::new(tail));
    runtime.block_on(async {
        let folder = env.path("store");
        let store = Store::open(&folder, StoreDir::default()).await.unwrap();
        let session = store.session().unwrap();
        let ingested = session.ingest_blocking(nar, Ask::default()).await.unwrap();
        assert!(ingested.nar_size > size);
    });
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|it| it.strip_prefix("VmHWM:"))
        .unwrap();
    println!("{}", peak.split_whitespace().next().unwrap());
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
