//! `eka gc`: what is kept, and what goes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::World;

/// A world with two paths in its store: of a file `a` and of a file `b`.
fn world() -> (World, String, String) {
    let world = World::new();
    let add = |name: &str| {
        world.write(name, name);
        let shown = world.run(&["store", "add", name, "-q"]);
        shown.trim().strip_prefix("0\nout: ").unwrap().to_owned()
    };
    let (a, b) = (add("a"), add("b"));
    (world, a, b)
}

#[test]
fn what_came_lately_or_is_kept_stays() {
    let (world, a, b) = world();
    world.check(&["gc"], "0\nerr: there is no garbage");
    world.check(
        &["gc", "--keep-recent", "1d"],
        "0\nerr: there is no garbage",
    );
    world.run(&["store", "roots", "add", "mine", &a]);
    symlink(&b, world.path("result")).unwrap();
    world.run(&["store", "roots", "add", "--link", "result"]);
    world.check(&["gc", "--keep-recent=0"], "0\nerr: there is no garbage");
    fs::remove_file(world.path("result")).unwrap();
    let gone =
        format!("0\nout: {b}\nerr: [WORLD]/work/result kept {b} no more\nerr: 1 path and 1 blob");
    let would = world.run(&["gc", "--keep-recent=0", "--dry-run"]);
    assert_eq!(would, format!("{gone} would go, 1 bytes\n"));
    assert!(world.run(&["store", "info", &b]).starts_with("0\n"));
    let shown = world.run(&["gc", "--config", "store.keep-recent=0"]);
    assert_eq!(shown, format!("{gone} are gone, 1 bytes\n"));
    assert!(world.run(&["store", "info", &b]).starts_with("1\n"));
    assert!(world.run(&["store", "cat", &a]).starts_with("0\nout: a"));
    world.run(&["store", "roots", "remove", "mine"]);
    world.check(
        &["gc", "--keep-recent=0s", "--format=json"],
        &format!(
            r#"0
            out: {{"schema":"eka.gc/1","dry_run":false,"paths":[{{"path":"{a}","size":120}}],"roots":[],"blobs":1,"bytes":1}}"#
        ),
    );
    world.check(
        &["store", "verify"],
        "0\nerr: 0 paths, 0 blobs, 0 bytes read",
    );
}

#[test]
fn a_duration_has_a_unit() {
    let world = World::new();
    let shown = world.run(&["gc", "--keep-recent=1w"]);
    assert!(shown.starts_with("2\n"), "{shown}");
    assert!(
        shown.contains("the units are `s`, `m`, `h` and `d`"),
        "{shown}"
    );
}
