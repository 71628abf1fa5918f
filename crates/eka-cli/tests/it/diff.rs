//! `eka diff`: the sources of two versions, side by side.

use std::fs;
use std::process::Command;

use atom::refname::Part;

use crate::locked::Locked;
use crate::support::World;

/// `zlib@1.4.0` differs from `zlib@1.3.1` in its manifest and four files.
fn story() -> Locked {
    let story = Locked::new();
    story.atom(
        "zlib",
        "1.4.0",
        "[sets]\nhere = \"::\"\n[deps.here]\nutil = \">=0.1, <1\"\n",
    );
    let lib = &story.lib;
    lib.write("libs/zlib/b.d", "dot\nand more\n")
        .remove("libs/zlib/l");
    lib.executable("libs/zlib/b/x", "folder\n")
        .write("libs/zlib/bin", b"\0\x01");
    story.publish("zlib");
    story
}

const PATCH: &str = "diff --git a/atom.toml b/atom.toml
index [A]..[B] 100644
--- a/atom.toml
+++ b/atom.toml
@@ -1,6 +1,6 @@
 [atom]
 id = \"zlib\"
-version = \"1.3.1\"
+version = \"1.4.0\"
 [sets]
 here = \"::\"
 [deps.here]
diff --git a/b.d b/b.d
index [A]..[B] 100644
--- a/b.d
+++ b/b.d
@@ -1 +1,2 @@
 dot
+and more
diff --git a/b/x b/b/x
old mode 100644
new mode 100755
diff --git a/bin b/bin
new file mode 100644
index 0000000000..[B]
Binary files /dev/null and b/bin differ
diff --git a/l b/l
deleted file mode 120000
index [A]..0000000000
--- a/l
+++ /dev/null
@@ -1 +0,0 @@
-b/x
\\ No newline at end of file";

/// The lines of an answer, ids of blobs as in [`PATCH`].
fn masked(lines: &[String]) -> String {
    let masked = lines.iter().map(|line| {
        let Some(rest) = line.strip_prefix("index ") else {
            return line.clone();
        };
        let (ids, mode) = rest.split_once(' ').unwrap_or((rest, ""));
        let (a, b) = ids.split_once("..").unwrap();
        let mask = |it: &str, mask: &str| {
            if it == "0000000000" {
                it.to_owned()
            } else {
                mask.to_owned()
            }
        };
        format!("index {}..{} {mode}", mask(a, "[A]"), mask(b, "[B]"))
            .trim_end()
            .to_owned()
    });
    masked.collect::<Vec<_>>().join("\n")
}

#[test]
fn shows_what_differs_as_git_does() {
    let story = story();
    let url = story.up.url();
    let (from, to) = (format!("{url}::zlib@1.3.1"), format!("{url}::zlib@1.4.0"));
    let ran = story.run(&["diff", &from, &to]);
    ran.exit(0)
        .says(&["zlib@1.3.1 → zlib@1.4.0: 5 files differ"]);
    assert_eq!(masked(&ran.out()), PATCH);
    assert_eq!(story.run(&["diff", &from, "@1.4.0"]).out(), ran.out());
    assert_eq!(story.run(&["diff", &from, "@^1.3.2"]).out(), ran.out());
    // An id alone is looked for where the lock and the manifest have it.
    assert_eq!(
        story.run(&["diff", "zlib@1.3.1", "@1.4.0"]).out(),
        ran.out()
    );
    assert_eq!(story.run(&["diff", "zlib@1.3.1", "zlib"]).out(), ran.out());
    let ran_here = story.run_in("lib", &["diff", "::zlib@1.3.1", "zlib@1.4.0"]);
    assert_eq!(ran_here.out(), ran.out());
    // Both are in the cache, and so is what the remote showed.
    let offline = story.run(&["--offline", "diff", &from, "@1.4.0"]);
    assert_eq!(offline.out(), ran.out());

    let back = story.run(&["diff", "zlib@1.4.0", "@1.3.1", "--stat"]);
    let expected = [
        "atom.toml | +1 -1",
        "b.d       | +0 -1",
        "b/x       | mode",
        "bin       | binary, 2 → 0 bytes",
        "l         | +1 -0",
    ];
    assert_eq!(back.out(), expected);
    let names = story.run(&["diff", "zlib@1.4.0", "@1.3.1", "--name-only"]);
    assert_eq!(names.out(), ["atom.toml", "b.d", "b/x", "bin", "l"]);
    let same = story.run(&["diff", "zlib@1.4.0", "@1.4.0"]);
    same.exit(0).says(&["no difference"]);
    assert!(same.out().is_empty());
}

#[test]
fn from_the_lock_to_the_newest_or_to_another() {
    let story = story();
    let ran = story.run(&["diff", "--from-lock", "zlib"]);
    ran.exit(0).says(&["zlib@1.3.1 → zlib@1.4.0"]);
    assert_eq!(masked(&ran.out()), PATCH);
    let named = story.run(&[
        "diff",
        "--from-lock",
        &format!("{}::zlib@1.4.0", story.up.url()),
    ]);
    assert_eq!(named.out(), ran.out());
    story
        .run(&["diff", "--from-lock", "zlip"])
        .exit(1)
        .says(&["eka::look::not_locked", "did you mean `zlib`?"]);
    story
        .run(&["diff", "--from-lock", "zlib@^2"])
        .exit(1)
        .says(&["eka::versions::no_match"]);
    story
        .run_in("lib/libs/zlib", &["diff", "--from-lock", "util"])
        .exit(1)
        .says(&["eka::diff::local", "git diff"]);
    story.run(&["diff", "zlib@1.3.1"]).exit(2);
    story
        .run(&["diff", "--from-lock", "zlib", "zlib@1.4.0"])
        .exit(2);
    // A mirror serves what is locked, where the origin is gone.
    let (up, away) = (story.up.url(), story.world.env.path("mirror.git"));
    let mirror = format!("file://{}", away.display());
    story.up.git([
        "clone",
        "--quiet",
        "--mirror",
        ".",
        &away.display().to_string(),
    ]);
    story.depend(&format!("core = [\"{up}\", \"{mirror}\"]"), "zlib = \"^1\"");
    story.run(&["lock"]).exit(0);
    story.forget();
    fs::rename(story.up.path(), story.world.env.path("away.git")).unwrap();
    let to = format!("{mirror}::zlib@1.4.0");
    let ran = story.run(&["diff", "--from-lock", &to, "--config", "network.retries=0"]);
    assert_eq!(masked(&ran.exit(0).out()), PATCH);
}

#[test]
fn git_applies_what_is_written_raw() {
    let story = Locked::new();
    story.atom("zlib", "1.4.0", "");
    let text: &[u8] = b"caf\xe9\r\n\xe2\x80\xaeesrever\r\n\x1b[2J";
    story
        .lib
        .write("libs/zlib/b.d", text)
        .write("libs/zlib/sp ace", "x\n");
    story.lib.executable("libs/zlib/b/x", "other\n");
    story.publish("zlib");
    let uri = format!("{}::zlib@1.3.1", story.up.url());
    let raw = story
        .world
        .eka(&["diff", &uri, "@1.4.0", "--raw"])
        .output()
        .unwrap();
    assert!(raw.status.success() && !raw.stderr.is_empty());
    let tree = |version: &str| {
        story.up.rev(&format!(
            "{}^{{tree}}",
            Locked::name("zlib", version, Part::Atom)
        ))
    };
    story
        .lib
        .git(["fetch", "--quiet", "origin", "refs/atoms/*:refs/atoms/*"]);
    story.lib.git(["read-tree", &tree("1.3.1")]);
    story
        .lib
        .git_with(["apply", "--cached", "--whitespace=nowarn"], &raw.stdout);
    assert_eq!(story.lib.git(["write-tree"]), tree("1.4.0"));

    // For people nothing passes that a terminal obeys, or that they could not see.
    let ran = story.run(&["diff", &uri, "@1.4.0"]);
    ran.exit(0).says(&["shown escaped; `--raw`"]);
    let out = ran.out();
    for line in ["+caf\\xe9\\r", "+\\u{202e}esrever\\r", "+\\u{1b}[2J"] {
        assert!(out.iter().any(|it| it == line), "{line}: {out:?}");
    }
    let colored = story
        .world
        .eka(&["diff", &uri, "@1.4.0", "--color", "always"])
        .output()
        .unwrap();
    let text = String::from_utf8(colored.stdout).unwrap();
    assert!(text.contains("\x1b[32m+\\u{1b}[2J\x1b[0m\n"), "{text}");
    assert!(text.contains("\x1b[36m@@ -1 +1,3 @@\x1b[0m\n"), "{text}");
    assert!(
        !text.contains("\x1b[2J") && !text.contains('\u{202e}'),
        "{text}"
    );
}

#[test]
fn as_json() {
    let story = story();
    let run = |args: &[&str]| {
        let args: Vec<&str> = ["diff", "zlib@1.3.1", "@1.4.0", "--format", "json"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        let ran = story.run(&args);
        ran.exit(0);
        ran.out().join("\n")
    };
    let shown = run(&[]);
    let (rev, nar) = (
        story.part("zlib", "1.3.1", Part::Atom),
        story.atom_commit("zlib", "1.3.1").nar,
    );
    let head = format!(
        r#"{{"schema":"eka.diff/1","from":{{"id":"zlib","version":"1.3.1","repository":"file://[WORLD]/up.git","root":"{}","rev":"{rev}","nar":"{nar}"}},"to":{{"#,
        story.root()
    );
    assert!(shown.starts_with(&head), "{shown}\n{head}");
    let blob = |version: &str, path: &str| {
        story.up.rev(&format!(
            "{}:{path}",
            Locked::name("zlib", version, Part::Atom)
        ))
    };
    let (old, new) = (blob("1.3.1", "b.d"), blob("1.4.0", "b.d"));
    let file = format!(
        r#"{{"path":"b.d","change":"changed","old":{{"mode":"100644","blob":"{old}"}},"new":{{"mode":"100644","blob":"{new}"}},"shown":"text","added":1,"removed":0,"patch":"diff --git a/b.d b/b.d\nindex {}..{} 100644\n--- a/b.d\n+++ b/b.d\n@@ -1 +1,2 @@\n dot\n+and more\n"}}"#,
        &old[..10],
        &new[..10]
    );
    assert!(shown.contains(&file), "{shown}\n{file}");
    assert!(
        shown.contains(r#""change":"mode""#) && shown.contains(r#""shown":"binary","added":null"#),
        "{shown}"
    );
    let counts = run(&["--stat"]);
    assert!(
        counts.contains(r#""shown":"text","added":1,"removed":0,"patch":null}"#),
        "{counts}"
    );
    let names = run(&["--name-only"]);
    assert!(
        names.contains(r#""shown":"omitted","added":null,"removed":null,"patch":null}"#),
        "{names}"
    );
}

#[test]
fn what_is_no_version_is_said_so() {
    let story = story();
    let url = story.up.url();
    let at = |it: &str| format!("{url}::{it}");
    let check = |args: &[&str], exit: i32, says: &[&str]| {
        story.run(&[&["diff"], args].concat()).exit(exit).says(says);
    };
    check(
        &[&at("zlib@1.3.1"), "@1.3.0"],
        1,
        &[
            "eka::diff::no_version",
            "has no version 1.3.0 of `zlib`",
            "there is: `1.4.0`, `1.3.1`",
        ],
    );
    check(&[&at("nothing@1"), "@2"], 1, &["eka::versions::no_atom"]);
    check(&[&url, &at("zlib")], 2, &["eka::diff::not_an_atom"]);
    check(
        &[&at("zlib@1.3.1"), "@!"],
        2,
        &["eka::version::requirement"],
    );
    check(
        &["zlib@1.3.1", "@1.4.0", "--stat", "--name-only"],
        2,
        &["cannot be used with"],
    );
    // Two sets have an atom of one id.
    let other = story.world.env.bare("other.git").url();
    let text = format!(
        "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n[sets]\ncore = \"{url}\"\nother = \"{other}\"\n[deps.core]\nzlib = \"^1\"\n[deps.other]\nzlib = \"^1\"\n"
    );
    story.world.write("atom.toml", &text);
    check(
        &["zlib@1.3.1", "@1.4.0"],
        1,
        &["eka::diff::ambiguous", "up.git::zlib", "other.git::zlib"],
    );
    story.world.write("atom.toml", "nonsense");
    check(&["zlib@1.3.1", "@1.4.0"], 2, &["atom.toml"]);
    check(&[&at("zlib@1.3.1"), "@1.4.0"], 0, &["5 files differ"]);
}

#[test]
fn what_does_not_hold_is_not_shown() {
    let story = story();
    story.forge("zlib", "1.4.0", |atom, spec| {
        atom.nar = crate::locked::false_nar();
        spec.nar = atom.nar;
    });
    let uri = format!("{}::zlib@1.3.1", story.up.url());
    let ran = story.run(&["diff", &uri, "@1.4.0"]);
    assert!(ran.exit(5).out().is_empty());
    // What is locked is held to the lock.
    story.edit_lock(
        &story.atom_commit("zlib", "1.3.1").nar.to_string(),
        &crate::locked::false_nar().to_string(),
    );
    story.run(&["diff", "--from-lock", "zlib@1.3.1"]).exit(5);
}

#[test]
fn a_reader_that_had_enough_is_no_failure() {
    let story = story();
    let uri = format!("{}::zlib@1.3.1", story.up.url());
    let eka = story.world.eka(&["diff", &uri, "@1.4.0"]);
    let shell = format!(
        "{} diff {uri} @1.4.0 | head -n 1; exit ${{PIPESTATUS[0]}}",
        eka.get_program().display()
    );
    let mut bash: Command = story.world.env.command("bash");
    let out = bash
        .current_dir(story.world.dir())
        .args(["-c", &shell])
        .output()
        .unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&out.stdout),
        "diff --git a/atom.toml b/atom.toml\n"
    );
}

#[test]
fn outside_of_any_atom_uris_will_do() {
    let story = story();
    let world: &World = &story.world;
    fs::create_dir_all(world.path("empty")).unwrap();
    fs::remove_file(world.path("atom.toml")).unwrap();
    let uri = format!("{}::zlib@1.3.1", story.up.url());
    let ran = story.run(&["-C", "empty", "diff", &uri, "@1.4.0", "--name-only"]);
    assert_eq!(ran.exit(0).out().len(), 5);
}

#[test]
fn an_update_shows_the_source_of_what_moves() {
    let story = story();
    let before = story.world.read("atom.lock");
    let dry = story.run(&["update", "--diff", "--dry-run"]);
    dry.exit(0).says(&["would change", "↑ zlib 1.3.1 → 1.4.0"]);
    let lines = dry.out();
    assert_eq!(lines[0], "zlib@1.3.1 → zlib@1.4.0");
    assert_eq!(masked(&lines[1..]), PATCH);
    assert_eq!(story.world.read("atom.lock"), before);
    let json = story.run(&["update", "--diff", "--dry-run", "--format", "json"]);
    json.exit(0)
        .says(&[r#""diffs":[{"from":{"id":"zlib","version":"1.3.1""#]);
    let json = story.run(&["update", "--dry-run", "--format", "json"]);
    json.exit(0).says(&[r#""diffs":null"#]);

    // What cannot be shown as it should be is not taken either.
    story.case(|| {
        story.forge("zlib", "1.4.0", |atom, spec| {
            atom.nar = crate::locked::false_nar();
            spec.nar = atom.nar;
        });
        assert!(story.run(&["update", "--diff"]).exit(5).out().is_empty());
        assert_eq!(story.world.read("atom.lock"), before);
    });
    let done = story.run(&["update", "--diff"]);
    done.exit(0).says(&["wrote", "↑ zlib 1.3.1 → 1.4.0"]);
    assert_eq!(done.out(), lines);
    assert_ne!(story.world.read("atom.lock"), before);
    let again = story.run(&["update", "--diff"]);
    assert!(again.exit(0).out().is_empty());
}
