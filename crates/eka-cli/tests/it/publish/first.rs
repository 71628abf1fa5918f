//! A first version: what is pushed, printed and left alone.

use super::Shop;

#[test]
fn an_atom_is_published() {
    let shop = Shop::new();
    shop.atom("libs/hello", "hello", "1.2.0");
    shop.atom("libs/hello/part", "part", "0.1.0");
    shop.commit();
    shop.world.check(
        &["publish", "hello"],
        "0
        out: new hello@1.2.0 8ea24bd43f17d00ca45031891b32a9a3efc5f1ce file://[WORLD]/up.git
        err: published from f35fd0386ff85695235d73152f8236a3bf510797 to `origin` (file://[WORLD]/up.git)
        err:   new `hello@1.2.0` of `libs/hello`: 2 files, 44 bytes
        err:     without `libs/hello/part`, an atom of its own
        err:     eka add file://[WORLD]/up.git::hello@^1.2",
    );
    assert_eq!(shop.refs().len(), 3);
    shop.up.git(["fsck", "--strict"]);
    let tree = shop.up.git([
        "ls-tree",
        "-r",
        "--name-only",
        "refs/atoms/hello/1.2.0/atom",
    ]);
    assert_eq!(tree, "atom.toml\nmain.txt");
    let tree = shop.up.git([
        "ls-tree",
        "-r",
        "--name-only",
        "refs/atoms/hello/1.2.0/spec",
    ]);
    assert_eq!(tree, "atom.toml");
    let src = shop.up.rev("refs/atoms/hello/1.2.0/src");
    assert_eq!(src, shop.repo.rev("HEAD"));
}

#[test]
fn answers_as_json() {
    let shop = Shop::new();
    shop.atom("hello", "hello", "1.2.0").commit();
    let shown = shop.run(&["publish", "--all", "--format", "json"]);
    shown.done();
    let line = shown.shown.lines().nth(1).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(line.strip_prefix("out: ").unwrap()).unwrap();
    assert_eq!(json["schema"], "eka.publish/1");
    assert_eq!(json["commit"], shop.repo.rev("HEAD"));
    assert_eq!(json["dry_run"], false);
    let remote = &json["remotes"][0];
    assert_eq!(remote["remote"], "origin");
    assert_eq!(remote["outcome"], "done");
    let atom = &remote["atoms"][0];
    assert_eq!(atom["state"], "new");
    assert_eq!(atom["files"], 2);
    assert_eq!(atom["bytes"], 44);
    assert_eq!(atom["atom"], shop.up.rev("refs/atoms/hello/1.2.0/atom"));
    assert_eq!(atom["spec"], shop.up.rev("refs/atoms/hello/1.2.0/spec"));
    assert_eq!(atom["src"], shop.up.rev("refs/atoms/hello/1.2.0/src"));
    assert_eq!(atom["add"], "eka add file://[WORLD]/up.git::hello@^1.2");
    assert_eq!(atom["refusal"], serde_json::Value::Null);
}

#[test]
fn a_dry_run_says_all_and_does_nothing() {
    let shop = Shop::new();
    shop.atom("hello", "hello", "1.2.0").commit();
    let before = shop.up.refs();
    shop.run(&["publish", "--all", "--dry-run"]).done().says(&[
        "out: new hello@1.2.0",
        "would publish from",
        "2 files, 44 bytes",
    ]);
    assert_eq!(shop.up.refs(), before);
    let json = shop.run(&["publish", "--all", "--dry-run", "--format", "json"]);
    json.done()
        .says(&["\"dry_run\":true", "\"outcome\":\"done\""]);
}

/// Nothing of the user's repository changes: no ref, no object, no file.
#[test]
fn the_repository_is_only_read() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0")
        .atom("a/b", "b", "1.0.0")
        .commit();
    let look = || {
        let mut files = Vec::new();
        let mut open = vec![shop.repo.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                } else {
                    let found = entry.metadata().unwrap();
                    files.push((entry.path(), found.len(), found.modified().unwrap()));
                }
            }
        }
        files.sort();
        files
    };
    let before = look();
    shop.run(&["publish", "--all"]).done();
    assert_eq!(look(), before);
    assert_eq!(shop.refs().len(), 6);
    let staging = shop.world.env.home().join(".cache/eka/staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

/// A version that git takes for no ref, and ids beyond ASCII.
#[test]
fn odd_names_and_versions() {
    let shop = Shop::new();
    shop.atom("h", "ひらがな", "1.0.0-rc.1+build.5");
    shop.atom("l", "λ", "1.0.0-rc.lock");
    shop.manifest("only", "only", "0.0.1", "");
    shop.commit();
    shop.run(&["publish", "--all"]).done().says(&[
        "eka add file://[WORLD]/up.git::ひらがな@^1.0.0-rc.1",
        "new `only@0.0.1` of `only`: 1 file, 37 bytes",
    ]);
    let names: Vec<_> = shop.refs().iter().map(|it| it[41..].to_owned()).collect();
    assert!(
        names.contains(&"refs/atoms/λ/1.0.0-rc%2Elock/atom".to_owned()),
        "{names:?}"
    );
    assert!(names.contains(&"refs/atoms/ひらがな/1.0.0-rc.1+build.5/src".to_owned()));
    shop.run(&["publish", "--all"])
        .done()
        .says(&["nothing to publish"]);
}

#[test]
fn an_atom_at_the_top_of_the_repository() {
    let shop = Shop::new();
    shop.manifest(".", "top", "1.0.0", "")
        .atom("libs/a", "a", "1.0.0")
        .commit();
    shop.run(&["publish"]).done().says(&[
        "out: new top@1.0.0",
        "of `.`: 2 files",
        "without `libs`, empty",
        "without `libs/a`, an atom of its own",
    ]);
    let path = shop.up.git(["cat-file", "-p", "refs/atoms/top/1.0.0/spec"]);
    assert!(path.contains("\npath .\n"), "{path}");
}
