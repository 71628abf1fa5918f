//! The same ids for everybody, equal to the golden ones.

use std::path::Path;

use testkit::env::Env;
use testkit::repo::Repo;

use super::refs;
use crate::support::World;

/// Where the golden ids are.
fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/publish")
}

/// The repository that the golden ids are of.
fn write(repo: &Repo) {
    repo.write("README", "golden\n").commit("begin");
    repo.write("atom.toml", "[atom]\nid = \"top\"\nversion = \"1.0.0\"\n")
        .write("libs/hello/atom.toml", "[atom]\nid = \"hello\"\nversion = \"1.2.0\"\n")
        .executable("libs/hello/bin/run", "#!/bin/sh\n")
        .symlink("libs/hello/link", "bin/run")
        .write("libs/hello/b", "1")
        .write("libs/hello/b.d/x", "2")
        .write("libs/hello/b-d", "3")
        .write("libs/hello/b0", "4")
        .write("libs/hello/part/atom.toml", "[atom]\nid = \"part\"\nversion = \"0.1.0\"\n")
        .write("libs/hello/fixture/atom.toml", "[atom]\nid = \"x\"\nversion = \"0.1.0\"\npublish = false\n")
        .write("h/atom.toml", "[atom]\nid = \"ひらがな\"\nversion = \"1.0.0-rc.1+build.5\"\n")
        .write("h/データ", "いろは\n")
        .write("l/atom.toml", "[atom]\nid = \"λ\"\nversion = \"1.0.0-rc.lock\"\n")
        .write("z/atom.toml", "[atom]\nid = \"zlib2\"\nversion = \"0.0.1\"\n")
        .write("dep/atom.toml", "[atom]\nid = \"dep\"\nversion = \"1.0.0\"\n\n[sets]\nhere = \"::\"\n\n[deps.here]\nhello = \"^1\"\n")
        .write("dep/atom.lock", LOCK);
    repo.commit("atoms");
}

const LOCK: &str = "version = 1

[[require]]
id = \"hello\"
req = \"^1\"
set = \"::\"

[[atom]]
id = \"hello\"
version = \"1.2.0\"
set = \"::\"
path = \"libs/hello\"
";

/// Publishes all of `repo` as somebody, somewhere, to a remote of their own.
fn publish(env: &Env, repo: &Repo, up: &Repo) -> Vec<String> {
    repo.git(["push", "--quiet", &up.url(), "HEAD:refs/heads/main"]);
    for args in [&["init"][..], &["publish", "--all"]] {
        let mut command = env.eka(Path::new(env!("CARGO_BIN_EXE_eka")), repo.path());
        let output = command
            .args(args)
            .args(["--remote", &up.url()])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    refs(up)
}

#[test]
fn the_ids_are_the_golden_ones() {
    let world = World::new();
    let repo = world.env.repo("golden");
    write(&repo);
    let found = publish(&world.env, &repo, &world.env.bare("up.git"));
    let text = found.join("\n") + "\n";
    let golden = std::fs::read_to_string(vectors().join("refs.txt")).unwrap_or_default();
    assert_eq!(text, golden, "\n{text}");
}

/// Other people, dates, time zones, locales, umasks and configurations make the same commits; a
/// packed clone, a partial index, and attributes change nothing.
#[test]
fn everybody_publishes_the_same() {
    let world = World::new();
    let repo = world.env.repo("golden");
    write(&repo);
    let mut other = Env::new();
    for (key, value) in [
        ("TZ", "Pacific/Kiritimati"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "de_DE.UTF-8"),
        ("GIT_AUTHOR_NAME", "Eve"),
        ("GIT_AUTHOR_EMAIL", "eve@example.com"),
        ("GIT_AUTHOR_DATE", "2001-01-01T00:00:00 +1400"),
        ("GIT_COMMITTER_NAME", "Mallory"),
        ("GIT_COMMITTER_DATE", "2031-01-01T00:00:00 -1100"),
    ] {
        other.set(key, value);
    }
    other.git_config(
        "[user]\n\tname = Eve\n\temail = eve@example.com\n\
         [core]\n\tautocrlf = true\n\tprecomposeUnicode = true\n\tquotePath = false\n\
         [commit]\n\tgpgSign = true\n[i18n]\n\tcommitEncoding = ISO-8859-1\n\
         [push]\n\tgpgSign = if-asked\n\tfollowTags = true\n\tdefault = matching\n\
         [transfer]\n\tfsckObjects = true\n",
    );
    let clone = other.clone_of(&repo.url(), "clone", &[]);
    clone.git(["gc", "--quiet", "--aggressive"]);
    let attributes = clone.path().join(".git/info/attributes");
    std::fs::create_dir_all(attributes.parent().unwrap()).unwrap();
    std::fs::write(attributes, "* export-ignore eol=crlf ident\n").unwrap();
    let up = other.bare("up.git");
    // A umask is a process's own: a shell sets it.
    let script = format!("umask 077; exec \"$0\" publish --all --remote {}", up.url());
    clone.git(["push", "--quiet", &up.url(), "HEAD:refs/heads/main"]);
    let eka = Path::new(env!("CARGO_BIN_EXE_eka"));
    let mut init = other.eka(eka, clone.path());
    assert!(
        init.args(["init", "--remote", &up.url()])
            .status()
            .unwrap()
            .success()
    );
    let mut shell = other.command("/bin/sh");
    let output = shell
        .current_dir(clone.path())
        .arg("-c")
        .arg(script)
        .arg(eka)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let golden = std::fs::read_to_string(vectors().join("refs.txt")).unwrap_or_default();
    assert_eq!(refs(&up).join("\n") + "\n", golden);
}

/// From a later commit the atoms are the same commits; the specs name another source.
#[test]
fn a_later_commit_publishes_the_same_atoms() {
    let world = World::new();
    let repo = world.env.repo("golden");
    write(&repo);
    repo.write("README", "later\n").commit("later");
    let found = publish(&world.env, &repo, &world.env.bare("up.git"));
    let golden = std::fs::read_to_string(vectors().join("refs.txt")).unwrap_or_default();
    let of = |lines: &[String], part: &str| -> Vec<String> {
        lines
            .iter()
            .filter(|it| it.ends_with(part))
            .cloned()
            .collect()
    };
    let golden: Vec<String> = golden.lines().map(str::to_owned).collect();
    // The top holds the README, which is another one.
    let but_top = |lines: &[String]| -> Vec<String> {
        let mut atoms = of(lines, "/atom");
        atoms.retain(|it| !it.contains("/top/"));
        atoms
    };
    assert_eq!(but_top(&found), but_top(&golden));
    assert_eq!(but_top(&found).len() + 1, of(&golden, "/atom").len());
    assert_ne!(of(&found, "/spec"), of(&golden, "/spec"));
}
