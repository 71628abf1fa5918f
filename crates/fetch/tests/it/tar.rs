//! Archives: as tar and Nix unpack them, and not a byte outside.

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use fetch::tar::{UnpackError, unpack};
use testkit::env::Env;
use testkit::repo::run;
use testkit::tools;

use crate::archive::{LIMITS, archive as archive_is_safe};

fn unpacked(env: &Env, archive: &[u8]) -> Result<PathBuf, UnpackError> {
    let into = env.path("into");
    drop(fs::remove_dir_all(&into));
    fs::create_dir(&into).unwrap();
    unpack(archive, &into, &LIMITS, &AtomicBool::new(false))
}

/// The code of the error, and its message.
#[track_caller]
fn refused(env: &Env, archive: &[u8]) -> String {
    let error = unpacked(env, archive).unwrap_err();
    let code = miette::Diagnostic::code(&error).unwrap().to_string();
    format!("{}: {error}", code.trim_start_matches("eka::tar::"))
}

/// A folder with files of all kinds.
fn source(env: &Env) -> PathBuf {
    let top = env.path("src/top-1.0");
    fs::create_dir_all(top.join("a/empty")).unwrap();
    fs::write(top.join("a/b"), "text\n").unwrap();
    fs::write(top.join("a/large"), vec![b'x'; 300_000]).unwrap();
    fs::write(top.join("run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(top.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(top.join("a/b"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a/b", top.join("link")).unwrap();
    symlink("/nowhere/../x", top.join("out")).unwrap();
    fs::hard_link(top.join("run"), top.join("a/run-too")).unwrap();
    fs::write(top.join(format!("a/{}", "long".repeat(60))), "long\n").unwrap();
    fs::write(top.join("a/λ"), "λ\n").unwrap();
    top
}

fn nix_hash(env: &Env, path: &Path) -> String {
    let mut nix = env.command("nix");
    nix.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
    ]);
    String::from_utf8(run(nix.arg(path)).stdout).unwrap()
}

#[test]
fn what_tar_packs_comes_out_the_same() {
    let programs = [
        "tar",
        "gzip",
        "xz",
        "zstd",
        "bzip2",
        "nix",
        "nix-prefetch-url",
    ];
    if !tools::have(&programs) {
        return;
    }
    let env = Env::new();
    let top = source(&env);
    let expected = nix_hash(&env, &top);
    for format in ["gnu", "pax", "ustar", "oldgnu", "v7"] {
        if matches!(format, "ustar" | "v7") {
            drop(fs::remove_file(
                top.join(format!("a/{}", "long".repeat(60))),
            ));
        }
        let expected = nix_hash(&env, &top);
        for flag in ["", "--gzip", "--xz", "--zstd", "--bzip2"] {
            let path = env.path("archive");
            let mut tar = env.command("tar");
            tar.arg(format!("--format={format}"))
                .arg("-C")
                .arg(top.parent().unwrap());
            if !flag.is_empty() {
                tar.arg(flag);
            }
            run(tar.arg("-cf").arg(&path).arg("top-1.0"));
            let archive = fs::read(&path).unwrap();
            let content = unpacked(&env, &archive).unwrap();
            assert_eq!(content.file_name().unwrap(), "top-1.0");
            assert_eq!(nix_hash(&env, &content), expected, "{format} {flag}");
        }
    }
    assert_ne!(expected, nix_hash(&env, &top));
    // Nix itself, asked for the last of them.
    let mut nix = env.command("nix-prefetch-url");
    let store = format!("local?root={}", env.path("store").display());
    nix.args(["--store", &store, "--unpack", "--type", "sha256"]);
    nix.arg(format!("file://{}", env.path("archive").display()));
    nix.env("NIX_CONFIG", "substituters =\nbuild-users-group =\n");
    let said = String::from_utf8(run(&mut nix).stdout).unwrap();
    let mut hash = env.command("nix");
    hash.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
        "--base32",
    ]);
    let ours = run(hash.arg(env.path("into/top-1.0"))).stdout;
    assert_eq!(said, String::from_utf8(ours).unwrap());
}

#[test]
fn only_a_folder_that_is_alone_at_the_top_is_entered() {
    let env = Env::new();
    let into = env.path("into");
    let check = |entries: &[Vec<u8>], top: &str| {
        let content = unpacked(&env, &archive(entries)).unwrap();
        assert_eq!(content, into.join(top).components().collect::<PathBuf>());
    };
    check(&[file("a/b", "x")], "a");
    check(&[folder("./"), folder("./a/"), file("./a/b", "x")], "a");
    check(&[file("a/b", "x"), file("c", "x")], "");
    check(&[file("a", "x")], "");
    check(&[link("a", "b")], "");
    check(
        &[
            entry(b'g', "pax_global_header", b"", b"19 comment=abcdefg\n"),
            file("a/b", "x"),
        ],
        "a",
    );
    check(&[entry(b'V', "label", b"", b""), file("a//./b", "x")], "a");
}

#[test]
fn streams_in_several_parts_are_read_to_their_end() {
    if !tools::have(&["gzip", "xz", "zstd", "bzip2"]) {
        return;
    }
    let env = Env::new();
    let whole = archive(&[file("a/b", &"text".repeat(2000))]);
    let (one, two) = whole.split_at(1000);
    for program in ["gzip", "xz", "zstd", "bzip2"] {
        let packed = |bytes: &[u8]| {
            let path = env.path("part");
            fs::write(&path, bytes).unwrap();
            let mut command = env.command(program);
            run(command.arg("-c").arg(&path)).stdout
        };
        let mut parts = packed(one);
        if program == "zstd" {
            parts.extend(b"\x50\x2a\x4d\x18\x03\0\0\0abc");
        }
        parts.extend(packed(two));
        let content = unpacked(&env, &parts).unwrap();
        assert_eq!(
            fs::read(content.join("b")).unwrap().len(),
            8000,
            "{program}"
        );
        // Cut off anywhere, or with a bit turned, it is damaged; a whole file is never half there.
        for cut in [7, parts.len() / 2, parts.len() - 5] {
            let shown = refused(&env, &parts[..cut]);
            assert!(shown.starts_with("damaged"), "{program} {cut}: {shown}");
        }
        let mut turned = parts.clone();
        let at = packed(one).len() / 2;
        turned[at] ^= 0x10;
        let shown = refused(&env, &turned);
        assert!(shown.starts_with("damaged"), "{program}: {shown}");
    }
}

/// What the archive holds, as [`made`] reads it, and what is said of it.
const HOSTILE: &str = "\
f ../canary/x => leads to another folder
f a/../../canary/x => leads to another folder
d a/.. => leads to another folder
f OUT/x => is not relative
d / => is not relative
L a/../../canary/x; f a => leads to another folder
x path ../canary/x; f a => leads to another folder
x path /etc/x; f a => is not relative
l l OUT; f l/x => lies below a file or a link
l l OUT; d l/y => lies below a file or a link
l l OUT/x; f l => is there twice
d l; l l OUT => is there twice
l l a; l l OUT => is there twice
f a; f a => is there twice
f a/b; f ./a//b => is there twice
f a; d a => is there twice
f a; f a/b => lies below a file or a link
h h ../canary/x => leads to another folder
h h OUT/x => is not relative
l l OUT; h h l/x => that does not stand before it
h h a; f a => that does not stand before it
d a; h h a => that does not stand before it
l l  => leads nowhere
3 d => is a device or a pipe
4 d => is a device or a pipe
6 d => is a device or a pipe
u a => would run as its owner
s a => would run as its owner
S s => is a sparse file
x GNU.sparse.major 1; f s => is a sparse file
M m => is of an unknown kind
f a/.git/hooks/x => read as `.git`
f GIT~1/config => read as `.git`
f a\\..\\x => has a separator
f a\x1b[2J => has a control character
x path a\tb; f a => has a control character
f a\u{85}b => has a control character
f  => has an empty name
f . => has an empty name
x size 9; f a => damaged
g path /canary; f a => damaged
f d/d/d/d/d/d/d/d/d/d/d/d/d/x => limits.depth";

/// Reads entries, such as `f path` (a file), `d` (a folder), `l path target`, `h path target`.
fn made(text: &str, out: &str) -> Vec<u8> {
    let entries = text.split("; ").map(|it| {
        let text = it.replace("OUT", out);
        let (kind, rest) = text.split_once(' ').unwrap();
        let (path, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let kind = kind.as_bytes()[0];
        match kind {
            b'f' => file(path, "dead"),
            b'd' => folder(path),
            b'l' => link(path, more),
            b'h' => hard(path, more),
            b'u' => file(path, "dead").tap(|it| set_mode(it, 0o4755)),
            b's' => file(path, "dead").tap(|it| set_mode(it, 0o2644)),
            b'L' => entry(b'L', "././@LongLink", b"", format!("{path}\0").as_bytes()),
            b'x' | b'g' => {
                let rest = format!(" {path}={more}\n");
                let fits = |n: &usize| n.to_string().len() + rest.len() == *n;
                let n = (1..).find(fits).unwrap();
                entry(kind, "pax", b"", format!("{n}{rest}").as_bytes())
            }
            _ => entry(kind, path, b"", b""),
        }
    });
    archive(&entries.collect::<Vec<_>>())
}

#[test]
fn hostile_archives_touch_nothing_outside() {
    let env = Env::new();
    let canary = env.path("canary");
    fs::create_dir(&canary).unwrap();
    fs::write(canary.join("x"), "alive").unwrap();
    let check = |name: &str, archive: &[u8], expected: &str| {
        let shown = refused(&env, archive);
        assert!(shown.contains(expected), "{name}: {shown}");
        assert!(!shown.contains(char::is_control), "{name}: {shown}");
        assert_eq!(fs::read_to_string(canary.join("x")).unwrap(), "alive");
        assert_eq!(fs::read_dir(&canary).unwrap().count(), 1, "{name}");
    };
    assert!(HOSTILE.lines().count() >= 40);
    for line in HOSTILE.lines() {
        let (entries, expected) = line.split_once(" => ").unwrap();
        let bytes = made(entries, canary.to_str().unwrap());
        check(line, &bytes, expected);
    }
    let not_utf8 = file("a", "x").tap(|it| it[0] = 0xff);
    check("not UTF-8", &archive(&[not_utf8]), "is not UTF-8");
    let many: Vec<_> = (0..300).map(|n| file(&n.to_string(), "")).collect();
    check("many", &archive(&many), "limits.entries");
}

/// Changes a header, and its sum.
trait Tap {
    fn tap(self, change: impl FnOnce(&mut [u8])) -> Self;
}

impl Tap for Vec<u8> {
    fn tap(mut self, change: impl FnOnce(&mut [u8])) -> Self {
        change(&mut self);
        sum(&mut self);
        self
    }
}

#[test]
fn links_are_made_last_and_lead_where_they_say() {
    let env = Env::new();
    let entries = [
        link("l", "../../canary"),
        file("a", "x"),
        hard("m", "l"),
        hard("b", "a"),
    ];
    let top = unpacked(&env, &archive(&entries)).unwrap();
    assert_eq!(
        fs::read_link(top.join("l")).unwrap(),
        Path::new("../../canary")
    );
    assert_eq!(
        fs::read_link(top.join("m")).unwrap(),
        Path::new("../../canary")
    );
    assert_eq!(fs::read_to_string(top.join("b")).unwrap(), "x");
    assert_eq!(
        fs::metadata(top.join("a")).unwrap().permissions().mode() & 0o7777,
        0o644
    );
}

#[test]
fn bombs_go_off_at_their_limit() {
    let env = Env::new();
    // A megabyte of zeros to each of 20 KB, and far beyond what is taken.
    let path = env.path("bomb");
    let script = "head -c 64M /dev/zero | tar -cf - --transform s,dev/stdin,zeros, /dev/null >/dev/null 2>&1; head -c 64M /dev/zero | gzip -9";
    let mut shell = env.command("bash");
    let packed = run(shell.args(["-c", script])).stdout;
    fs::write(&path, &packed).unwrap();
    let head = archive(&[entry_of_size(b'0', "zeros", 64 << 20)]);
    let mut gzip = env.command("bash");
    fs::write(env.path("head"), &head[..512]).unwrap();
    let line = format!(
        "gzip -c {}; cat {}",
        env.path("head").display(),
        path.display()
    );
    let bomb = run(gzip.args(["-c", &line])).stdout;
    assert!(bomb.len() < 100_000);
    let shown = refused(&env, &bomb);
    assert!(
        shown.starts_with("limit: ") && shown.contains("limits.unpacked-bytes"),
        "{shown}"
    );
    let written: u64 = fs::read_dir(env.path("into"))
        .unwrap()
        .map(|it| it.unwrap().metadata().unwrap().len())
        .sum();
    assert!(written <= LIMITS.bytes);
    // A name of a gigabyte is not read, nor is one file copied without end.
    let name = [&entry_of_size(b'L', "l", 1 << 30)[..512], &[b'a'; 4096]].concat();
    assert!(refused(&env, &name).starts_with("damaged"));
    let mut entries = vec![file("a", &"x".repeat(1 << 20))];
    entries.extend((0..50).map(|n| hard(&format!("h{n}"), "a")));
    assert!(refused(&env, &archive(&entries)).contains("limits.unpacked-bytes"));
}

#[test]
fn what_is_no_archive_is_told() {
    let env = Env::new();
    for (bytes, expected) in [
        (
            &b""[..],
            "kind: the file is no archive that can be unpacked: it is empty",
        ),
        (
            b"PK\x03\x04more",
            "kind: the file is no archive that can be unpacked: it is a zip",
        ),
        (b"<!DOCTYPE html><html>", "damaged"),
        (&[b'x'; 2000], "damaged"),
        (&[0; 1024], "empty"),
        (b"\x1f\x8b", "damaged"),
        (b"\xfd7zXZ\0", "damaged"),
        (b"\x28\xb5\x2f\xfd", "damaged"),
        (b"BZh9", "damaged"),
    ] {
        let shown = refused(&env, bytes);
        assert!(shown.starts_with(expected), "{shown}");
    }
    let whole = archive(&[file("a", &"x".repeat(2000))]);
    for cut in [100, 600, 1500, 2500] {
        let shown = refused(&env, &whole[..cut]);
        assert!(shown.starts_with("damaged"), "{cut}: {shown}");
    }
    let raised = AtomicBool::new(true);
    let into = env.path("into");
    let stopped = unpack(&whole[..], &into, &LIMITS, &raised);
    assert!(matches!(stopped, Err(UnpackError::Interrupted)));
}

#[test]
fn a_full_disk_is_told() {
    let env = Env::new();
    let into = env.path("into");
    fs::create_dir(&into).unwrap();
    fs::create_dir(into.join("a")).unwrap();
    let archive = archive(&[file("a", "x")]);
    let error = unpack(&archive[..], &into, &LIMITS, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, UnpackError::Write { .. }), "{error}");
    let gone = unpack(
        &archive[..],
        &env.path("gone"),
        &LIMITS,
        &AtomicBool::new(false),
    );
    assert!(matches!(gone, Err(UnpackError::Write { .. })));
}

proptest::proptest! {
    /// Whatever bytes come: no panic, and no step leads out of its folder.
    #[test]
    fn any_bytes_are_an_archive_or_not(
        cuts in proptest::collection::vec((0..4000_usize, 0..=255_u8), 0..12),
        seed in 0..6_usize,
    ) {
        let mut bytes = archive(&[
            entry(b'x', "p", b"", b"11 path=a/b\n"),
            file("x", "text"),
            link("l", "a/b"),
            hard("h", "a/b"),
            folder("d/"),
            entry(b'L', "n", b"", b"n/m\0"),
            file("y", &"z".repeat(seed * 100)),
        ]);
        for (at, byte) in cuts {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        archive_is_safe(&bytes);
        for start in [0, 512, 1024] {
            let at = start.min(bytes.len());
            let mut header = bytes[at..].to_vec();
            sum(&mut header);
            archive_is_safe(&header);
        }
    }
}

// A tar, byte by byte: no library would write these.

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.extend([0; 1024]);
    bytes
}

fn file(path: &str, text: &str) -> Vec<u8> {
    entry(b'0', path, b"", text.as_bytes())
}

fn folder(path: &str) -> Vec<u8> {
    entry(b'5', path, b"", b"")
}

fn link(path: &str, target: &str) -> Vec<u8> {
    entry(b'2', path, target.as_bytes(), b"")
}

fn hard(path: &str, target: &str) -> Vec<u8> {
    entry(b'1', path, target.as_bytes(), b"")
}

fn entry_of_size(kind: u8, path: &str, size: u64) -> Vec<u8> {
    let mut header = entry(kind, path, b"", b"");
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    sum(&mut header);
    header
}

fn entry(kind: u8, path: &str, target: &[u8], body: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[157..157 + target.len()].copy_from_slice(target);
    header[257..265].copy_from_slice(b"ustar\x0000");
    set_mode(&mut header, 0o644);
    header.extend(body);
    let padded = header.len().next_multiple_of(512);
    header.resize(padded, 0);
    header
}

fn set_mode(header: &mut [u8], mode: u32) {
    header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
    sum(header);
}

/// Writes the sum of a header.
fn sum(header: &mut [u8]) {
    if header.len() < 512 {
        return;
    }
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header[..512].iter().map(|it| u32::from(*it)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// The reader may be a file as well as a slice.
#[test]
fn a_file_is_read_as_its_bytes_are() {
    let env = Env::new();
    let path = env.path("archive");
    fs::write(&path, archive(&[file("a/b", "x")])).unwrap();
    let into = env.path("into");
    fs::create_dir(&into).unwrap();
    let file = BufReader::new(File::open(&path).unwrap());
    let top = unpack(file, &into, &LIMITS, &AtomicBool::new(false)).unwrap();
    let mut text = String::new();
    File::open(top.join("b"))
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "x");
}
