//! `eka verify`: every claim holds, or both sides are named.

use atom::refname::Part;
use testkit::http::{GitHttp, Serving};

use crate::locked::{Locked, false_nar};

#[test]
fn an_honest_set_holds() {
    let locked = Locked::new();
    let url = locked.up.url();
    let plain = "atom spec content files nar";
    let ran = locked.run(&["verify", &url]);
    ran.exit(0).says(&["all 10 claims of 2 versions hold"]);
    assert_eq!(
        ran.out(),
        [format!("util@0.1.4 {plain}"), format!("zlib@1.3.1 {plain}")]
    );
    let ran = locked.run(&["verify", "--lock", "--deep"]);
    let deep = "atom spec lock content files nar source root";
    assert_eq!(
        ran.exit(0).out(),
        [format!("util@0.1.4 {deep}"), format!("zlib@1.3.1 {deep}")]
    );
    let ran = locked.run_in("lib", &["verify"]);
    assert_eq!(ran.exit(0).out().len(), 2);
}

#[test]
fn only_the_versions_that_are_meant() {
    let locked = Locked::new();
    locked.atom("util", "0.2.0", "");
    locked.publish("util");
    let of = |what: &str| format!("{}::{what}", locked.up.url());
    assert_eq!(locked.run(&["verify", &of("util")]).exit(0).out().len(), 2);
    let ran = locked.run(&["verify", &of("util@^0.1")]);
    assert!(ran.exit(0).out()[0].starts_with("util@0.1.4 "));
    locked
        .run(&["verify", &of("util@^7")])
        .exit(1)
        .says(&["eka::versions::no_match"]);
    locked
        .run(&["verify", &of("none")])
        .exit(1)
        .says(&["eka::versions::no_atom"]);
    locked.run(&["verify", "x", "--lock"]).exit(2);
    locked
        .run(&["verify", &format!("{}^^main", locked.up.url())])
        .exit(2);
}

#[test]
fn answers_as_json() {
    let locked = Locked::new();
    locked.forge("util", "0.1.4", |atom, spec| {
        atom.nar = false_nar();
        spec.nar = atom.nar;
    });
    let (url, root) = (locked.up.url(), locked.root());
    let ran = locked.run(&["verify", &format!("{url}::util"), "--format", "json"]);
    ran.exit(5).says(&[
        r#""code":"eka::verify::lies""#,
        r#""code":"eka::claim::disagree""#,
    ]);
    let out = &ran.out()[0];
    let head = format!(
        r#"{{"schema":"eka.verify/1","versions":[{{"id":"util","version":"0.1.4","root":"{root}","remote":"{url}","holds":false,"claims":[{{"claim":"atom","holds":true,"message":null}},"#
    );
    let head = head.replace(&locked.world.env.path("").display().to_string(), "[WORLD]");
    assert!(out.starts_with(&head), "{out}\n{head}");
    assert!(
        out.contains(r#"{"claim":"nar","holds":false,"message":"the nar of `util@0.1.4`"#),
        "{out}"
    );
}

#[test]
fn each_lie_names_both_sides() {
    let locked = Locked::published();
    let uri = format!("{}::util", locked.up.url());
    let check = |marks: &str, parts: &[&str], lie: &dyn Fn(&Locked)| {
        locked.case(|| {
            lie(&locked);
            let ran = locked.run(&["verify", &uri]);
            ran.exit(5).says(parts);
            assert_eq!(ran.out(), [format!("util@0.1.4 {marks}")], "{}", ran.shown);
        });
    };
    let fake = false_nar().to_string();
    let honest = locked.atom_commit("util", "0.1.4").nar.to_string();
    check("atom spec content files !nar", &[&fake, &honest], &|it| {
        it.forge("util", "0.1.4", |atom, spec| {
            atom.nar = false_nar();
            spec.nar = atom.nar;
        });
    });
    check("atom !spec content nar", &[&fake, &honest], &|it| {
        it.forge("util", "0.1.4", |_, spec| spec.nar = false_nar());
    });
    check("!atom", &["`zlib`", "the id of `util@0.1.4`"], &|it| {
        let other = it.atom_id("zlib");
        it.forge("util", "0.1.4", |atom, _| atom.atom = other);
    });
    check("!atom", &["none that eka writes"], &|it| {
        it.set("util", "0.1.4", Part::Atom, &it.up.rev("refs/heads/main"));
    });
    let main = locked.up.rev("refs/heads/main");
    check("atom !spec content nar", &["source commit", &main], &|it| {
        it.set("util", "0.1.4", Part::Src, &it.root().to_string());
    });
    check(
        "atom spec content !files nar",
        &["the manifest of `util@0.1.4`", "the spec"],
        &|it| {
            let text = "[atom]\nid = \"util\"\nversion = \"0.1.4\"\ndescription = \"another\"\n";
            let blob = it.object("blob", text.as_bytes());
            let entry = format!("100644 blob {blob}\tatom.toml\n");
            let tree = it.up.git_with(["mktree"], entry.as_bytes());
            it.forge("util", "0.1.4", |_, spec| spec.tree = tree.parse().unwrap());
        },
    );
    // The object itself is gone: nothing is put back after this.
    check("!atom", &["is missing"], &|it| {
        let rev = it.part("util", "0.1.4", Part::Atom);
        std::fs::remove_file(it.up.path().join("objects").join(&rev[..2]).join(&rev[2..])).ok();
        let packed = it.up.try_git(&["cat-file", "-e", &rev]).status.success();
        assert!(!packed, "the object is loose");
    });
}

#[test]
fn deep_catches_a_source_that_lies() {
    let locked = Locked::published();
    let uri = format!("{}::util", locked.up.url());
    let check = |marks: &str, parts: &[&str], lie: &dyn Fn(&Locked)| {
        locked.case(|| {
            lie(&locked);
            // What is not looked at does not show.
            locked.run(&["verify", &uri]).exit(0);
            let ran = locked.run(&["verify", "--deep", &uri]);
            ran.exit(5).says(parts);
            let all = format!("util@0.1.4 atom spec content files nar {marks}");
            assert_eq!(ran.out(), [all], "{}", ran.shown);
        });
    };
    let tree = locked.lib.rev("HEAD^{tree}");
    let source = |it: &Locked, src: String| {
        it.forge("util", "0.1.4", |_, spec| spec.src = src.parse().unwrap());
        it.set("util", "0.1.4", Part::Src, &src);
    };
    check(
        "!source root",
        &["the content tree of `util@0.1.4`", "the folder `libs/util`"],
        &|it| {
            it.lib.write("libs/util/more", "more\n");
            it.lib.commit("another");
            it.push();
            source(it, it.lib.rev("HEAD"));
        },
    );
    check(
        "!source root",
        &["the folder `libs/gone`", "no such folder"],
        &|it| {
            it.forge("util", "0.1.4", |_, spec| {
                spec.path = "libs/gone".parse().unwrap();
            });
        },
    );
    check("!source root", &["the folder `libs/zlib`"], &|it| {
        it.forge("util", "0.1.4", |_, spec| {
            spec.path = "libs/zlib".parse().unwrap();
        });
    });
    check("source !root", &["is no ancestor of"], &|it| {
        let orphan = it.lib.git(["commit-tree", &tree, "-m", "orphan"]);
        it.lib.git([
            "push",
            "--quiet",
            "origin",
            &format!("{orphan}:refs/heads/orphan"),
        ]);
        source(it, orphan);
    });
}

#[test]
fn deep_cuts_as_publish_does() {
    let locked = Locked::published();
    let lib = &locked.lib;
    locked.atom("util", "0.2.0", "");
    lib.write(
        "libs/util/nested/atom.toml",
        "[atom]\nid = \"nested\"\nversion = \"1.0.0\"\n",
    );
    lib.write(
        "libs/util/kept/atom.toml",
        "[atom]\nid = \"kept\"\nversion = \"1.0.0\"\npublish = false\n",
    );
    lib.write("libs/util/text/atom.toml", "nothing = true\n");
    locked.publish("util");
    locked.run_in("lib", &["publish", "nested"]).exit(0);
    // Served with filters and without, by both protocols.
    let filters = [("uploadpack.allowFilter".to_owned(), "true".to_owned())];
    for config in [&filters[..], &[]] {
        let serving = Serving {
            config: config.to_vec(),
            ..Serving::default()
        };
        let server = GitHttp::start_with(&locked.world.env.path(""), &serving);
        let url = format!("{}/up.git", server.url());
        locked.forget();
        let ran = locked.run(&["verify", "--deep", &url]);
        ran.exit(0).says(&["all 28 claims of 4 versions hold"]);
    }
    let left: Vec<_> = std::fs::read_dir(locked.cache("")).unwrap().collect();
    assert!(
        left.iter().all(|it| !it
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".tmp")),
        "{left:?}"
    );
}

#[test]
fn deep_looks_into_no_source_beyond_the_limits() {
    let locked = Locked::published();
    locked.atom("util", "0.2.0", "");
    let nested = "[atom]\nid = \"nested\"\nversion = \"1.0.0\"\n";
    locked.lib.write("libs/util/nested/atom.toml", nested);
    locked.lib.write("libs/util/nested/a/b/c", "deep\n");
    locked.publish("util");
    let uri = format!("{}::util@0.2.0", locked.up.url());
    for (setting, code) in [
        ("limits.depth=2", "`nested/a` lies deeper than 2 folders"),
        ("limits.entries=3", "more than 3 entries"),
    ] {
        // What is cut is no content.
        let args = ["verify", &uri, "--config", setting];
        locked.run(&args).exit(0);
        let ran = locked.run(&[&args[..], &["--deep"]].concat());
        ran.exit(1).says(&[code]);
    }
    let enough = ["--config", "limits.depth=4", "--config", "limits.entries=6"];
    let args = [&["verify", "--deep", &uri][..], &enough].concat();
    locked.run(&args).exit(0);
}

#[test]
fn a_lock_is_verified_at_a_mirror_too() {
    let locked = Locked::published();
    let mirror = locked.world.env.bare("mirror.git");
    locked
        .up
        .git(["push", "--quiet", &mirror.url(), "refs/*:refs/*"]);
    let sets = format!("core = [\"{}\", \"{}\"]", locked.up.url(), mirror.url());
    locked.depend(&sets, "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    std::fs::rename(locked.up.path(), locked.world.env.path("away")).unwrap();
    let ran = locked.run(&["verify", "--lock", "--deep"]);
    ran.exit(0)
        .says(&["eka::fetch::dead_remote", "all 16 claims"]);
    std::fs::rename(mirror.path(), locked.world.env.path("away2")).unwrap();
    locked.run(&["verify", "--lock"]).exit(4);
}

#[test]
fn a_moved_version_and_a_false_lock_are_exit_5() {
    let locked = Locked::new();
    let nar = locked.atom_commit("util", "0.1.4").nar.to_string();
    let text = locked.world.read("atom.lock");
    locked.edit_lock(&nar, &false_nar().to_string());
    let ran = locked.run(&["verify", "--lock"]);
    ran.exit(5)
        .says(&["the nar of `util@0.1.4`", &nar, "the lock"]);
    assert!(ran.out()[0].contains("spec !lock"), "{}", ran.shown);
    locked.world.write("atom.lock", &text);
    let before = locked.part("util", "0.1.4", Part::Atom);
    let now = locked.part("zlib", "1.3.1", Part::Atom);
    locked.set("util", "0.1.4", Part::Atom, &now);
    locked
        .run(&["verify", "--lock"])
        .exit(5)
        .says(&["eka::claim::moved", &before, &now]);
}
