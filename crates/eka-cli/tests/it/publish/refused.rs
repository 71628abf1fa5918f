//! What is not published, and why.

use super::Shop;

const HERE: &str = "[sets]\nhere = \"::\"\n[deps.here]\n";

#[test]
fn a_repository_that_cannot_be_published_from() {
    let shop = Shop::empty();
    shop.run(&["publish", "--all"])
        .exit(1)
        .says(&["has no commits yet"]);
    shop.repo.write("README", "").commit("begin");
    shop.run(&["publish", "--all"])
        .exit(1)
        .says(&["has no atom to publish"]);
    shop.atom("a", "a", "1.0.0").commit();
    shop.run(&["publish", "--all"])
        .exit(1)
        .says(&["has no root yet", "eka init --remote origin"]);
    let shallow =
        shop.world
            .env
            .clone_of(&shop.up.url(), "shallow", &["--depth=1", "--branch=main"]);
    let folder = shallow.path().display().to_string();
    shop.run(&["-C", &folder, "publish", "--all"])
        .exit(1)
        .says(&[
            "is a shallow clone",
            "git fetch --unshallow",
            "fetch-depth: 0",
        ]);
    let sha256 = shop.world.env.path("sha256").display().to_string();
    shop.repo
        .git(["init", "--quiet", "--object-format=sha256", &sha256]);
    shop.run(&["-C", &sha256, "publish", "--all"])
        .exit(1)
        .says(&["SHA-256"]);
    let none = shop.world.env.path("none");
    std::fs::create_dir(&none).unwrap();
    let none = none.display().to_string();
    shop.run(&["-C", &none, "publish", "--all"])
        .exit(1)
        .says(&["in no git repository"]);
}

#[test]
fn an_atom_beyond_the_limits() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").repo.write("a/b/c/d", "deep\n");
    shop.commit();
    for (setting, says) in [
        ("limits.depth=2", "lies deeper than 2 folders"),
        ("limits.entries=4", "more than 4 entries"),
    ] {
        for more in [&[][..], &["--changed=HEAD"]] {
            let args = [&["publish", "--all", "--config", setting][..], more].concat();
            shop.run(&args).exit(1).says(&[says, "the limit is"]);
        }
    }
    assert!(shop.refs().is_empty());
    let enough = ["--config", "limits.depth=3", "--config", "limits.entries=5"];
    shop.run(&[&["publish", "--all"][..], &enough].concat())
        .done();
}

#[test]
fn a_bare_repository_and_a_linked_work_tree() {
    let shop = Shop::new();
    shop.atom("libs/a", "a", "1.0.0").commit();
    let bare = shop
        .world
        .env
        .clone_of(&shop.up.url(), "bare.git", &["--bare"]);
    let folder = bare.path().display().to_string();
    let run =
        |args: &[&str]| shop.run(&[&["-C", &folder, "publish", "--rev", "main"], args].concat());
    run(&[])
        .exit(2)
        .says(&["a bare repository has no current atom"]);
    run(&["--all"]).done().says(&["out: new a@1.0.0"]);
    run(&["libs/a"]).done().says(&["out: present a@1.0.0"]);
    let tree = shop.world.env.path("tree").display().to_string();
    shop.repo.git(["worktree", "add", "--quiet", &tree]);
    let deep = format!("{tree}/libs/a");
    shop.run(&["-C", &deep, "publish"])
        .done()
        .says(&["out: present a@1.0.0"]);
}

#[test]
fn a_root_that_is_not_ours() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let root = shop.up.rev("refs/eka/root");
    shop.repo.git(["checkout", "--quiet", "--orphan", "other"]);
    shop.repo.commit("begin anew");
    shop.run(&["publish", "a", "--with-history"])
        .exit(1)
        .says(&[&format!("has the root `{root}`"), "does not descend from"]);
    // A merge of a back-dated unrelated root changes nothing: the posted one counts.
    shop.repo.git([
        "merge",
        "--quiet",
        "--allow-unrelated-histories",
        "--strategy=ours",
        "-m",
        "join",
        "main",
    ]);
    shop.push();
    shop.run(&["publish", "a"]).done();
    let atom = shop.up.git(["cat-file", "-p", "refs/atoms/a/1.0.0/atom"]);
    assert!(atom.contains(&format!("\nroot {root}\n")), "{atom}");
    assert!(shop.refs().len() == 3);
}

#[test]
fn private_history_stays_private() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    shop.repo.write("secret", "1").commit("secret");
    shop.repo.write("secret", "2").commit("secret");
    shop.atom("a", "a", "1.1.0").repo.commit("bump");
    let src = shop.repo.rev("HEAD");
    let before = shop.up.refs();
    shop.run(&["publish", "a"]).exit(1).says(&[
        "no branch or tag of",
        &format!("leads to `{src}`: publishing would upload 3 commits"),
        "--with-history",
    ]);
    assert_eq!(shop.up.refs(), before);
    let objects = shop.up.try_git(&["cat-file", "-e", &src]);
    assert!(!objects.status.success(), "nothing was sent");
    shop.run(&["publish", "a", "--with-history", "--dry-run"])
        .done()
        .says(&["with 3 commits of history"]);
    shop.run(&["publish", "a", "--with-history"])
        .done()
        .says(&["with 3 commits of history"]);
    assert_eq!(shop.up.rev("refs/atoms/a/1.1.0/src"), src);
    // A tag, annotated or not, shows it as a branch does.
    shop.atom("a", "a", "1.2.0").repo.commit("bump");
    shop.repo.git(["tag", "-a", "-m", "tagged", "v1.2.0"]);
    shop.run(&["publish", "a"]).exit(1);
    shop.repo.git(["push", "--quiet", "origin", "v1.2.0"]);
    shop.run(&["publish", "a"]).done();
}

/// The remote's branch went on elsewhere: its commits alone are brought, to tell.
#[test]
fn tips_that_are_not_known_here_are_asked_for() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let other = shop
        .world
        .env
        .clone_of(&shop.up.url(), "other", &["--branch=main"]);
    other.write("more", "x").commit("more");
    other.git(["push", "--quiet", "origin", "main"]);
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: new a@1.0.0"]);
    shop.atom("a", "a", "1.1.0").repo.commit("not pushed");
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["would upload 1 commit"]);
}

#[test]
fn every_invalid_manifest_is_told() {
    let shop = Shop::new();
    shop.atom("good", "good", "1.0.0");
    shop.manifest("one", "one", "1.0", "");
    shop.manifest(
        "two",
        "two",
        "1.0.0",
        "licence = \"MIT\"\n[sets]\nx = \"http://example.org/x\"\n",
    );
    shop.repo.write("three/atom.toml", "not TOML");
    shop.repo.symlink("four/atom.toml", "../good/atom.toml");
    shop.commit();
    shop.run(&["publish", "--all"]).exit(2).says(&[
        "4 things stand against publishing",
        "the manifest of `one` cannot be published",
        "`1.0` is not a version",
        "did you mean `license`?",
        "which readers of a published atom refuse",
        "`four/atom.toml` is no regular file",
    ]);
    assert!(shop.refs().is_empty());
    shop.run(&["publish", "./two"])
        .exit(2)
        .says(&["licence"])
        .says_nothing_of(&["three"]);
    shop.run(&["publish", "two"])
        .exit(1)
        .says(&["whose manifest cannot be read: `one`, `three`, `two`"]);
    shop.run(&["publish", "./four"])
        .exit(2)
        .says(&["is no regular file"]);
    // What is not asked for stands in nobody's way.
    shop.run(&["publish", "good"]).done();
}

#[test]
fn a_manifest_below_decides_what_is_cut() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0");
    shop.repo.write("a/below/atom.toml", "[atom\n");
    shop.commit();
    shop.run(&["publish", "a"])
        .exit(2)
        .says(&["`a/below/atom.toml` decides whether its folder is an atom of its own"]);
    shop.repo
        .remove("a/below/atom.toml")
        .symlink("a/below/atom.toml", "../atom.toml");
    shop.commit();
    // A link is content.
    shop.run(&["publish", "a"]).done().says(&["3 files"]);
}

#[test]
fn dependencies_need_a_current_lock() {
    let shop = Shop::new();
    shop.atom("util", "util", "0.1.0");
    shop.manifest("a", "a", "1.0.0", &format!("{HERE}util = \"^0.1\"\n"));
    shop.commit();
    shop.run(&["publish", "a"]).exit(3).says(&[
        "has dependencies and no `atom.lock`",
        "run `eka lock` in `a`",
    ]);
    shop.run(&["-C", "a", "lock"]).done();
    shop.run(&["publish", "a"]).exit(3);
    shop.commit();
    shop.run(&["publish", "a", "--dry-run"]).done();
    shop.manifest("util", "util", "0.1.1", "").commit();
    shop.run(&["publish", "a"]).exit(3).says(&[
        "the lock of `a` is out of date",
        "util",
        "0.1.0",
        "0.1.1",
    ]);
    shop.repo.git(["mv", "util", "moved"]);
    shop.commit();
    shop.run(&["publish", "a"]).exit(3).says(&["not at `util`"]);
    shop.run(&["-C", "a", "lock"]).done();
    shop.repo.write("a/atom.lock", "version = 2\n");
    shop.commit();
    shop.run(&["publish", "a"])
        .exit(2)
        .says(&["the lock of `a` is not valid"]);
    shop.repo
        .remove("a/atom.lock")
        .symlink("a/atom.lock", "../moved/atom.toml");
    shop.commit();
    shop.run(&["publish", "./a"])
        .exit(2)
        .says(&["`a/atom.lock` is no regular file"]);
}

#[test]
fn dependencies_on_what_is_never_published() {
    let shop = Shop::new();
    shop.manifest("util", "util", "0.1.0", "publish = false\n");
    shop.manifest("a", "a", "1.0.0", &format!("{HERE}util = \"^0.1\"\n"));
    shop.manifest("b", "b", "1.0.0", &format!("{HERE}none = \"^0.1\"\n"));
    shop.manifest("c", "c", "1.0.0", &format!("{HERE}b = \"^2\"\n"));
    shop.commit();
    shop.run(&["publish", "--all"]).exit(1).says(&[
        "`a` depends on `util`, which has `publish = false`",
        "`b` depends on `none` `^0.1` of this repository, and the commit has none",
        "`c` depends on `b` `^2` of this repository, and the commit has `1.0.0`",
    ]);
}

#[test]
fn two_atoms_of_one_id() {
    let shop = Shop::new();
    shop.atom("libs/a", "a", "1.0.0")
        .atom("old/a", "a", "0.9.0")
        .atom("b", "b", "1.0.0")
        .commit();
    for args in [&["--all"][..], &["a"], &["./old/a"]] {
        shop.run(&[&["publish"], args].concat())
            .exit(1)
            .says(&["`a` is the atom of several folders: `libs/a`, `old/a`"]);
    }
    shop.run(&["publish", "b"]).done();
}

#[test]
fn ids_that_look_alike() {
    let shop = Shop::new();
    shop.atom("1", "zlib", "1.0.0")
        .atom("2", "ZLib", "1.0.0")
        .commit();
    shop.run(&["publish", "--all"])
        .exit(1)
        .says(&["`ZLib@1.0.0` looks like `zlib`"]);
    assert!(shop.refs().is_empty());
    shop.run(&["publish", "zlib"]).done();
    shop.run(&["publish", "ZLib"])
        .exit(1)
        .says(&["looks like `zlib`"]);
    // Where the memory of what was there is wrong, it is found out.
    shop.run(&["publish", "zlib"]).done().says(&["present"]);
    let refs = shop.refs();
    for it in &refs {
        let (id, name) = it.split_once(' ').unwrap();
        shop.up.git(["update-ref", "-d", name]);
        shop.up
            .git(["update-ref", &name.replace("zlib", "ZLIB"), id]);
    }
    shop.run(&["publish", "zlib"])
        .exit(1)
        .says(&["looks like `ZLIB`"]);
    // Whatever else the set has: also one that this commit does not know.
    shop.repo.remove("1").remove("2");
    shop.atom("3", "раураl", "1.0.0")
        .atom("4", "zlibl", "1.0.0")
        .commit();
    shop.run(&["publish", "zlibl"]).done();
    shop.repo.remove("4");
    shop.atom("4", "zlib1", "1.0.0").commit();
    shop.run(&["publish", "zlib1"])
        .exit(1)
        .says(&["looks like `zlibl`"]);
    shop.run(&["publish", "--all"]).exit(2);
}

#[test]
fn versions_that_cannot_be() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0+one").commit();
    shop.run(&["publish", "a"]).done();
    shop.atom("a", "a", "1.0.0+two").commit();
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["differs from the published `1.0.0+one` in build metadata alone"]);
    // A tombstone.
    shop.atom("a", "a", "2.0.0").commit();
    let root = shop.up.rev("refs/eka/root");
    shop.up
        .git(["update-ref", "refs/atoms/a/2.0.0/yank", &root]);
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["was deleted there, and may never be published again"]);
    assert_eq!(shop.refs().len(), 4);
}

#[test]
fn one_refusal_holds_all_back() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    shop.run(&["publish", "a"]).done();
    shop.repo.write("a/main.txt", "changed");
    shop.atom("b", "b", "1.0.0").commit();
    shop.run(&["publish", "--all"]).exit(1).says(&[
        "out: refused a@1.0.0",
        "out: held b@1.0.0",
        "nothing was published",
    ]);
    assert_eq!(shop.refs().len(), 3);
}

#[test]
fn foreign_refs_are_passed_by_or_named() {
    let shop = Shop::new();
    let root = shop.up.rev("refs/eka/root");
    for name in [
        "a/9.9.9/atom/deeper",
        "a/1.0/atom",
        "a/1.0.0/more",
        "a.b/1.0.0/atom",
        "x",
    ] {
        shop.up
            .git(["update-ref", &format!("refs/atoms/{name}"), &root]);
    }
    shop.atom("a", "a", "1.0.0").commit();
    shop.run(&["publish", "a"]).done();
    // Where one of ours must be, a deeper one cannot stay.
    for name in ["a/1.1.0/src/deeper", "a/1.2.0"] {
        let name = format!("refs/atoms/{name}");
        shop.up.git(["update-ref", &name, &root]);
        let version = &name["refs/atoms/a/".len()..][..5];
        shop.atom("a", "a", version).commit();
        shop.run(&["publish", "a"]).exit(1).says(&[
            &format!("the ref `{name}` is in the way"),
            "git push <remote> :",
        ]);
    }
}

#[test]
fn hostile_trees() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let manifest = shop.repo.rev("HEAD:a/atom.toml");
    let check = |entry: String, says: &str| {
        let inner = format!("100644 blob {manifest}\tatom.toml\n{entry}\n");
        let inner = shop
            .repo
            .git_with(["mktree", "--missing"], inner.as_bytes());
        let tree = shop
            .repo
            .git_with(["mktree"], format!("040000 tree {inner}\ta\n").as_bytes());
        let root = shop.up.rev("refs/eka/root");
        let commit = shop
            .repo
            .git(["commit-tree", "-m", "x", "-p", &root, &tree]);
        shop.run(&["publish", "a", "--rev", &commit, "--with-history"])
            .exit(1)
            .says(&[says]);
    };
    let id = "a".repeat(40);
    check(format!("160000 commit {id}\tsub"), "is a submodule");
    check(format!("100644 blob {manifest}\tgit~1"), "read as `.git`");
    check(format!("100644 blob {manifest}\tx\\y"), "separator");
    assert!(shop.refs().is_empty());
}
