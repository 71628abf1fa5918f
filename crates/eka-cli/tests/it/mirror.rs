//! `eka mirror`: versions are copied as they are, and lies are not.

use testkit::http::GitHttp;
use testkit::repo::Repo;

use crate::publish::{Shop, refs};

/// A shop with two versions of `a` and one of `b`, and an empty place to copy to.
fn shop() -> (Shop, Repo) {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0")
        .atom("b", "b", "1.0.0")
        .commit();
    shop.run(&["publish", "--all"]).done();
    shop.atom("a", "a", "1.1.0-rc.lock").commit();
    shop.run(&["publish", "a"]).done();
    let to = shop.world.env.bare("to.git");
    (shop, to)
}

/// The refs that are copied: those of atoms, and the root.
fn all(repo: &Repo) -> Vec<String> {
    let mut all = refs(repo);
    all.extend(
        repo.refs()
            .into_iter()
            .filter(|it| it.ends_with(" refs/eka/root")),
    );
    all
}

#[test]
fn everything_is_copied_as_it_is() {
    let (shop, to) = shop();
    shop.up.git([
        "tag",
        "-a",
        "-m",
        "signed",
        "a@1.0.0",
        "refs/atoms/a/1.0.0/atom",
    ]);
    let tag = shop.up.rev("refs/tags/a@1.0.0");
    shop.up.git(["update-ref", "refs/atoms/a/1.0.0/sig", &tag]);
    let tree = shop.up.git_with(["mktree"], b"");
    let yank = shop.up.git(["commit-tree", "-m", "bad", &tree]);
    shop.up
        .git(["update-ref", "refs/atoms/b/1.0.0/yank", &yank]);
    shop.up
        .git(["update-ref", "refs/atoms/b/0.9.0/yank", &yank]);
    shop.up
        .git(["update-ref", "refs/atoms/x/1.0.0/atom/deep", &yank]);
    let (from, url) = (shop.up.url(), to.url());
    shop.run(&["mirror", &from, &url]).done().says(&[
        "out: new a@1.0.0",
        "out: new a@1.1.0-rc.lock",
        "out: new b@0.9.0",
        "copied 4 of 4 versions",
    ]);
    let expected: Vec<_> = all(&shop.up)
        .into_iter()
        .filter(|it| !it.ends_with("/deep"))
        .collect();
    assert_eq!(all(&to), expected);
    to.git(["fsck", "--strict"]);
    let before = to.refs();
    shop.run(&["mirror", &from, &url])
        .done()
        .says(&["out: present a@1.0.0", "copied 0 of 4"]);
    // A deprecation that comes later goes along later.
    shop.up
        .git(["update-ref", "refs/atoms/a/1.0.0/deprecate", &yank]);
    shop.run(&["mirror", &from, &url])
        .done()
        .says(&["out: completed a@1.0.0", "copied 1 of 4"]);
    assert_eq!(to.refs().len(), before.len() + 1);
    let json = shop.run(&["mirror", &from, &url, "--format", "json"]);
    json.done().says(&[
        "\"schema\":\"eka.mirror/1\"",
        "\"state\":\"present\"",
        "\"atom\":null",
    ]);
}

#[test]
fn some_atoms_by_name_of_remotes_over_http() {
    let (shop, to) = shop();
    let server = GitHttp::start(&shop.world.env.path(""));
    let url = format!("{}/to.git", server.url());
    shop.repo.git(["remote", "add", "copy", &url]);
    shop.run(&["mirror", "origin", "copy", "b"]).done();
    assert_eq!(refs(&to).len(), 3);
    shop.run(&["mirror", "origin", "copy", "c"])
        .exit(1)
        .says(&["has no atom `c`"]);
    shop.run(&["mirror", "origin", "copy", "a"]).done();
    assert_eq!(all(&to), all(&shop.up));
    shop.run(&["mirror", "copy", "origin"])
        .done()
        .says(&["copied 0 of 3"]);
    shop.run(&["mirror", "../up.git", "../to.git"])
        .done()
        .says(&["copied 0 of 3"]);
    shop.run(&["mirror", "origin::a", "copy"]).exit(2);
    shop.run(&["mirror", "origin", "file:///none"]).exit(4);
}

#[test]
fn what_is_otherwise_there_is_told_and_stays() {
    let (shop, to) = shop();
    let (from, url) = (shop.up.url(), to.url());
    shop.run(&["mirror", &from, &url, "b"]).done();
    let other = to.rev("refs/atoms/b/1.0.0/spec");
    to.git(["update-ref", "refs/atoms/b/1.0.0/atom", &other]);
    let before = to.refs();
    shop.run(&["mirror", &from, &url]).exit(5).says(&[
        "has something else than",
        &format!("`b@1.0.0`: its `atom` is {other} there"),
    ]);
    assert_eq!(to.refs(), before, "nothing of it was copied");
    shop.run(&["mirror", &from, &url, "a"]).done();
    // Deleted for ever there, and not brought back.
    to.git(["update-ref", "-d", "refs/atoms/b/1.0.0/atom"]);
    to.git(["update-ref", "-d", "refs/atoms/b/1.0.0/spec"]);
    to.git(["update-ref", "refs/atoms/b/1.0.0/yank", &other]);
    shop.run(&["mirror", &from, &url])
        .exit(5)
        .says(&["`b@1.0.0`: its `yank` is"]);
}

#[test]
fn another_set_is_none_to_copy_to() {
    let (shop, to) = shop();
    let root = shop.repo.rev("HEAD");
    shop.repo.git(["push", "--quiet", &to.url(), "HEAD:main"]);
    to.git(["update-ref", "refs/eka/root", &root]);
    shop.run(&["mirror", "origin", &to.url()])
        .exit(1)
        .says(&["different sets", &root]);
    let none = shop.world.env.bare("none.git");
    shop.run(&["mirror", &none.url(), "origin"])
        .exit(1)
        .says(&["is no set of atoms"]);
    assert!(refs(&to).is_empty());
}

/// What is copied is what it claims to be.
#[test]
fn lies_are_not_copied() {
    let (shop, to) = shop();
    let spec = shop
        .up
        .git(["cat-file", "commit", "refs/atoms/b/1.0.0/spec"]);
    let root = shop.up.rev("refs/eka/root");
    let source = shop.up.rev("refs/atoms/b/1.0.0/src");
    let forged = format!(
        "{}\n",
        spec.replace(&format!("src {source}"), &format!("src {root}"))
    );
    let forged = shop.up.git_with(
        ["hash-object", "-t", "commit", "-w", "--stdin"],
        forged.as_bytes(),
    );
    shop.up
        .git(["update-ref", "refs/atoms/b/1.0.0/spec", &forged]);
    shop.run(&["mirror", "origin", &to.url()])
        .exit(5)
        .says(&["b@1.0.0"]);
    let tree = shop.up.rev("refs/atoms/a/1.0.0/atom^{tree}");
    let atom = shop
        .up
        .git(["cat-file", "commit", "refs/atoms/b/1.0.0/atom"]);
    let other = shop.up.rev("refs/atoms/b/1.0.0/atom^{tree}");
    let forged = format!("{}\n", atom.replace(&other, &tree));
    let forged = shop.up.git_with(
        ["hash-object", "-t", "commit", "-w", "--stdin"],
        forged.as_bytes(),
    );
    shop.up
        .git(["update-ref", "refs/atoms/b/1.0.0/atom", &forged]);
    shop.run(&["mirror", "origin", &to.url()])
        .exit(5)
        .says(&["b@1.0.0"]);
    assert!(to.refs().is_empty());
    // A format of tomorrow is passed by.
    let newer = atom.replace("\nformat 1\n", "\nformat 2\n");
    let newer = shop.up.git_with(
        ["hash-object", "-t", "commit", "-w", "--stdin"],
        format!("{newer}\n").as_bytes(),
    );
    shop.up
        .git(["update-ref", "refs/atoms/b/1.0.0/atom", &newer]);
    shop.run(&["mirror", "origin", &to.url()])
        .done()
        .says(&["has format `2`", "copied 2 of 2"]);
    assert_eq!(refs(&to).len(), 6);
}
