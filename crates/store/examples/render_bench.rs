//! Times NARs of trees on disk: opened, read from an offset, and whole, against
//! `nix-store --dump` of the same tree.
//!
//! `cargo run --release -p store --example render_bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark times and prints, and ends where something is amiss"
)]

use std::io::{SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use castore::{Blobs, Directory, Disk, Limits, Name, Node};
use futures_util::StreamExt as _;
use nix_format::Sha256Hasher;
use store::render::{Layout, NarReader, NarStream};
use testkit::env::Env;
use testkit::nix::NixStore;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

const N_FILES: usize = 100_000;
const N_ROUNDS: usize = 5;
const N_SEEKS: u64 = 1_000;
/// How often one blob of 256 MiB comes in the tree of 10 GB.
const N_TIMES: usize = 40;
const BLOB_BYTES: usize = 256 << 20;

fn main() {
    tokio::runtime::Runtime::new().unwrap().block_on(run());
}

async fn run() {
    let env = Env::new();
    let nix = NixStore::new(&env);
    let blobs: Arc<dyn Blobs> = Arc::new(Disk::open(&env.path("blobs")).unwrap());
    // First, as memory that others gave back still counts.
    memory(&blobs).await;
    let many = env.path("many");
    write_many(&many);
    let root = import(&blobs, &many).await;
    let layout = open(&blobs, &root).await;
    seek(&blobs, &layout).await;
    whole(&nix, &many, &blobs, &layout).await;
    let large = env.path("large");
    std::fs::create_dir(&large).unwrap();
    for at in 0..4 {
        std::fs::write(large.join(at.to_string()), noise(at, 128 << 20)).unwrap();
    }
    let root = import(&blobs, &large).await;
    let layout = lay_out(&blobs, &root).await;
    println!("4 files of 128 MiB");
    whole(&nix, &large, &blobs, &layout).await;
}

/// 1,000 directories of 100 files of 4 KB, more or less.
fn write_many(folder: &Path) {
    for at in 0..N_FILES as u64 {
        let within = folder.join(format!("{:02}/{:03}", at / 10_000, at / 100));
        if at % 100 == 0 {
            std::fs::create_dir_all(&within).unwrap();
        }
        let len = usize::try_from(at * 7919 % 8000).unwrap();
        std::fs::write(within.join(format!("file-{at}")), noise(at, len)).unwrap();
    }
}

/// Bytes that are the same on every machine.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

async fn import(blobs: &Arc<dyn Blobs>, folder: &Path) -> Node {
    let imported = castore::import(blobs, folder, Limits::default(), &|_| {});
    imported.await.unwrap()
}

async fn lay_out(blobs: &Arc<dyn Blobs>, root: &Node) -> Arc<Layout> {
    let layout = Layout::read(&**blobs, root, Limits::default()).await;
    Arc::new(layout.unwrap())
}

fn goal(what: &str, found: &str, is_met: bool, goal: &str) {
    let met = if is_met { "met" } else { "MISSED" };
    println!("  {what:<44} {found} · goal {goal} · {met}");
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn ms(it: Duration) -> f64 {
    it.as_secs_f64() * 1e3
}

async fn open(blobs: &Arc<dyn Blobs>, root: &Node) -> Arc<Layout> {
    let mut rounds = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..N_ROUNDS {
        let started = Instant::now();
        let layout = lay_out(blobs, root).await;
        rounds.0.push(ms(started.elapsed()));
        let closure = Arc::clone(layout.closure());
        let started = Instant::now();
        last = Some(Layout::new(closure).unwrap());
        rounds.1.push(ms(started.elapsed()));
    }
    let (all, alone) = (median(rounds.0), median(rounds.1));
    println!("{N_FILES} files");
    let found = format!("{all:.1} ms, {alone:.1} ms of it without I/O");
    goal("a reader opens", &found, all <= 200.0, "≤ 200 ms");
    Arc::new(last.unwrap())
}

async fn seek(blobs: &Arc<dyn Blobs>, layout: &Arc<Layout>) {
    for percent in [0, 50, 99] {
        let mut reader = NarReader::new(Arc::clone(blobs), Arc::clone(layout));
        let mut each = Vec::new();
        for step in 0..N_SEEKS {
            // One in a hundred all around, never where one was before.
            let around = layout.len() / 100 - 4096;
            let at = layout.len() * percent / 100 + step * (around / N_SEEKS) * 617 % around;
            let started = Instant::now();
            reader.seek(SeekFrom::Start(at)).await.unwrap();
            reader.read_exact(&mut [0; 4096]).await.unwrap();
            each.push(ms(started.elapsed()));
        }
        let most = each.iter().copied().fold(0.0, f64::max);
        let median = median(each);
        let found = format!("{:.1} µs, at most {:.1} µs", median * 1e3, most * 1e3);
        let what = format!("a seek to {percent} % with a read of 4 KB");
        goal(&what, &found, median <= 1.0, "≤ 1 ms");
    }
}

/// All of it, to where it costs nothing to write.
async fn whole(nix: &NixStore, folder: &Path, blobs: &Arc<dyn Blobs>, layout: &Arc<Layout>) {
    let hash = ours(blobs, layout, Sha256Hasher::default(), |to, it| {
        to.update(it);
    })
    .await;
    assert_eq!(hash.finish(), nix_hash(nix, folder));
    let mut rounds = Vec::new();
    let null = || std::fs::File::create("/dev/null").unwrap();
    for _ in 0..N_ROUNDS {
        let started = Instant::now();
        ours(blobs, layout, null(), |to, it| to.write_all(it).unwrap()).await;
        let ours = ms(started.elapsed());
        let mut dump = nix.command("nix-store");
        dump.arg("--dump").arg(folder).stdout(null());
        let started = Instant::now();
        assert!(dump.status().unwrap().success());
        rounds.push((ours, ms(started.elapsed())));
    }
    let ours = median(rounds.iter().map(|it| it.0).collect());
    let theirs = median(rounds.iter().map(|it| it.1).collect());
    let ratio = median(rounds.iter().map(|it| it.1 / it.0).collect());
    let found = format!("{ratio:.2} × nix-store --dump, {ours:.0} ms against {theirs:.0} ms");
    goal("the whole NAR", &found, ratio >= 1.0, "≥ 1 ×");
}

async fn ours<T>(
    blobs: &Arc<dyn Blobs>,
    layout: &Arc<Layout>,
    mut to: T,
    mut take: impl FnMut(&mut T, &[u8]),
) -> T {
    let mut stream = NarStream::new(Arc::clone(blobs), Arc::clone(layout));
    while let Some(piece) = stream.next().await {
        take(&mut to, &piece.unwrap());
    }
    to
}

fn nix_hash(nix: &NixStore, folder: &Path) -> nix_format::Sha256 {
    let mut dump = nix.command("nix-store");
    let mut dump = dump.arg("--dump").arg(folder);
    dump = dump.stdout(Stdio::piped());
    let mut child = dump.spawn().unwrap();
    let (mut hasher, mut piece) = (Sha256Hasher::default(), vec![0; 1 << 16]);
    let mut from = child.stdout.take().unwrap();
    loop {
        match std::io::Read::read(&mut from, &mut piece).unwrap() {
            0 => break,
            n_bytes => hasher.update(&piece[..n_bytes]),
        }
    }
    assert!(child.wait().unwrap().success());
    hasher.finish()
}

/// How much memory a NAR of 10 GB takes.
async fn memory(blobs: &Arc<dyn Blobs>) {
    let mut writer = blobs.create().await.unwrap();
    for at in 0..BLOB_BYTES >> 20 {
        writer.write(&noise(at as u64, 1 << 20)).await.unwrap();
    }
    let digest = writer.finish().await.unwrap();
    let node = |executable| Node::File {
        digest,
        size: BLOB_BYTES as u64,
        executable,
    };
    let names = (0..N_TIMES).map(|it| Name::new(it.to_string()).unwrap());
    let top = Directory::new(names.map(|it| (it, node(false)))).unwrap();
    blobs.put(top.print().into()).await.unwrap();
    let layout = lay_out(blobs, &top.node()).await;
    let n_bytes = ours(blobs, &layout, 0, |to, it| *to += it.len() as u64).await;
    assert_eq!(n_bytes, layout.len());
    let most = most_memory();
    println!("one NAR of {:.1} GB", n_bytes as f64 / 1e9);
    let found = format!("{} MiB", most >> 10);
    goal("memory at most", &found, most <= 64 << 10, "≤ 64 MiB");
}

/// The most memory so far, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
