//! Times the NAR codec in memory, against a copy of the same bytes.
//!
//! `cargo run --release -p nix-format --example nar_codec_bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends where something is amiss"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the crate is pure, its clock is not"
)]

use std::hint::black_box;
use std::time::Instant;

use nix_format::nar::{Decoder, Event, FileKind, Listing, Writer};

const N_ROUNDS: usize = 9;

/// Large files: so many of so many bytes.
const LARGE: (usize, usize) = (4, 64 << 20);

/// Small files: folders, files in each, and bytes of each file.
const SMALL: (usize, usize, usize) = (1_000, 200, 40);

/// How many bytes of a NAR come at a time, as from a pipe or a socket.
const PIECE: usize = 128 << 10;

fn main() {
    large();
    small();
}

fn large() {
    let (n_files, n_bytes) = LARGE;
    let contents = vec![0x5a; n_bytes];
    let encode = |out: Vec<u8>| {
        let mut writer = Writer::new(out);
        writer.directory().unwrap();
        for n in 0..n_files {
            writer.entry(format!("{n:08}").as_bytes()).unwrap();
            writer.file(FileKind::Regular, n_bytes as u64).unwrap();
            for piece in contents.chunks(PIECE) {
                writer.contents(piece).unwrap();
            }
        }
        writer.end_directory().unwrap();
        writer.finish().unwrap()
    };
    let nar = encode(Vec::new());
    let gb = nar.len() as f64 / 1e9;
    let mut room = nar.clone();
    // A Vec that has its pages: what is timed is the codec, not the kernel.
    let mut taken = Some(nar.clone());
    let mut spent = [const { Vec::new() }; 4];
    for _ in 0..N_ROUNDS {
        spent[0].push(seconds(|| room.copy_from_slice(black_box(&nar))));
        spent[1].push(seconds(|| {
            let mut out = taken.take().unwrap();
            out.clear();
            taken = Some(encode(out));
        }));
        spent[2].push(seconds(|| {
            // What a consumer does that writes: each byte is copied once.
            let mut at = 0;
            decode(&nar, |event| {
                if let Event::Contents(bytes) = event {
                    room[at..at + bytes.len()].copy_from_slice(bytes);
                    at += bytes.len();
                }
            });
        }));
        spent[3].push(seconds(|| {
            decode(&nar, |event| {
                black_box(event);
            });
        }));
    }
    assert!(taken.unwrap() == nar);
    let [copy, encode, write, decode] = spent.map(middle);
    println!(
        "large files: a copy {:.1} GB/s · encode {:.1} GB/s, {:.2} × the copy's time · decode and copy {:.1} GB/s, {:.2} ×",
        gb / copy,
        gb / encode,
        encode / copy,
        gb / write,
        write / copy,
    );
    println!(
        "large files: decode alone {:.0} GB/s: contents are handed on where they lie",
        gb / decode
    );
    goal("large files, encode, GB/s", gb / encode, 3.0);
    goal("large files, decode and copy, GB/s", gb / write, 3.0);
}

fn small() {
    let (n_folders, n_files, n_bytes) = SMALL;
    let contents = vec![0x5a; n_bytes];
    let names = |prefix: &str, n: usize| -> Vec<Vec<u8>> {
        let name = |n| format!("{prefix}-{n:08}").into_bytes();
        (0..n).map(name).collect()
    };
    let (folders, files) = (names("folder", n_folders), names("file", n_files));
    let encode = |out: Vec<u8>| {
        let mut writer = Writer::new(out);
        writer.directory().unwrap();
        for folder in &folders {
            writer.entry(folder).unwrap();
            writer.directory().unwrap();
            for file in &files {
                writer.entry(file).unwrap();
                writer.file(FileKind::Regular, n_bytes as u64).unwrap();
                writer.contents(&contents).unwrap();
            }
            writer.end_directory().unwrap();
        }
        writer.end_directory().unwrap();
        writer.finish().unwrap()
    };
    let nar = encode(Vec::new());
    let mut taken = Some(nar.clone());
    let mut spent = [const { Vec::new() }; 3];
    for _ in 0..N_ROUNDS {
        spent[0].push(seconds(|| {
            let mut out = taken.take().unwrap();
            out.clear();
            taken = Some(encode(out));
        }));
        spent[1].push(seconds(|| {
            let mut n_seen = 0;
            decode(&nar, |event| n_seen += usize::from(event == Event::EndFile));
            assert_eq!(n_seen, n_folders * n_files);
        }));
        spent[2].push(seconds(|| {
            let mut listing = Listing::file();
            decode(&nar, |event| listing.take(&event));
            black_box(listing.finish());
        }));
    }
    assert!(taken.unwrap() == nar);
    let n_all = (n_folders * n_files) as f64;
    let [encode, decode, list] = spent.map(middle);
    goal("small files, encode, a second", n_all / encode, 200_000.0);
    goal("small files, decode, a second", n_all / decode, 200_000.0);
    goal(
        "small files, decode and list, a second",
        n_all / list,
        200_000.0,
    );
}

/// Decodes, in pieces.
fn decode(nar: &[u8], mut take: impl FnMut(Event<'_>)) {
    let mut decoder = Decoder::default();
    for mut piece in nar.chunks(PIECE) {
        while let Some(event) = decoder.next_event(&mut piece).unwrap() {
            take(event);
        }
    }
    decoder.finish().unwrap();
}

fn goal(what: &str, found: f64, least: f64) {
    let met = if found >= least { "met" } else { "MISSED" };
    println!("{what}: {found:.1} · goal ≥ {least} · {met}");
}

fn seconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
