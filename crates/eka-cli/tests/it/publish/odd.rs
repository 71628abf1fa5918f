//! What is published, and warned of.

use super::Shop;

#[test]
fn an_unclean_work_tree_is_told() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0")
        .atom("b", "b", "1.0.0")
        .atom("a/c", "c", "1.0.0")
        .commit();
    let commit = shop.repo.rev("HEAD");
    shop.repo
        .write("a/main.txt", "changed")
        .write("a/new.txt", "")
        .write("b/main.txt", "x");
    shop.repo.write("a/c/main.txt", "changed too");
    shop.run(&["publish", "a"])
        .done()
        .says(&[
            &format!("the work tree differs from commit `{commit}`, which is what is published: `a/main.txt`, `a/new.txt`"),
        ])
        .says_nothing_of(&["b/main.txt", "a/c/main.txt"]);
    let published = shop.up.git(["show", "refs/atoms/a/1.0.0/atom:main.txt"]);
    assert_eq!(published, "a");
    shop.run(&["publish", "a", "--rev", "HEAD"])
        .says_nothing_of(&["differs"]);
}

#[test]
fn what_looks_like_a_secret_or_too_much_is_told() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0");
    let key = ["-----BEGIN ", "OPENSSH PRIVATE KEY-----\nx\n"].concat();
    let token = ["gh", "p_", "0123456789abcdefghijABCDEFGHIJ012345"].concat();
    shop.repo
        .write("a/.env", "A=1")
        .write("a/deep/server.pem", "x")
        .write("a/notes", key)
        .write("a/ci.yml", format!("token: {token}\n"))
        .write("a/.gitattributes", "*.txt ident export-ignore\n")
        .write("a/large", vec![b'x'; 3000]);
    shop.commit();
    let limits = [
        "--config",
        "limits.publish-bytes=3100",
        "--config",
        "limits.publish-file-bytes=2000",
    ];
    let ran = shop.run(&[&["publish", "a"][..], &limits].concat());
    ran.done().says(&[
        "`a/.env` has the name of a file that holds secrets",
        "`a/deep/server.pem` has the name of a file that holds secrets",
        "`a/notes` holds what looks like a private key",
        "`a/ci.yml` holds what looks like a GitHub token",
        "`a/.gitattributes` sets `export-ignore`",
        "`a/.gitattributes` sets `ident`",
        "`a/large` has 3000 bytes, more than 2000",
        "the atom of `a` has 3",
        "limits.publish-bytes",
    ]);
    ran.says_nothing_of(&[&token]);
    // Said once: what is there is there.
    shop.run(&["publish", "a"])
        .done()
        .says_nothing_of(&["secrets", "looks like"]);
}

#[test]
fn a_dependency_that_nobody_will_find_is_told() {
    let shop = Shop::new();
    shop.atom("util", "util", "0.1.0");
    shop.manifest(
        "a",
        "a",
        "1.0.0",
        "[sets]\nhere = \"::\"\n[deps.here]\nutil = \"^0.1\"\n",
    );
    shop.run(&["-C", "a", "lock"]).done();
    shop.commit();
    shop.run(&["publish", "a", "--dry-run"]).done().says(&[
        "`a` depends on `util` `^0.1` of this repository",
        "eka publish util",
    ]);
    shop.run(&["publish", "--all", "--dry-run"])
        .done()
        .says_nothing_of(&["depends on"]);
    shop.run(&["publish", "util"]).done();
    shop.run(&["publish", "a"])
        .done()
        .says_nothing_of(&["depends on"]);
}
