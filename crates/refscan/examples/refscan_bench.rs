//! Times both searches against reading memory, and against those of others.
//!
//! `cargo run --release -p refscan --example refscan_bench`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads, times and prints, and ends where something is amiss"
)]

use std::collections::HashSet;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aho_corasick::AhoCorasick;
use refscan::{Candidates, StoreSpec, references};
use store_ref_scanner::StoreRefScanner;

/// Each corpus; more than the caches of most processors.
const CORPUS_BYTES: usize = 64 << 20;
/// What the slow ones get: enough for a figure.
const SLOW_BYTES: usize = 4 << 20;
const N_ROUNDS: usize = 9;
const N_SLOW_ROUNDS: usize = 5;
const BASE32: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
/// What is timed at a time.
const PIECE_BYTES: usize = 1 << 20;
/// How far hashes that are looked for lie apart in each corpus: ten of them, again and again.
const STRIDE: usize = 64 << 10;

struct Corpus {
    name: &'static str,
    bytes: Vec<u8>,
    /// Every byte may be part of a hash: no search passes over it at the speed of reading.
    is_dense: bool,
}

fn main() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let hashes: Vec<Vec<u8>> = (0..100_000)
        .map(|_| dice.bytes(32, |it| BASE32[usize::from(it % 32)]))
        .collect();
    let corpora = corpora(&mut dice, &hashes);
    println!(
        "GB/s, the best of {N_ROUNDS} rounds on {} MB",
        CORPUS_BYTES >> 20
    );
    let mut n_missed = 0;
    for n_candidates in [10, 1_000, 100_000] {
        println!("\n{n_candidates} candidates");
        let search = Peers::new(&hashes[..n_candidates]);
        for corpus in &corpora {
            n_missed += search.compare(corpus);
        }
    }
    println!("\ndiscovery");
    for corpus in &corpora {
        n_missed += discovery(corpus);
    }
    println!("\n{n_missed} goals missed");
}

/// The same candidates, as each search takes them.
struct Peers {
    ours: Candidates,
    aho_corasick: AhoCorasick,
    nix: HashSet<Vec<u8>>,
}

impl Peers {
    fn new(hashes: &[Vec<u8>]) -> Self {
        Self {
            ours: Candidates::new(&StoreSpec::NIX, hashes).unwrap(),
            aho_corasick: AhoCorasick::new(hashes).unwrap(),
            nix: hashes.iter().cloned().collect(),
        }
    }

    fn compare(&self, corpus: &Corpus) -> usize {
        let bytes = &corpus.bytes[..];
        let slow = &bytes[..SLOW_BYTES];
        let (mut read, mut ours, mut ours_fed) =
            (Best::default(), Best::default(), Best::default());
        for _ in 0..N_ROUNDS {
            read.time(bytes, read_all);
            ours.time(bytes, |bytes| self.ours.hits(bytes).count());
            ours_fed.time(bytes, |bytes| {
                let (mut search, mut n_hits) = (self.ours.search(), 0);
                for piece in bytes.chunks(64 << 10) {
                    search.feed(piece, |_| n_hits += 1);
                }
                n_hits
            });
        }
        let (mut nix, mut aho_corasick, mut few) =
            (Best::default(), Best::default(), Best::default());
        for _ in 0..N_SLOW_ROUNDS {
            few.time(slow, |bytes| self.ours.hits(bytes).count());
            nix.time(slow, |bytes| as_nix_does(bytes, &self.nix));
            aho_corasick.time(slow, |bytes| {
                self.aho_corasick.find_overlapping_iter(bytes).count()
            });
        }
        assert_eq!(ours.result, ours_fed.result, "in pieces");
        assert_eq!(few.result, nix.result, "as Nix");
        println!(
            "{:10} read {:5.2} · ours {:6.3} · fed {:6.3} · as Nix {:6.3} · aho-corasick {:6.3}",
            corpus.name,
            read.speed(),
            ours.speed(),
            ours_fed.speed(),
            nix.speed(),
            aho_corasick.speed()
        );
        let of_nix = ("ours / Nix's loop", ours_fed.speed() / nix.speed(), 5.0);
        let of_reading = ("ours / reading", ours_fed.speed() / read.speed(), 0.85);
        let of_peer = (
            "ours / aho-corasick",
            ours_fed.speed() / aho_corasick.speed(),
            1.0,
        );
        goal(if corpus.is_dense { of_nix } else { of_reading }) + goal(of_peer)
    }
}

fn discovery(corpus: &Corpus) -> usize {
    let bytes = &corpus.bytes[..];
    let (mut read, mut ours, mut peer) = (Best::default(), Best::default(), Best::default());
    for _ in 0..N_ROUNDS {
        read.time(bytes, read_all);
        ours.time(bytes, |bytes| references(bytes, &StoreSpec::NIX).count());
        let spec = &store_ref_scanner::StoreSpec::DFL_NIX2;
        peer.time(bytes, |bytes| StoreRefScanner::new(bytes, spec).count());
    }
    assert_eq!(ours.result, peer.result, "{}", corpus.name);
    println!(
        "{:10} read {:5.2} · ours {:6.3} · store-ref-scanner {:6.3}",
        corpus.name,
        read.speed(),
        ours.speed(),
        peer.speed()
    );
    goal(("ours / store-ref-scanner", ours.speed() / peer.speed(), 5.0))
}

/// Says whether a ratio is what it should be at least; counts what is missed.
fn goal((name, found, least): (&str, f64, f64)) -> usize {
    let is_met = found >= least;
    let met = if is_met { "met" } else { "MISSED" };
    println!("           {name}: {found:.2} · goal ≥ {least} · {met}");
    usize::from(!is_met)
}

/// The best times so far, and what was found.
///
/// Each piece of a corpus has a best time of its own, so that what else the machine does meanwhile
/// counts less.
#[derive(Default)]
struct Best {
    seconds: Vec<f64>,
    n_bytes: usize,
    result: usize,
}

impl Best {
    fn time(&mut self, bytes: &[u8], mut work: impl FnMut(&[u8]) -> usize) {
        (self.n_bytes, self.result) = (bytes.len(), 0);
        for (place, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
            let started = Instant::now();
            self.result += black_box(work(black_box(piece)));
            let seconds = started.elapsed().as_secs_f64();
            match self.seconds.get_mut(place) {
                Some(best) => *best = best.min(seconds),
                None => self.seconds.push(seconds),
            }
        }
    }

    /// In GB/s.
    fn speed(&self) -> f64 {
        self.n_bytes as f64 / self.seconds.iter().sum::<f64>() / 1e9
    }
}

/// Reads all bytes and does next to nothing with them.
fn read_all(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0_u64, |sum, word| {
        sum.wrapping_add(u64::from_ne_bytes(*word))
    });
    black_box(sum) as usize
}

/// Looks at the last byte of a window first, passes over all windows with a byte that no hash has,
/// and asks a set for each that is left.
fn as_nix_does(bytes: &[u8], wanted: &HashSet<Vec<u8>>) -> usize {
    let mut is_digit = [false; 256];
    BASE32
        .iter()
        .for_each(|&it| is_digit[usize::from(it)] = true);
    let (mut at, mut n_found) = (0, 0);
    while at + 32 <= bytes.len() {
        let window = &bytes[at..at + 32];
        if let Some(bad) = window.iter().rposition(|&it| !is_digit[usize::from(it)]) {
            at += bad + 1;
            continue;
        }
        // A string is made for each question, as there.
        n_found += usize::from(wanted.contains(&window.to_vec()));
        at += 1;
    }
    n_found
}

fn corpora(dice: &mut Dice, hashes: &[Vec<u8>]) -> Vec<Corpus> {
    let library = |path: &Path| {
        path.extension()
            .is_some_and(|it| it == "so" || it == "rlib")
    };
    let text = |path: &Path| {
        let is_text =
            |it: &std::ffi::OsStr| ["h", "py", "pm", "txt", "rs"].iter().any(|end| it == *end);
        path.extension().is_some_and(is_text)
    };
    let hex = |it| b"0123456789abcdef"[usize::from(it % 16)];
    let all = [
        ("random", dice.bytes(CORPUS_BYTES, |it| it), false),
        (
            "ELF",
            tree(
                "/usr/lib",
                &|path| library(path) || path.to_string_lossy().contains(".so."),
                b"\x7fELF",
            ),
            false,
        ),
        ("text", tree("/usr", &text, b""), false),
        ("all hex", dice.bytes(CORPUS_BYTES, hex), true),
        (
            "all base32",
            dice.bytes(CORPUS_BYTES, |it| BASE32[usize::from(it % 32)]),
            true,
        ),
    ];
    let plant = |(name, mut bytes, is_dense): (_, Vec<u8>, _)| {
        let places = (STRIDE / 2..CORPUS_BYTES).step_by(STRIDE);
        for (at, hash) in places.zip(hashes.iter().take(10).cycle()) {
            bytes[at..at + 11].copy_from_slice(b"/nix/store/");
            bytes[at + 11..at + 43].copy_from_slice(hash);
        }
        Corpus {
            name,
            bytes,
            is_dense,
        }
    };
    all.into_iter().map(plant).collect()
}

/// Files below a folder, in the order of their names, one after another until it is enough.
fn tree(folder: &str, is_wanted: &dyn Fn(&Path) -> bool, begins: &[u8]) -> Vec<u8> {
    let (mut all, mut folders) = (Vec::new(), vec![PathBuf::from(folder)]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_wanted(&path) {
                let bytes = std::fs::read(path).unwrap_or_default();
                if bytes.starts_with(begins) {
                    all.extend(bytes);
                }
            }
            if all.len() >= CORPUS_BYTES {
                all.truncate(CORPUS_BYTES);
                return all;
            }
        }
    }
    assert!(!all.is_empty(), "nothing of the kind below `{folder}`");
    let n_bytes = all.len();
    println!("only {n_bytes} bytes below {folder}: repeated");
    all.into_iter().cycle().take(CORPUS_BYTES).collect()
}

/// Bytes that are the same on every machine.
struct Dice(u64);

impl Dice {
    fn bytes(&mut self, n_bytes: usize, letter: impl Fn(u8) -> u8) -> Vec<u8> {
        let next = |_| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            letter(self.0.to_le_bytes()[5])
        };
        (0..n_bytes).map(next).collect()
    }
}
