//! Every diagnostic of ids, names, hashes, versions, addresses and commits, as it is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use atom::commit::{AtomCommit, AtomPath};
use atom::uri::{Aliases, Uri};
use atom::url::RepoUrl;
use atom::{Digest, Id, Name, NarHash, ObjectId, Requirement, Version};
use miette::Diagnostic;

use crate::vectors;

/// Draws what a text is refused with: code, message, help, and the same of its cause.
fn tell(error: &dyn Diagnostic) -> String {
    let mut told = String::new();
    let code = error.code().expect("every diagnostic has a code");
    writeln!(told, "{code}\n  {error}").expect("a string takes all text");
    if let Some(help) = error.help() {
        writeln!(told, "  help: {help}").expect("a string takes all text");
    }
    if let Some(cause) = error.diagnostic_source() {
        write!(told, "  cause: {}", tell(cause)).expect("a string takes all text");
    }
    told
}

fn refuse<T: FromStr<Err: Diagnostic>>(text: &str) -> String {
    let error = T::from_str(text).err().expect("it is refused");
    tell(&error)
}

fn refuse_own(text: &str) -> String {
    let id = Id::from_str(text).expect("it may be another's id");
    tell(&id.check_own().expect_err("it may not be one's own"))
}

fn refuse_uri(text: &str) -> String {
    tell(&Uri::parse(text, &Aliases::builtin()).expect_err("it is refused"))
}

fn refuse_aliases(users: &[(&str, &str)]) -> String {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    let users: BTreeMap<_, _> = users.iter().map(owned).collect();
    tell(&Aliases::with_user(users).expect_err("they are refused"))
}

/// Reads the golden atom commit with a piece of it replaced.
fn refuse_commit(from: &str, to: &str) -> String {
    let bytes = vectors::bytes("commit/plain-atom");
    let text = String::from_utf8(bytes).expect("the commit is text");
    assert!(text.contains(from));
    let changed = text.replace(from, to);
    tell(&AtomCommit::parse(changed.as_bytes()).expect_err("it is refused"))
}

#[test]
fn ids() {
    let told = [
        refuse::<Id>(""),
        refuse::<Id>(&"a".repeat(129)),
        refuse::<Id>("zl\u{200d}ib"),
        refuse::<Id>("\u{fb01}n"),
        refuse::<Id>("1a"),
        refuse::<Id>("a\u{1b}[31m"),
        refuse_own("a-"),
        refuse_own("ꙮ"),
        refuse_own("λ-calc"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::id::empty
      an id is empty
      help: an id has at least one letter
    eka::id::too_long
      an id of 129 bytes is too long
      help: an id has at most 128 bytes of UTF-8, since it stands in a ref name
    eka::id::invisible
      the id `zl\u{200d}ib` holds an invisible character, U+200D
      help: leave the character out, or type the id anew
    eka::id::not_nfkc
      the id `ﬁn` is not in Unicode's normal form KC
      help: write it as `fin`
    eka::id::start
      the id `1a` begins with `1`, which is not a letter
      help: an id begins with a letter of any script; digits, `_` and `-` may follow
    eka::id::character
      the id `a\u{1b}[31m` holds `\u{1b}`
      help: an id holds letters and digits of any script, `_` and `-`
    eka::id::trailing_dash
      the id `a-` ends with `-`
      help: write it as `a`
    eka::id::restricted
      the id `ꙮ` holds `ꙮ`, which Unicode does not recommend in names
      help: use characters that are in everyday use, as UTS #39 lists them
    eka::id::mixed_scripts
      the id `λ-calc` mixes scripts that look alike
      help: write it in one script; Latin may stand only beside Chinese, Japanese or Korean
    "#);
}

#[test]
fn leaves() {
    let told = [
        refuse::<Name>("Core"),
        refuse::<ObjectId>("4b"),
        refuse::<NarHash>("sha256-x"),
        refuse::<Digest>("r3"),
        refuse::<AtomPath>("../a\n"),
        refuse::<Version>("1.0"),
        refuse::<Version>(&format!("1.0.0-{}", "a".repeat(200))),
        refuse::<Requirement>("^"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::name::malformed
      `Core` is not a name
      help: a name is a lower-case letter, then letters, digits and `-`; at most 64 bytes
    eka::object_id::malformed
      `4b` is not a git object id
      help: an object id is 40 lower-case hexadecimal digits
    eka::nar_hash::malformed
      `sha256-x` is not a NAR hash
      help: a NAR hash is `sha256-` and 44 characters of base64
    eka::digest::malformed
      `r3` is not an atom's digest
      help: a digest is 52 characters of lower-case base32hex
    eka::atom_path::malformed
      `../a\n` is not a folder of a repository
      help: a folder is written from the repository's top, with `/` between names, or `.` for the top; no name is `..` or holds `\` or a control character
    eka::version::malformed
      `1.0` is not a version: unexpected end of input while parsing minor version number
      help: a version is semver, such as `1.2.0` or `2.0.0-rc.1`
    eka::version::too_long
      a version of 206 bytes is too long
      help: a version has at most 200 bytes, since it stands in a ref name
    eka::version::requirement
      `^` is not a requirement: unexpected end of input while parsing major version number
      help: a requirement is such as `^1.2`, `~1.2.3`, `=1.0.0` or `>=1, <3`
    "#);
}

#[test]
fn parts_of_addresses() {
    let told = [
        refuse_uri(""),
        refuse_uri("gh:o/r\n"),
        refuse_uri("git@host:-r"),
        refuse_uri("https://h/a b"),
        refuse_uri("https://hö.st/r"),
        refuse_uri("https://a..b/r"),
        refuse_uri("https://h:0/r"),
        refuse_uri("https://me:s@cret@h/r"),
        refuse_uri("ftp://h/r"),
        refuse_uri("ssh://git@h"),
        refuse_uri("file://host/r"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::uri::empty
      the address is empty
      help: write `<id>`, `<repository>::<id>@<requirement>` or `<repository>`
    eka::uri::control
      the address `gh:o/r\n` holds a control character
      help: leave the control character out; in a URL it can be percent-encoded
    eka::uri::leading_dash
      `-r` begins with `-`
      help: a folder can be written with `./` in front; no user, host or ssh path may begin so
    eka::uri::white_space
      the repository `https://h/a b` holds white space
      help: in a URL, write a space as `%20`; begin a folder with `./`
    eka::uri::host_not_ascii
      the host `hö.st` is not ASCII
      help: write the host in its ASCII form, which begins with `xn--`
    eka::uri::host
      `a..b` is not a host
      help: a host is letters, digits, `-`, `_` and single dots between them, or an IPv6 address in brackets; begin a folder with `./`
    eka::uri::port
      `0` is not a port
      help: a port is a number from 1 to 65535
    eka::uri::user
      the user or password of `me:***@h` is not one that a URL can hold
      help: name a user before `@`, and percent-encode what is neither letter nor digit: `%40` for `@`, `%2F` for `/`
    eka::uri::scheme
      `ftp` is not a scheme of repositories
      help: use `https`, `ssh`, `http`, `git` or `file`
    eka::uri::no_path
      `ssh://git@h` names no repository on its host
      help: add the repository's path
    eka::uri::file_host
      `file://host/r` names a host in a `file` URL
      help: a `file` URL has three slashes and an absolute path: `file:///srv/repo`
    "#);
}

#[test]
fn addresses_as_a_whole() {
    let told = [
        refuse_uri("host:8080/x"),
        refuse_uri("me:secret@host:r"),
        refuse_uri("gh:o::r::x"),
        refuse_uri("ghh:o/r"),
        refuse_uri("nothing-like-it:o/r"),
        refuse::<RepoUrl>("gh:o/r"),
        refuse_uri("file://gh:o/r"),
        refuse_uri("gh:o/r^^a..b"),
        refuse_uri("gh:o/r::x!"),
        refuse_uri("gh:o/r::x@^"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::uri::port_or_path
      `host:8080/x` may mean a port or a path
      help: write `https://host:8080/x` for the port, or `ssh://host/8080/x` for the path
    eka::uri::scp_password
      `me:***@host:r` has a password, which `user@host:path` cannot carry
      help: write it as a URL, with `https://` or `ssh://` in front and `/` before the path
    eka::uri::reserved
      the repository `https://github.com/o::r` holds `::` or `^^`
      help: `<repository>::<id>` is an atom and `<repository>^^<ref>` a ref, not both; in a URL, write `%3A%3A` or `%5E%5E`
    eka::uri::unknown_alias
      unknown alias `ghh`
      help: did you mean `gh`?
    eka::uri::unknown_alias
      unknown alias `nothing-like-it`
      help: aliases stand under `[aliases]` in the configuration; begin a folder with `./`
    eka::uri::not_expanded
      `gh:o/r` is not a URL in full
      help: write the whole URL, such as `https://github.com/owner/repo`; aliases are expanded by `eka add` and never stand in a manifest or lock
    eka::uri::alias_prefix
      the alias `gh` cannot be used with a scheme or user before it
      help: the alias stands for a folder, names a port, or is written `user@host:path`; write the URL in full
    eka::uri::git_ref
      `a..b` is not the name of a git ref
      help: a ref is a branch, a tag or a full name such as `refs/heads/main`
    eka::id::character
      the id `x!` holds `!`
      help: an id holds letters and digits of any script, `_` and `-`
    eka::version::requirement
      `^` is not a requirement: unexpected end of input while parsing major version number
      help: a requirement is such as `^1.2`, `~1.2.3`, `=1.0.0` or `>=1, <3`
    "#);
}

#[test]
fn aliases() {
    let told = [
        refuse_aliases(&[("gh", "https://evil.org")]),
        refuse_aliases(&[("a.b", "https://h.org")]),
        refuse_aliases(&[("aa", "bb:x"), ("bb", "aa:y")]),
        refuse_aliases(&[("work", "ghh:team")]),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::alias::built_in
      the alias `gh` is built in
      help: choose another name; `gh` stands for `https://github.com` on every machine
    eka::alias::name
      `a.b` is not the name of an alias
      help: a name is a letter, then at least one letter, digit, `-` or `_`
    eka::alias::cycle
      the aliases `aa`, `bb` stand on each other
      help: let one of them stand for a URL in full
    eka::alias::value
      the alias `work` does not name a place
      help: let it stand for a URL such as `https://example.org/team`, or for an alias and a path: `gh:owner`
      cause: eka::uri::unknown_alias
      unknown alias `ghh`
      help: did you mean `gh`?
    "#);
}

#[test]
fn commits() {
    let told = [
        refuse_commit("format 1", "format 2"),
        refuse_commit("nar ", "narr "),
        refuse_commit("root 4a", "root 4A\u{1b}"),
        refuse_commit("nix-lock: 1.0.0", "nix-lock 1.0.0"),
        refuse_commit("nix-lock: 1.0.0", "other: 1.0.0"),
        refuse_commit("committer eka", "committer me"),
    ];
    insta::assert_snapshot!(told.concat(), @r#"
    eka::commit::unknown_format
      the commit has format `2`, which this version does not know
      help: a newer `eka` can read it; this one knows format `1`
    eka::commit::header
      line 7 of the commit is not its `nar` header
      help: the commit was not written by `eka publish`; ask whoever published it
    eka::commit::value
      the commit's `root` header is malformed: `4A\u{1b}bbd2644bc3585e9be95deb277ccf48f6ed26ac`
      help: the commit was not written by `eka publish`; ask whoever published it
    eka::commit::message
      the commit's message is not `<id>: <version>`: `nix-lock 1.0.0`
      help: the commit was not written by `eka publish`; ask whoever published it
    eka::commit::digest
      the commit states the digest `r3rlam6bd31t9i04ggug7avs8vf8981q7a3b6gobemk1gfs50qm0`, but its root and id have `qkusjej9hbv8khk25j2msnpt6h5ldmm79n668v32a0ei0up3i7bg`
      help: the commit names another atom than it claims; do not use it
    eka::commit::not_canonical
      the commit's bytes are not the canonical ones
      help: the commit was not written by `eka publish`; ask whoever published it
    "#);
}
