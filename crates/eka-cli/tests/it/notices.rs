//! Yanked and deprecated versions: left out or warned of, with their owner's reason.

use std::fs;

use crate::published::{Published, Sets, manifest};
use crate::support::World;

const APP: &str = "[atom]
id = \"app\"
version = \"1.0.0\"

[sets]
core = \"https://sets.test/core\"

[deps.core]
zlib = \"^1\"
";

/// `zlib` 1.2.0 and 1.3.1, of which the newer one is yanked.
fn world() -> (World, Published) {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    core.publish("zlib", "1.2.0", &manifest("zlib", "1.2.0"));
    core.publish("zlib", "1.3.1", &manifest("zlib", "1.3.1"));
    core.yank("zlib", "1.3.1", "leaks tokens");
    world.write("atom.toml", APP);
    (world, core)
}

#[test]
fn a_yanked_version_is_left_out_with_the_reason() {
    let (world, _core) = world();
    world.check(
        &["lock"],
        "0
        err: wrote `[WORLD]/work/atom.lock` (1 atom)
        err:   + zlib 1.2.0",
    );
    fs::remove_file(world.path("atom.lock")).unwrap();
    world.write("atom.toml", &APP.replace("^1", "^1.3"));
    world.check(
        &["lock"],
        "1
        err: eka::resolver::unsolvable
        err:
        err:   × no version of `zlib` matches `^1.3`
        err:   ╰─▶ found 1.2.0 in sets.test/core (1 more is yanked: 1.3.1 \"leaks tokens\")
        err:    ╭─[[WORLD]/work/atom.toml:9:8]
        err:  8 │ [deps.core]
        err:  9 │ zlib = \"^1.3\"
        err:    ·        ───┬──
        err:    ·           ╰── wants 1.x from 1.3 on
        err:    ╰────
        err:   help: use `^1.2`: `eka add https://sets.test/core::zlib@^1.2`
        err:         allow the yanked `zlib@1.3.1` once: `eka lock --allow-yanked`",
    );
}

#[test]
fn it_is_let_in_once_and_kept_where_it_is_locked() {
    let (world, core) = world();
    world.write("atom.toml", &APP.replace("^1", "^1.3"));
    world.check(
        &["lock", "--allow-yanked"],
        "0
        err: eka::lock::yanked
        err:
        err:   ⚠ `zlib@1.3.1` was yanked: leaks tokens
        err:   help: the lock may keep it; `eka update zlib` looks for another version
        err: wrote `[WORLD]/work/atom.lock` (1 atom)
        err:   + zlib 1.3.1",
    );
    // From then on it is locked, and stays through other changes.
    core.publish("other", "1.0.0", &manifest("other", "1.0.0"));
    let shown = world.run(&["add", "https://sets.test/core::other@^1"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    assert!(world.read("atom.lock").contains("version = \"1.3.1\""));
    let shown = world.run(&["lock", "--check"]);
    assert!(
        shown.starts_with("0\n") && shown.contains("was yanked: leaks tokens"),
        "{shown}"
    );
    assert_eq!(shown.matches("was yanked").count(), 1, "{shown}");
    // It does not stand in the way of a newer one.
    core.publish("zlib", "1.4.0", &manifest("zlib", "1.4.0"));
    let shown = world.run(&["update", "zlib"]);
    assert!(shown.contains("↑ zlib 1.3.1 → 1.4.0"), "{shown}");
}

#[test]
fn only_what_stands_in_the_way_is_let_in() {
    let (world, core) = world();
    core.publish("other", "1.0.0", &manifest("other", "1.0.0"));
    core.publish("other", "1.1.0", &manifest("other", "1.1.0"));
    core.yank("other", "1.1.0", "");
    world.write(
        "atom.toml",
        &format!("{}other = \"^1\"\n", APP.replace("^1", "^1.3")),
    );
    let shown = world.run(&["lock", "--allow-yanked"]);
    assert!(shown.contains("+ other 1.0.0"), "{shown}");
    assert!(shown.contains("+ zlib 1.3.1"), "{shown}");
    fs::remove_file(world.path("atom.lock")).unwrap();
    world.write("atom.toml", APP);
    let shown = world.run(&["lock", "--allow-yanked"]);
    assert!(shown.contains("+ zlib 1.2.0"), "{shown}");
}

#[test]
fn add_and_update_let_it_in_too() {
    let (world, _core) = world();
    let uri = "https://sets.test/core::zlib@=1.3.1";
    let shown = world.run(&["add", uri]);
    assert!(shown.starts_with("1\n"), "{shown}");
    let shown = world.run(&["add", uri, "--allow-yanked"]);
    assert!(
        shown.starts_with("0\n") && shown.contains("+ zlib 1.3.1"),
        "{shown}"
    );
    world.write("atom.toml", APP);
    fs::remove_file(world.path("atom.lock")).unwrap();
    assert!(world.run(&["lock"]).contains("+ zlib 1.2.0"));
    let to = ["update", "zlib", "--to", "1.3.1"];
    let shown = world.run(&to);
    assert!(
        shown.starts_with("1\n") && shown.contains("leaks tokens"),
        "{shown}"
    );
    let shown = world.run(&[&to[..], &["--allow-yanked"]].concat());
    assert!(shown.contains("↑ zlib 1.2.0 → 1.3.1"), "{shown}");
}

#[test]
fn a_deprecated_version_is_warned_of() {
    let (world, core) = world();
    core.deprecate("zlib", "1.2.0", ("has another name", Some("::zlib-ng@^2")));
    world.check(
        &["lock"],
        "0
        err: eka::lock::deprecated
        err:
        err:   ⚠ `zlib@1.2.0` is deprecated: has another name
        err:   help: its owner says to use `https://sets.test/core::zlib-ng@^2` instead
        err: wrote `[WORLD]/work/atom.lock` (1 atom)
        err:   + zlib 1.2.0",
    );
    fs::remove_file(world.path("atom.lock")).unwrap();
    core.deprecate("zlib", "1.2.0", ("", None));
    let shown = world.run(&["lock"]);
    assert!(shown.contains("`zlib@1.2.0` is deprecated\n"), "{shown}");
}

#[test]
fn a_hostile_notice_marks_and_says_nothing() {
    let (world, core) = world();
    let head = core.repo.rev("HEAD");
    let none = "1".repeat(40);
    let file = core.repo.path().join(".git/refs/atoms/zlib/1.3.1/yank");
    let file = if file.exists() {
        file
    } else {
        core.repo.path().join("refs/atoms/zlib/1.3.1/yank")
    };
    let evil = "\u{1b}[2J\u{202e}\nerr: done";
    core.deprecate("zlib", "1.2.0", (evil, None));
    let bad = [
        // A commit that is none of ours, one that is not there, one of another version.
        head,
        core.notice(b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor eka <> 0 +0000\ncommitter eka <> 0 +0000\nformat 9\n\nx\n"),
        none,
        core.repo.rev("refs/atoms/zlib/1.2.0/deprecate"),
    ];
    for commit in bad {
        fs::write(&file, format!("{commit}\n")).unwrap();
        let shown = world.run(&["lock"]);
        assert!(
            shown.starts_with("0\n") && shown.contains("+ zlib 1.2.0"),
            "{commit}: {shown}"
        );
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        assert!(
            shown.contains("deprecated: \\u{1b}[2J\\u{202e} err: done"),
            "{shown}"
        );
        fs::remove_file(world.path("atom.lock")).unwrap();
        world.write("atom.toml", &APP.replace("^1", "^1.3"));
        let shown = world.run(&["lock"]);
        assert!(shown.starts_with("1\n"), "{commit}: {shown}");
        assert!(
            shown.contains("(1 more is yanked: 1.3.1)"),
            "{commit}: {shown}"
        );
        world.write("atom.toml", APP);
        fs::remove_dir_all(world.env.home().join(".cache/eka")).unwrap();
    }
}

#[test]
fn versions_and_info_tell_the_reason() {
    let (world, core) = world();
    core.deprecate("zlib", "1.2.0", ("old\nand slow", Some("::zlib@^2")));
    let uri = "https://sets.test/core::zlib";
    world.check(
        &["versions", uri],
        "0
        out: zlib 1.3.1 yanked (leaks tokens)
        out: zlib 1.2.0 deprecated (old and slow; use https://sets.test/core::zlib@^2)",
    );
    let shown = world.run(&["info", uri]);
    assert!(
        shown.contains(
            "version: 1.2.0 deprecated (old and slow; use https://sets.test/core::zlib@^2)\n"
        ),
        "{shown}"
    );
    let shown = world.run(&["versions", uri, "--format", "json"]);
    let yank = r#""yanked":true,"yank_reason":"leaks tokens","deprecated":false,"deprecation_reason":null,"successor":null"#;
    assert!(shown.contains(yank), "{shown}");
    let old = r#""deprecated":true,"deprecation_reason":"old\nand slow","successor":"https://sets.test/core::zlib@^2""#;
    assert!(shown.contains(old), "{shown}");
    let offline = world.run(&["versions", uri, "--offline"]);
    assert!(offline.contains("yanked (leaks tokens)"), "{offline}");
}
