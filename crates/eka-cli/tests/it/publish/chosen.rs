//! Which atoms are meant: folders, ids, the current one, those that changed.

use super::{Ran, Shop};

fn two() -> Shop {
    let shop = Shop::new();
    shop.atom("libs/a", "a", "1.0.0")
        .atom("libs/b", "b", "1.0.0")
        .commit();
    shop
}

/// The ids that a dry run would publish.
#[track_caller]
fn check(shop: &Shop, args: &[&str], expected: &[&str]) {
    let args = [&["publish", "--dry-run"], args].concat();
    let ran = shop.run(&args);
    ran.done();
    assert_eq!(new(&ran), expected, "{}", ran.shown);
}

fn new(ran: &Ran) -> Vec<String> {
    let lines = ran
        .shown
        .lines()
        .filter_map(|it| it.strip_prefix("out: new "));
    lines
        .map(|it| it.split('@').next().unwrap().to_owned())
        .collect()
}

#[test]
fn folders_ids_and_the_current_one() {
    let shop = two();
    check(&shop, &["--all"], &["a", "b"]);
    check(&shop, &["b"], &["b"]);
    check(&shop, &["b", "a", "./libs/b"], &["a", "b"]);
    check(&shop, &["libs/a"], &["a"]);
    check(&shop, &["libs/a/"], &["a"]);
    check(&shop, &["-C", "libs/a", "."], &["a"]);
    check(&shop, &["-C", "libs/a"], &["a"]);
    check(&shop, &["-C", "libs/a", "../b"], &["b"]);
    let whole = shop.world.path("libs/b").display().to_string();
    check(&shop, &[&whole], &["b"]);
    std::fs::create_dir(shop.world.path("libs/a/deep")).unwrap();
    check(&shop, &["-C", "libs/a/deep"], &["a"]);
}

#[test]
fn what_is_none_is_said() {
    let shop = two();
    let check = |args: &[&str], code, parts: &[&str]| {
        shop.run(&[&["publish"], args].concat())
            .exit(code)
            .says(parts);
    };
    check(&["c"], 1, &["has no atom `c`", "the commit has: `a`, `b`"]);
    check(&["A"], 1, &["has no atom `A`", "did you mean `a`?"]);
    check(&["libs/c"], 1, &["has no folder `libs/c`"]);
    check(&["libs/"], 1, &["`libs` has no `atom.toml`"]);
    check(&[], 1, &["`.` is in no atom", "--all"]);
    check(&["/"], 2, &["is not below"]);
    check(&["a", "--all"], 2, &["cannot be used with"]);
    check(&["a b"], 2, &["neither a folder nor an id"]);
    shop.atom("libs/new", "new", "1.0.0");
    check(
        &["libs/new"],
        1,
        &[
            "has no folder `libs/new`",
            "what is not committed is not published",
        ],
    );
    check(
        &["-C", "libs/new"],
        1,
        &["is in no atom", "what is not committed is not published"],
    );
}

#[test]
fn changed_since_a_revision_and_since_publishing() {
    let shop = two();
    check(&shop, &["--changed"], &["a", "b"]);
    shop.run(&["publish", "--all"]).done();
    shop.run(&["publish", "--changed"])
        .done()
        .says(&["nothing to publish", "2 unchanged"]);
    shop.manifest("libs/b", "b", "1.1.0", "");
    shop.repo.write("README", "more\n");
    shop.commit();
    check(&shop, &["--changed"], &["b"]);
    check(&shop, &["--changed=HEAD~1"], &["b"]);
    check(&shop, &["--changed=HEAD"], &[]);
    check(&shop, &["--changed", "a"], &[]);
    check(&shop, &["--changed=HEAD~2", "a"], &[]);
    shop.run(&["publish", "--changed=nothing"])
        .exit(1)
        .says(&["`nothing` names no revision"]);
    // An atom that is cut out does not change the one around it.
    shop.atom("libs/a/inner", "inner", "1.0.0").commit();
    check(&shop, &["--changed=HEAD~1"], &["inner"]);
}

#[test]
fn a_changed_atom_under_its_old_version_is_refused() {
    let shop = two();
    let old = shop.repo.rev("HEAD");
    shop.run(&["publish", "--all"]).done();
    shop.repo.write("libs/b/main.txt", "changed\n");
    shop.commit();
    shop.run(&["publish", "--changed"]).exit(1).says(&[
        "`b@1.0.0` is published already, with another content",
        &format!("cut from `{old}`"),
        "differing are `main.txt`",
        "raise `version` in the `atom.toml` of `libs/b`",
    ]);
}

#[test]
fn from_another_revision() {
    let shop = two();
    let old = shop.repo.rev("HEAD");
    shop.repo.remove("libs/a");
    shop.commit();
    check(&shop, &["--all"], &["b"]);
    check(&shop, &["--all", "--rev", "HEAD~1"], &["a", "b"]);
    check(&shop, &["libs/a", "--rev", &old], &["a"]);
    shop.run(&["publish", "--all", "--rev", "none"])
        .exit(1)
        .says(&["names no revision"]);
    shop.run(&["publish", "--all", "--rev", "HEAD:README"])
        .exit(1)
        .says(&["is no commit"]);
    shop.repo.git(["tag", "-a", "-m", "v", "v1", &old]);
    shop.run(&["publish", "a", "--rev", "v1"]).done();
    assert_eq!(shop.up.rev("refs/atoms/a/1.0.0/src"), old);
}

#[test]
fn what_is_not_published_is_passed_by() {
    let shop = two();
    shop.manifest("fixture", "fixture", "1.0.0", "publish = false\n");
    shop.repo.write("plain/atom.toml", "x = 1\n");
    shop.manifest("libs/a/fixture", "a", "9.0.0", "publish = false\n");
    shop.commit();
    check(&shop, &["--all"], &["a", "b"]);
    shop.run(&["publish", "--dry-run", "--all"])
        .says(&["`plain/atom.toml` has no `[atom]` table"]);
    shop.run(&["publish", "fixture"])
        .exit(1)
        .says(&["`fixture` has `publish = false`"]);
    shop.run(&["publish", "./plain"])
        .exit(2)
        .says(&["no `[atom]` table"]);
    shop.run(&["publish", "a"]).done().says(&["3 files"]);
}
