//! `eka refs`: what is found, where, and that it is what Nix finds.

use std::io::Write as _;
use std::process::Stdio;

use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::support::World;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-b-1.0";
const C: &str = "cccccccccccccccccccccccccccccccc-c";

/// A folder that refers to A in a file and by a link, to B in a name, and to C without its path.
fn tree(world: &World) {
    let store = "/nix/store";
    world.write(
        "tree/bin/run",
        &format!("#!{store}/{A}/bin/sh\n{store}/{A}\n"),
    );
    world.write(&format!("tree/{B}"), &format!("see {}", &C[..32]));
    let link = world.path("tree/link");
    std::os::unix::fs::symlink(format!("{store}/{A}/lib"), link).unwrap();
}

fn fed(world: &World, args: &[&str], input: &str) -> String {
    let mut command = world.eka(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    world.show(&child.wait_with_output().unwrap())
}

#[test]
fn references_are_those_of_nix() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let store = NixStore::new(&world.env);
    let path = store.path().display().to_string();
    for output in store.build(nix::REFERENCES) {
        let drv = &store.query(&["--deriver"], &output)[0];
        let closure = store.query(&["--requisites", "--include-outputs"], drv);
        world.write("closure", &closure.join("\n"));
        let args = ["refs", "--store", &path, "--candidates", "closure", &output];
        let found = world.eka(&args).output().unwrap();
        assert!(found.status.success(), "{}", world.show(&found));
        let mut expected: Vec<_> = store.query(&["--references"], &output);
        expected.sort_unstable();
        let expected: String = expected
            .iter()
            .map(|it| format!("{}\n", it.strip_prefix(&format!("{path}/")).unwrap()))
            .collect();
        assert_eq!(
            String::from_utf8(found.stdout).unwrap(),
            expected,
            "{output}"
        );
    }
}

#[test]
fn of_a_tree_as_text_and_json() {
    let world = World::new();
    tree(&world);
    world.check(&["refs", "tree"], &format!("0\nout: {A}\n"));
    world.check(
        &["refs", "tree", "--format", "json"],
        &format!(
            r#"0
out: {{"schema":"eka.refs/1","store":"/nix/store","references":[{{"name":"{A}","hits":3,"places":[{{"file":"tree/bin/run","part":"content","offset":13}},{{"file":"tree/bin/run","part":"content","offset":66}},{{"file":"tree/link","part":"target","offset":11}}]}}]}}"#
        ),
    );
    world.write("known", &format!("/nix/store/{C}\n{B}\n"));
    world.check(
        &["refs", "--candidates", "known", "tree"],
        &format!("0\nout: {B}\nout: {C}\n"),
    );
    let shown = world.run(&["refs", "--candidates=known", "tree", "--format=json"]);
    let name = format!(r#"[{{"file":"tree/{B}","part":"name","offset":0}}]"#);
    assert!(shown.contains(&name), "{shown}");
}

#[test]
fn other_stores_and_shapes() {
    let world = World::new();
    let yzix = "4Zx1PBoft1YyAuKdhjAY1seZFHloxQ+8voHQRkRMuys";
    world.write(
        "file",
        &format!("/yzixs/{yzix}: ASCII /gnu/store/{A}/ /nix/store/{B}"),
    );
    world.check(
        &["refs", "--store=yzix", "file"],
        &format!("0\nout: {yzix}\n"),
    );
    world.check(
        &["refs", "--store=/gnu/store/", "file"],
        &format!("0\nout: {A}\n"),
    );
    let both = format!("0\nout: {A}\nout: {B}\n");
    world.check(&["refs", "--store=/", "file"], &both);
    world.check(&["refs", "file"], &format!("0\nout: {B}\n"));
    // A link is not followed, as Nix does not.
    std::os::unix::fs::symlink("file", world.path("link")).unwrap();
    world.check(&["refs", "link"], "0\n");
}

#[test]
fn of_standard_input() {
    let world = World::new();
    let text = format!("{}/nix/store/{A}", "-".repeat(200_000));
    assert_eq!(fed(&world, &["refs", "-"], &text), format!("0\nout: {A}\n"));
    let shown = fed(&world, &["refs", "-", "--format", "json"], &text);
    let place = r#""places":[{"file":null,"part":"content","offset":200011}]"#;
    assert!(shown.contains(place), "{shown}");
    world.write("file", &A[..32]);
    let shown = fed(&world, &["refs", "--candidates=-", "file"], A);
    assert_eq!(shown, format!("0\nout: {A}\n"));
}

#[test]
fn many_places_are_counted_and_the_first_are_told() {
    let world = World::new();
    world.write("file", &format!("/nix/store/{A}\n").repeat(1_001));
    let shown = world.run(&["refs", "file", "--format", "json"]);
    assert!(shown.contains(r#""hits":1001"#), "{shown}");
    assert_eq!(shown.matches(r#""offset""#).count(), 1_000);
}

#[test]
fn a_store_or_a_list_that_is_none_is_refused() {
    let world = World::new();
    world.write("file", "");
    world.check(
        &["refs", "--store=store", "file"],
        "2
err: eka::refs::store
err:
err:   × `store` is no store
err:   help: take `nix`, `yzix`, or the absolute path of a store, as `/gnu/store`
",
    );
    world.write("known", &format!("{A}\nbash\n"));
    world.check(
        &["refs", "--candidates=known", "file"],
        "2
err: eka::refs::candidate
err:
err:   × line 2 is no name of a store path
err:    ╭─[known:2:1]
err:  1 │ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a
err:  2 │ bash
err:    · ────
err:    ╰────
err:   help: give one store path, base name or hash part of 32 characters a line, as `nix-store --query
err:         --requisites` prints them
",
    );
    world.write("known", &format!("{A}\n{A}b\n"));
    let shown = world.run(&["refs", "--candidates=known", "file"]);
    assert!(
        shown.starts_with("2\nerr: eka::refs::same_hash\n"),
        "{shown}"
    );
    let shown = world.run(&["refs", "--candidates=-", "-"]);
    assert!(
        shown.starts_with("2\nerr: eka::refs::one_stdin\n"),
        "{shown}"
    );
}

/// Nor does a list without end take all memory.
#[test]
fn a_list_has_an_end() {
    let world = World::new();
    world.write("file", "");
    world.check(
        &["refs", "--candidates=/dev/zero", "file"],
        "2
err: eka::refs::large
err:
err:   × `/dev/zero` is too long for a list of candidates
err:   help: a list of more than 256 MiB is not read; what is scanned goes after `--candidates FILE`
",
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let world = World::new();
    world.write("file", "");
    for args in [
        &["refs", "none"][..],
        &["refs", "--candidates=none", "file"],
    ] {
        world.check(
            args,
            "1
err: eka::refs::read
err:
err:   × cannot read `none`
err:   ╰─▶ No such file or directory (os error 2)
",
        );
    }
    testkit::repo::run(world.env.command("mkfifo").arg(world.path("pipe")));
    world.check(
        &["refs", "."],
        "1
err: eka::refs::kind
err:
err:   × `./pipe` is neither a file, a folder nor a link
err:   help: nothing else can lie in a store; scan what is beside it
",
    );
}
