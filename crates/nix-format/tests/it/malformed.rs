//! Bytes that are no NAR: each kind refused, with its position; and what Nix says of them.

use std::io::Write as _;
use std::process::Stdio;

use testkit::env::Env;
use testkit::tools;

use crate::property::decode;
use crate::tree::rich;

/// What `nix-store --restore` of Nix 2.8 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nix {
    Refuses,
    Restores,
}
use Nix::{Refuses, Restores};

/// Texts, what is said of them, and what Nix does.
///
/// Each word is a text of a NAR; after `=` it is one that is free, with `\0` for NUL; after `#` it
/// is bytes in hexadecimal. `DIR` opens a directory, `FILE` is an empty file, `MAGIC` the first word.
const TABLE: &[(&str, &str, Nix)] = &[
    (
        r"MAGIC DIR entry ( name = node FILE ) )",
        r"`` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =. node FILE ) )",
        r"`.` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =.. node FILE ) )",
        r"`..` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a/b node FILE ) )",
        r"`a/b` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =/ node FILE ) )",
        r"`/` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a\0b node FILE ) )",
        r"`a\x00b` cannot be a name, at byte 128 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =b node FILE ) entry ( name =a node FILE ) )",
        r"`a` comes after `b`, at byte 312 of the NAR",
        Restores,
    ),
    (
        r"MAGIC DIR entry ( name =a.b node FILE ) entry ( name =a node FILE ) )",
        r"`a` comes after `a.b`, at byte 312 of the NAR",
        Restores,
    ),
    (
        r"MAGIC DIR entry ( name =a node FILE ) entry ( name =a node FILE ) )",
        r"`a` comes after `a`, at byte 312 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a node FILE ) entry ( name =a node DIR ) ) )",
        r"`a` comes after `a`, at byte 312 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a node ( type symlink target =b ) ) entry ( name =a node DIR ) ) )",
        r"`a` comes after `a`, at byte 320 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target = )",
        r"`` cannot be the target of a symbolic link, at byte 88 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target =a\0b )",
        r"`a\x00b` cannot be the target of a symbolic link, at byte 88 of the NAR",
        Restores,
    ),
    (
        r"nix-archive-2 FILE",
        r"`nix-archive-2` where `nix-archive-1` must follow, at byte 0 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC )",
        r"`)` where `(` must follow, at byte 24 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( )",
        r"`)` where `type` must follow, at byte 40 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type fifo )",
        r"`fifo` where `regular`, `symlink` or `directory` must follow, at byte 56 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular )",
        r"`)` where `executable` or `contents` must follow, at byte 72 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type regular contents = contents = )",
        r"`contents` where `)` must follow, at byte 96 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type regular executable =x contents = )",
        r"`x` where an empty text must follow, at byte 96 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular executable = executable = contents = )",
        r"`executable` where `contents` must follow, at byte 104 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type regular contents = executable = )",
        r"`executable` where `)` must follow, at byte 96 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type regular target =a )",
        r"`target` where `executable` or `contents` must follow, at byte 72 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular type regular contents = )",
        r"`type` where `executable` or `contents` must follow, at byte 72 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink )",
        r"`)` where `target` must follow, at byte 72 of the NAR",
        Restores,
    ),
    (
        r"MAGIC ( type symlink contents = )",
        r"`contents` where `target` must follow, at byte 72 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target =a target =b )",
        r"`target` where `)` must follow, at byte 104 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type directory contents = )",
        r"`contents` where `entry` or `)` must follow, at byte 80 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ) )",
        r"`)` where `(` must follow, at byte 96 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( ) )",
        r"`)` where `name` must follow, at byte 112 of the NAR",
        Restores,
    ),
    (
        r"MAGIC DIR entry ( node FILE ) )",
        r"`node` where `name` must follow, at byte 112 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a ) )",
        r"`)` where `node` must follow, at byte 144 of the NAR",
        Restores,
    ),
    (
        r"MAGIC DIR entry ( name =a name =b node FILE ) )",
        r"`name` where `node` must follow, at byte 144 of the NAR",
        Restores,
    ),
    (
        r"MAGIC DIR entry ( name =a node FILE node FILE ) )",
        r"`node` where `)` must follow, at byte 248 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( node FILE name =a ) )",
        r"`node` where `name` must follow, at byte 112 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name =a node FILE",
        r"the NAR ends at byte 248, where `)` must follow",
        Refuses,
    ),
    (
        r"MAGIC FILE FILE",
        r"bytes follow the end of the NAR, at byte 112",
        Restores,
    ),
    (
        r"MAGIC FILE #00",
        r"bytes follow the end of the NAR, at byte 112",
        Restores,
    ),
    (
        r"MAGIC FILE MAGIC FILE",
        r"bytes follow the end of the NAR, at byte 112",
        Restores,
    ),
    (
        r"#0d000000000000006e69782d617263686976652d31000100 FILE",
        r"padding that is not zero, at byte 22 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #0100000000000000ff00000000000001 )",
        r"padding that is not zero, at byte 103 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #0100000000000000ff01000000000000 )",
        r"padding that is not zero, at byte 97 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name #010000000000000061ff000000000000 node FILE ) )",
        r"padding that is not zero, at byte 137 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target #010000000000000061000000000000ff )",
        r"padding that is not zero, at byte 103 of the NAR",
        Refuses,
    ),
    (
        r"#ffffffffffffffff",
        r"a text of 18446744073709551615 bytes where `nix-archive-1` must follow, at byte 0 of the NAR",
        Refuses,
    ),
    (
        r"#0e00000000000000",
        r"a text of 14 bytes where `nix-archive-1` must follow, at byte 0 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC #ffffffffffffff7f",
        r"a text of 9223372036854775807 bytes where `(` must follow, at byte 24 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #ffffffffffffffff",
        r"a file of 18446744073709551615 bytes is beyond what a NAR can hold, at byte 88 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #f8ffffffffffffff",
        r"a file of 18446744073709551608 bytes is beyond what a NAR can hold, at byte 88 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #00ffffffffffffff",
        r"a file of 18446744073709551360 bytes is beyond what a NAR can hold, at byte 88 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #a0ffffffffffff7f",
        r"a file of 9223372036854775712 bytes is beyond what a NAR can hold, at byte 88 of the NAR",
        Refuses,
    ),
    (
        r"MAGIC ( type regular contents #98ffffffffffff7f",
        r"the NAR ends at byte 96, where the contents of a file must follow",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name #ffffffffffffffff",
        r"a name of 18446744073709551615 bytes, at byte 128 of the NAR, is beyond the limit of 255",
        Refuses,
    ),
    (
        r"MAGIC DIR entry ( name #0001000000000000",
        r"a name of 256 bytes, at byte 128 of the NAR, is beyond the limit of 255",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target #ffffffffffffffff",
        r"a target of 18446744073709551615 bytes, at byte 88 of the NAR, is beyond the limit of 4095",
        Refuses,
    ),
    (
        r"MAGIC ( type symlink target #0010000000000000",
        r"a target of 4096 bytes, at byte 88 of the NAR, is beyond the limit of 4095",
        Refuses,
    ),
    (
        r"MAGIC ( type regular executable #ffffffffffffffff",
        r"a text of 18446744073709551615 bytes where an empty text must follow, at byte 96 of the NAR",
        Refuses,
    ),
];

#[test]
fn each_kind_is_refused_with_its_position() {
    for &(words, says, _) in TABLE {
        let nar = assemble(words);
        let (_, said) = decode([nar.as_slice()]);
        let error = said.expect_err(words);
        assert_eq!(error.to_string(), says, "{words}");
        assert!(error.at() <= nar.len() as u64, "{words}");
        crate::property::nar(&nar);
    }
}

#[test]
fn nix_lets_some_of_them_pass() {
    if !tools::have(&["nix-store"]) {
        return;
    }
    let env = Env::new();
    for (n, &(words, _, expected)) in TABLE.iter().enumerate() {
        let did = restore(&env, &format!("out-{n}"), &assemble(words));
        assert_eq!(did, expected, "{words}");
    }
}

#[test]
fn a_nar_cut_anywhere_is_refused_where_it_ends() {
    let nar = rich().nar();
    let (whole, end) = decode([nar.as_slice()]);
    assert_eq!(end, Ok(()));
    for length in 0..nar.len() {
        let (told, said) = decode([&nar[..length]]);
        let error = said.expect_err("it is cut short");
        assert!(
            matches!(error, nix_format::nar::DecodeError::Truncated { at, .. } if at == length as u64),
            "{length}: {error}"
        );
        assert!(told.len() < whole.len());
    }
}

/// No byte of a NAR is without meaning: with another in its place it is no NAR, or that of another
/// tree.
#[test]
fn a_nar_with_one_byte_changed_is_another() {
    let nar = rich().nar();
    let (whole, _) = decode([nar.as_slice()]);
    for at in 0..nar.len() {
        for bit in [1, 0x80] {
            let mut other = nar.clone();
            other[at] ^= bit;
            let (told, said) = decode([other.as_slice()]);
            assert!(said.is_err() || told != whole, "byte {at}");
        }
    }
}

fn restore(env: &Env, name: &str, nar: &[u8]) -> Nix {
    let mut command = env.command("nix-store");
    command.arg("--restore").arg(env.path(name));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // Nix may have ended before it has read all.
    drop(child.stdin.take().unwrap().write_all(nar));
    if child.wait_with_output().unwrap().status.success() {
        Restores
    } else {
        Refuses
    }
}

fn assemble(words: &str) -> Vec<u8> {
    let mut nar = Vec::new();
    for word in words.split(' ') {
        match (word, word.split_at(1)) {
            ("MAGIC", _) => text(&mut nar, b"nix-archive-1"),
            ("DIR", _) => nar.extend(assemble("( type directory")),
            ("FILE", _) => nar.extend(assemble("( type regular contents = )")),
            (_, ("#", raw)) => nar.extend(hex(raw)),
            (_, ("=", free)) => text(&mut nar, free.replace("\\0", "\0").as_bytes()),
            _ => text(&mut nar, word.as_bytes()),
        }
    }
    nar
}

fn text(nar: &mut Vec<u8>, bytes: &[u8]) {
    nar.extend((bytes.len() as u64).to_le_bytes());
    nar.extend(bytes);
    nar.resize(nar.len().next_multiple_of(8), 0);
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}
