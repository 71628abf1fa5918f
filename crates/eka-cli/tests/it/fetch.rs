//! `eka fetch`: contents that are complete, and what the lock says, or not there.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use atom::refname::Part;
use testkit::http::GitHttp;

use crate::locked::{Locked, Ran, false_nar};

/// The folder of an atom by what a run printed: the lock's order is util, zlib.
pub(crate) fn folder(locked: &Locked, ran: &Ran, at: usize) -> PathBuf {
    let shown = ran.out()[at].clone();
    PathBuf::from(shown.replace("[WORLD]", &locked.world.env.path("").display().to_string()))
}

#[test]
fn brings_what_is_locked_and_prints_where() {
    let locked = Locked::new();
    let ran = locked.run(&["fetch"]);
    ran.exit(0).says(&["2 brought"]);
    assert_eq!(ran.out().len(), 2);
    let zlib = folder(&locked, &ran, 1);
    assert!(zlib.starts_with(locked.cache("src")), "{}", zlib.display());
    let name = zlib.file_name().unwrap().to_str().unwrap();
    assert!(name.len() == 39 && name.ends_with("-source"), "{name}");
    assert_eq!(fs::read_to_string(zlib.join("b/x")).unwrap(), "folder\n");
    assert_eq!(fs::read_link(zlib.join("l")).unwrap(), Path::new("b/x"));
    let mode = |it: &str| fs::metadata(zlib.join(it)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("b-d"), mode("b.d"), mode("")), (0o755, 0o644, 0o755));

    let again = locked.run(&["fetch"]);
    again.exit(0).says(&["2 there already"]);
    assert_eq!(again.out(), ran.out());
    // All that it needs is in the cache.
    fs::remove_dir_all(locked.cache("src")).unwrap();
    locked.forget_store();
    let offline = locked.run(&["fetch", "--frozen"]);
    offline.exit(0).says(&["2 brought"]);
    assert_eq!(offline.out(), ran.out());
}

#[test]
fn answers_as_json() {
    let locked = Locked::new();
    let nar = locked.atom_commit("util", "0.1.4").nar;
    let ran = locked.run(&["fetch", "util", "--into", "out", "--format", "json"]);
    ran.exit(0);
    let names: Vec<_> = fs::read_dir(locked.world.path("out")).unwrap().collect();
    let name = names[0]
        .as_ref()
        .unwrap()
        .file_name()
        .into_string()
        .unwrap();
    let expected = format!(
        r#"{{"schema":"eka.fetch/1","atoms":[{{"id":"util","version":"0.1.4","nar":"{nar}","path":"[WORLD]/work/out/{name}","outcome":"new"}}],"pins":[]}}"#
    );
    assert_eq!(ran.out(), [expected]);
}

#[test]
fn only_the_named_ones_and_only_what_is_locked() {
    let locked = Locked::new();
    assert_eq!(locked.run(&["fetch", "zlib"]).exit(0).out().len(), 1);
    locked.run(&["fetch", "zlip"]).exit(1).says(&[
        "eka::fetch::not_locked",
        "the lock holds no atom `zlip`",
        "it holds: `util`, `zlib`",
    ]);
    locked.run(&["fetch", "a b"]).exit(2);
    locked
        .run(&["-C", "..", "fetch"])
        .exit(2)
        .says(&["eka::project::no_atom"]);
}

#[test]
fn a_lock_that_is_out_of_date_is_exit_3() {
    let locked = Locked::new();
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "zlib = \"^2\"");
    let diff = "~ zlib ^1 → ^2";
    locked
        .run(&["fetch"])
        .exit(3)
        .says(&["eka::fetch::out_of_date", diff]);
    let ran = locked.run(&["fetch", "--locked"]);
    ran.exit(3)
        .says(&["`--locked` was given", "run `eka lock`"]);
    fs::remove_file(locked.world.path("atom.lock")).unwrap();
    locked.run(&["fetch"]).exit(3).says(&["+ zlib"]);
    locked
        .world
        .write("atom.toml", "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n");
    let none = locked.run(&["fetch"]);
    none.exit(0).says(&["the lock holds nothing to fetch"]);
    assert!(none.out().is_empty());
}

#[test]
fn atoms_of_the_work_tree_lie_where_they_are() {
    let locked = Locked::published();
    locked.run_in("lib/libs/zlib", &["lock"]).exit(0);
    let ran = locked.run_in("lib/libs/zlib", &["fetch"]);
    ran.exit(0).says(&["1 in the work tree"]);
    assert_eq!(ran.out(), ["[WORLD]/lib/libs/util"]);
}

#[test]
fn offline_names_what_is_missing() {
    let locked = Locked::new();
    locked
        .run(&["fetch", "--offline"])
        .exit(4)
        .says(&["`util@0.1.4`", "`--offline`"]);
    assert!(locked.contents().is_empty());
}

#[test]
fn a_dead_mirror_is_a_warning_and_a_dead_origin_needs_one() {
    let locked = Locked::published();
    let (up, away) = (locked.up.url(), locked.world.env.path("away.git"));
    let dead = format!("file://{}", locked.world.env.path("dead.git").display());
    locked.depend(&format!("core = [\"{up}\", \"{dead}\"]"), "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    locked.forget();
    locked
        .run(&["fetch"])
        .exit(0)
        .says_nothing_of(&["dead.git"]);

    // The origin dies; the mirror is dead as well.
    locked.forget();
    fs::rename(locked.up.path(), &away).unwrap();
    let ran = locked.run(&["fetch", "--config", "network.retries=0"]);
    ran.exit(4).says(&["up.git", "dead.git"]);
    assert!(locked.contents().is_empty());

    // It comes up: what the origin does not serve, it does.
    fs::rename(&away, locked.world.env.path("dead.git")).unwrap();
    let ran = locked.run(&["fetch", "--config", "network.retries=0"]);
    ran.exit(0)
        .says(&["eka::fetch::dead_remote", "up.git", "2 brought"]);
    let used = "; used `file://[WORLD]/dead.git`";
    ran.says(&["cannot use the origin `file://[WORLD]/up.git`: ", used]);

    // A mirror that is dead beside one that is not.
    let mirrors = format!("core = [\"{up}\", \"file:///nowhere.git\", \"{dead}\"]");
    locked.depend(&mirrors, "zlib = \"^1\"");
    fs::rename(locked.world.env.path("dead.git"), &away).unwrap();
    fs::rename(&away, locked.up.path()).unwrap();
    locked.run(&["lock"]).exit(0);
    locked.forget();
    fs::rename(locked.up.path(), locked.world.env.path("dead.git")).unwrap();
    locked
        .run(&["fetch", "--config", "network.retries=0"])
        .exit(0)
        .says(&["cannot use the mirror `file:///nowhere.git`: ", used]);
}

#[test]
fn the_users_own_mirror_serves_too() {
    let locked = Locked::new();
    let moved = locked.world.env.path("moved.git");
    fs::rename(locked.up.path(), &moved).unwrap();
    let config = format!(
        "mirrors.\"{}\"=[\"file://{}\"]",
        locked.up.url(),
        moved.display()
    );
    let ran = locked.run(&["fetch", "--config", &config]);
    ran.exit(0).says(&["2 brought"]);
}

#[test]
fn a_version_that_moved_is_exit_5_and_names_both() {
    let locked = Locked::new();
    let before = locked.part("zlib", "1.3.1", Part::Atom);
    locked.forge("zlib", "1.3.1", |atom, spec| {
        atom.nar = false_nar();
        spec.nar = atom.nar;
    });
    let now = locked.part("zlib", "1.3.1", Part::Atom);
    locked
        .run(&["fetch"])
        .exit(5)
        .says(&["eka::claim::moved", &before, &now, "`zlib@1.3.1`"]);
    assert!(locked.contents().is_empty());
}

#[test]
fn what_is_gone_is_named_and_a_mirror_may_have_it() {
    let locked = Locked::published();
    let mirror = locked.world.env.bare("mirror.git");
    locked.up.git([
        "push",
        "--quiet",
        &mirror.url(),
        "refs/atoms/*:refs/atoms/*",
    ]);
    let up = locked.up.url();
    locked.depend(&format!("core = \"{up}\""), "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    let rev = locked.part("util", "0.1.4", Part::Atom);
    locked.up.git([
        "update-ref",
        "-d",
        &Locked::name("util", "0.1.4", Part::Atom),
    ]);
    // The object is still served: what is fetched is what was locked.
    locked.forget();
    locked
        .run(&["fetch"])
        .exit(0)
        .says(&["eka::fetch::gone", "util@0.1.4"]);
    locked.up.git(["reflog", "expire", "--expire=now", "--all"]);
    locked.up.git(["gc", "--quiet", "--prune=now"]);
    locked.forget();
    locked
        .run(&["fetch"])
        .exit(5)
        .says(&["eka::claim::vanished", "`util@0.1.4`", &rev]);
    let mirrors = format!("core = [\"{up}\", \"{}\"]", mirror.url());
    locked.depend(&mirrors, "zlib = \"^1\"");
    locked.run(&["lock", "--config", "network.retries=0"]);
    let config = format!("mirrors.\"{up}\"=[\"{}\"]", mirror.url());
    locked.depend(&format!("core = \"{up}\""), "zlib = \"^1\"");
    locked
        .run(&["fetch", "--config", &config])
        .exit(0)
        .says(&["2 brought"]);
}

#[test]
fn a_content_beyond_the_limits_is_refused_and_the_limit_named() {
    // `zlib` has 7 entries below its folder, in 2 folders.
    let locked = Locked::new();
    for (setting, says) in [
        (
            "limits.depth=1",
            ["eka::tree::depth", "`b` lies deeper than 1 folders"],
        ),
        (
            "limits.entries=6",
            ["eka::tree::entries", "more than 6 entries"],
        ),
    ] {
        let ran = locked.run(&["fetch", "zlib", "--config", setting]);
        let key = setting.split_once('=').unwrap().0;
        ran.exit(1).says(&says).says(&["the limit is", key]);
        assert!(locked.contents().is_empty());
    }
    let enough = ["--config", "limits.depth=2", "--config", "limits.entries=7"];
    let args = [&["fetch", "zlib"][..], &enough].concat();
    locked.run(&args).exit(0);
}

#[test]
fn lies_of_the_publisher_are_exit_5() {
    // Each forges the atom before it is locked; `lock` believes what refs and specs agree on.
    let locked = Locked::published();
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.1\"");
    let check = |parts: &[&str], forge: &dyn Fn(&Locked)| {
        locked.case(|| {
            forge(&locked);
            locked.run(&["lock"]).exit(0);
            locked.run(&["fetch"]).exit(5).says(parts);
            assert!(locked.contents().is_empty());
        });
    };
    let fake = false_nar().to_string();
    check(&["the nar of `util@0.1.4`", &fake, "its content"], &|it| {
        it.forge("util", "0.1.4", |atom, spec| {
            atom.nar = false_nar();
            spec.nar = atom.nar;
        });
    });
    check(
        &[
            "the nar of `util@0.1.4`",
            &fake,
            "the spec",
            "the atom commit",
        ],
        &|it| {
            it.forge("util", "0.1.4", |_, spec| spec.nar = false_nar());
        },
    );
    check(
        &["the manifest of `util@0.1.4`", "the spec", "its content"],
        &|it| {
            let text = "[atom]\nid = \"util\"\nversion = \"0.1.4\"\ndescription = \"another\"\n";
            let blob = it.object("blob", text.as_bytes());
            let tree = it.up.git_with(
                ["mktree"],
                format!("100644 blob {blob}\tatom.toml\n").as_bytes(),
            );
            it.forge("util", "0.1.4", |_, spec| spec.tree = tree.parse().unwrap());
        },
    );
    check(&["the version of `util@0.1.4`", "`9.9.9`"], &|it| {
        it.forge("util", "0.1.4", |atom, _| {
            atom.version = "9.9.9".parse().unwrap();
        });
    });
    check(&["the id of `util@0.1.4`", "`zlib`"], &|it| {
        let other = it.atom_id("zlib");
        it.forge("util", "0.1.4", |atom, _| atom.atom = other);
    });
}

#[test]
fn a_lock_whose_nar_was_changed_is_exit_5() {
    let locked = Locked::new();
    let nar = locked.atom_commit("util", "0.1.4").nar.to_string();
    locked.edit_lock(&nar, &false_nar().to_string());
    let ran = locked.run(&["fetch"]);
    ran.exit(5)
        .says(&[&nar, &false_nar().to_string(), "the lock"]);
    assert!(locked.contents().is_empty());
}

#[test]
fn a_spec_of_another_commit_is_refused_out_of_the_cache_too() {
    let locked = Locked::new();
    locked.run(&["fetch"]).exit(0);
    let honest = locked.part("util", "0.1.4", Part::Spec);
    let (rev, other) = (
        locked.part("util", "0.1.4", Part::Atom),
        locked.part("zlib", "1.3.1", Part::Atom),
    );
    locked.forge("util", "0.1.4", |_, spec| {
        spec.atom_commit = other.parse().unwrap();
    });
    let forged = locked.part("util", "0.1.4", Part::Spec);
    let cache = locked.world.env.at(&locked.cache("git"));
    cache.git(["fetch", "--quiet", &locked.up.url(), &forged]);
    locked.edit_lock(&honest, &forged);
    fs::remove_dir_all(locked.cache("src")).unwrap();
    locked.forget_store();
    let ran = locked.run(&["fetch", "--offline"]);
    ran.exit(5)
        .says(&["the commit of `util@0.1.4`", &rev, &other]);
}

/// The bytes of one entry of a tree.
fn entry(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let id: atom::ObjectId = id.parse().unwrap();
    [mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat()
}

#[test]
fn hostile_contents_touch_nothing() {
    let locked = Locked::published();
    let canary = locked.world.env.path("canary/x");
    fs::create_dir(canary.parent().unwrap()).unwrap();
    fs::write(&canary, "alive").unwrap();
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.1\"");
    let check = |part: &str, hostile: &dyn Fn(&Locked) -> Vec<u8>| {
        locked.case(|| {
            let tree = locked.object("tree", &hostile(&locked));
            locked.forge("util", "0.1.4", |atom, _| {
                atom.tree = tree.parse().unwrap();
            });
            locked.run(&["lock"]).exit(0);
            let into = ["fetch", "--into", "out"];
            for args in [&into[..1], &into[..]] {
                let ran = locked.run(args);
                ran.exit(5).says(&["eka::claim::content", part]);
            }
            assert!(locked.contents().is_empty());
            let out = locked.world.path("out");
            assert_eq!(fs::read_dir(out).unwrap().count(), 0);
            assert_eq!(fs::read_to_string(&canary).unwrap(), "alive");
            assert!(!locked.world.path("x").exists());
        });
    };
    let blob = |it: &Locked| it.object("blob", b"dead");
    let link = |it: &Locked| {
        it.object(
            "blob",
            it.world.env.path("canary").as_os_str().as_encoded_bytes(),
        )
    };
    let below = |it: &Locked| it.object("tree", &entry("100644", b"x", &blob(it)));
    check("leads to another folder", &|it| {
        entry("40000", b"..", &below(it))
    });
    check("has a separator", &|it| entry("100644", b"../x", &blob(it)));
    check("file systems read as `.git`", &|it| {
        entry("40000", b".git", &below(it))
    });
    check("file systems read as `.git`", &|it| {
        entry("40000", b"GIT~1", &below(it))
    });
    check("has a control character", &|it| {
        entry("100644", b"a\x1b[2J", &blob(it))
    });
    check("is there twice", &|it| {
        [
            entry("120000", b"canary", &link(it)),
            entry("40000", b"canary", &below(it)),
        ]
        .concat()
    });
    check("is a submodule", &|_| {
        entry("160000", b"sub", &"1".repeat(40))
    });
}

#[test]
fn links_that_lead_out_are_made_and_never_followed() {
    let locked = Locked::published();
    let outside = locked.world.env.path("canary");
    fs::create_dir(&outside).unwrap();
    locked.atom("util", "0.2.0", "");
    locked
        .lib
        .symlink("libs/util/out", outside.to_str().unwrap());
    locked.publish("util");
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.2\"");
    locked.run(&["lock"]).exit(0);
    let ran = locked.run(&["fetch"]);
    let link = folder(&locked, ran.exit(0), 0).join("out");
    assert_eq!(fs::read_link(link).unwrap(), outside);
    // Hashed as a link, not as what it leads to.
    fs::write(outside.join("new"), "new").unwrap();
    locked.run(&["fetch"]).exit(0).says(&["1 there already"]);
}

#[test]
fn attributes_and_configuration_change_no_byte() {
    let locked = Locked::published();
    let canary = locked.world.env.path("ran");
    let lines = "*.txt export-subst ident eol=crlf filter=evil text\nsecret export-ignore\n";
    locked.atom("util", "0.2.0", "");
    locked.lib.write("libs/util/.gitattributes", lines);
    locked
        .lib
        .write("libs/util/a.txt", "$Format:%H$ $Id$\nline\n");
    locked.lib.write("libs/util/secret", "shown\n");
    locked
        .lib
        .write(".lfsconfig", "[lfs]\nurl = http://127.0.0.1:1\n");
    locked.publish("util");
    locked.world.env.git_config(&format!(
        "[core]\n\tautocrlf = true\n\thooksPath = {0}\n[filter \"evil\"]\n\tsmudge = touch {0}; cat\n\tclean = touch {0}; cat\n\trequired\n",
        canary.display()
    ));
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.2\"");
    locked.run(&["lock"]).exit(0);
    let ran = locked.run(&["fetch"]);
    let util = folder(&locked, ran.exit(0), 0);
    let read = |it: &str| fs::read_to_string(util.join(it)).unwrap();
    assert_eq!(read("a.txt"), "$Format:%H$ $Id$\nline\n");
    assert_eq!(read("secret"), "shown\n");
    assert_eq!(read(".gitattributes"), lines);
    assert!(!canary.exists());
}

#[test]
fn a_poisoned_folder_is_found_and_replaced() {
    let locked = Locked::new();
    let ran = locked.run(&["fetch"]);
    let zlib = folder(&locked, ran.exit(0), 1);
    let poison: [&dyn Fn(); 6] = [
        &|| fs::write(zlib.join("b/x"), "poison\n").unwrap(),
        &|| fs::write(zlib.join("more"), "").unwrap(),
        &|| fs::remove_file(zlib.join("b.d")).unwrap(),
        &|| fs::set_permissions(zlib.join("b.d"), fs::Permissions::from_mode(0o755)).unwrap(),
        &|| {
            fs::remove_file(zlib.join("l")).unwrap();
            symlink("b.d", zlib.join("l")).unwrap();
        },
        &|| {
            fs::remove_dir_all(&zlib).unwrap();
            symlink(locked.world.dir(), &zlib).unwrap();
        },
    ];
    for change in poison {
        change();
        let again = locked.run(&["fetch"]);
        again.exit(0).says(&["1 brought, 1 there already"]);
        assert_eq!(fs::read_to_string(zlib.join("b/x")).unwrap(), "folder\n");
        assert!(locked.world.path("atom.toml").exists());
        assert_eq!(locked.contents().len(), 2);
    }
    locked.run(&["fetch"]).exit(0).says(&["2 there already"]);
    // A folder of the user's own is not ours to remove.
    let ran = locked.run(&["fetch", "--into", "out"]);
    let mine = folder(&locked, ran.exit(0), 1);
    fs::write(mine.join("b/x"), "mine\n").unwrap();
    let ran = locked.run(&["fetch", "--into", "out"]);
    ran.exit(5).says(&["eka::fetch::changed", "remove it"]);
    assert_eq!(fs::read_to_string(mine.join("b/x")).unwrap(), "mine\n");
}

#[test]
fn poisoned_objects_are_thrown_out_and_brought_again() {
    let locked = Locked::new();
    locked.run(&["fetch"]).exit(0);
    // A loose object under the id of another stands before no pack: take the packs away.
    let tree = locked.atom_commit("util", "0.1.4").tree.to_string();
    let rev = locked.part("util", "0.1.4", Part::Atom);
    let git = locked.cache("git");
    let blob = locked.up.rev(&format!("{tree}:atom.toml"));
    let cache = locked.world.env.at(&git);
    let packs = git.join("objects/pack");
    let away = locked.world.env.path("packs");
    fs::rename(&packs, &away).unwrap();
    fs::create_dir(&packs).unwrap();
    for entry in fs::read_dir(&away).unwrap().map(|it| it.unwrap().path()) {
        if entry.extension().is_some_and(|it| it == "pack") {
            let mut command = cache.command();
            command
                .args(["unpack-objects", "-q"])
                .stdin(File::open(&entry).unwrap());
            assert!(command.status().unwrap().success());
        }
    }
    let other = cache.git_with(["hash-object", "-w", "--stdin"], b"poison");
    let loose = |id: &str| git.join("objects").join(&id[..2]).join(&id[2..]);
    fs::set_permissions(loose(&blob), fs::Permissions::from_mode(0o644)).unwrap();
    fs::copy(loose(&other), loose(&blob)).unwrap();
    fs::remove_dir_all(locked.cache("src")).unwrap();
    locked.forget_store();
    let ran = locked.run(&["fetch"]);
    ran.exit(0).says(&["2 brought"]);
    let text = fs::read_to_string(folder(&locked, &ran, 0).join("atom.toml")).unwrap();
    assert!(text.contains("util"), "{text}");
    assert_eq!(rev.len(), 40);
}

#[test]
fn the_cache_is_for_its_user_alone() {
    let locked = Locked::new();
    let open = |below: &str| {
        fs::create_dir_all(locked.cache(below)).unwrap();
        fs::set_permissions(locked.cache(below), fs::Permissions::from_mode(0o777)).unwrap();
    };
    let mode = |below: &str| {
        let found = fs::metadata(locked.cache(below)).unwrap();
        found.permissions().mode() & 0o777
    };
    let all = ["", "src", "git", "refs"];
    all.into_iter().for_each(open);
    locked.run(&["fetch"]).exit(0);
    assert_eq!(all.map(mode), [0o700; 4]);
    // Nothing but the contents is looked at now.
    all.into_iter().for_each(open);
    locked.run(&["fetch"]).exit(0).says(&["2 there already"]);
    assert_eq!((mode(""), mode("src")), (0o700, 0o700));
    // It may lie elsewhere, by a link.
    let elsewhere = locked.world.env.path("elsewhere");
    fs::rename(locked.cache(""), &elsewhere).unwrap();
    symlink(&elsewhere, locked.world.env.home().join(".cache/eka")).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o777)).unwrap();
    locked.run(&["fetch"]).exit(0).says(&["2 there already"]);
    assert_eq!(mode(""), 0o700);
    // A folder in it may not.
    fs::rename(elsewhere.join("src"), elsewhere.join("other")).unwrap();
    symlink(elsewhere.join("other"), elsewhere.join("src")).unwrap();
    locked
        .run(&["fetch"])
        .exit(1)
        .says(&["eka::cache::owner", "is a link, or another user's"]);
}

#[test]
fn over_http_one_conversation_brings_it_all() {
    let locked = Locked::published();
    let server = GitHttp::start(&locked.world.env.path(""));
    let url = format!("{}/up.git", server.url());
    locked.depend(&format!("core = \"{url}\""), "zlib = \"^1\"");
    locked.run(&["lock"]).exit(0);
    locked
        .run(&["fetch", "-v"])
        .exit(0)
        .says(&["2 brought", "fetching 2 commits from"]);
    drop(server);
    locked.run(&["fetch"]).exit(0).says(&["2 there already"]);
    locked.forget();
    let ran = locked.run(&["fetch", "--config", "network.retries=0"]);
    ran.exit(4).says(&["eka::remote::unreachable"]);
}
