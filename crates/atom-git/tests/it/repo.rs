//! Repositories as people have them.

use std::fs;
use std::path::Path;

use atom_git::repo::{Change, ChangeKind, Environment, Options, Repo, RepoError};
use testkit::env::Env;
use testkit::repo::run;

use crate::local::{discover, head, id, open};

#[test]
fn a_work_tree_is_found_from_any_folder_below() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/b/file", "x").commit("one");
    for (folder, prefix) in [("", ""), ("a", "a"), ("a/b", "a/b")] {
        let repo = discover(&made.path().join(folder)).unwrap();
        assert_eq!(repo.prefix(), Some(Path::new(prefix)));
        let top = repo.work_dir().unwrap().canonicalize().unwrap();
        assert_eq!(top, made.path().canonicalize().unwrap());
        assert_eq!(repo.head().unwrap(), head(&made));
    }
}

#[test]
fn a_linked_work_tree_has_its_own_head_and_all_objects() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "1").commit("one");
    made.git(["worktree", "add", "-q", "-b", "other", "../there"]);
    let there = env.at(&env.path("there"));
    there.write("sub/file", "2").commit("two");
    let repo = discover(&there.path().join("sub")).unwrap();
    assert_eq!(repo.head().unwrap(), head(&there));
    assert_ne!(repo.head().unwrap(), head(&made));
    assert_eq!(repo.prefix(), Some(Path::new("sub")));
    assert_eq!(
        repo.common_dir().canonicalize().unwrap(),
        made.path().join(".git").canonicalize().unwrap()
    );
    assert!(repo.objects().contains(head(&made)));
}

#[test]
fn a_bare_repository_has_no_work_tree() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "1").commit("one");
    let bare = env.clone_of(&made.url(), "bare", &["--bare"]);
    for below in ["", "objects/info"] {
        let repo = discover(&bare.path().join(below)).unwrap();
        assert_eq!(repo.head().unwrap(), head(&made));
        assert!(repo.work_dir().is_none());
        assert!(repo.prefix().is_none());
        assert!(matches!(repo.changes(&[]), Err(RepoError::Bare { .. })));
    }
}

#[test]
fn no_repository_is_an_error_that_names_the_folder() {
    let env = Env::new();
    let error = discover(&env.home()).unwrap_err();
    assert!(matches!(&error, RepoError::None { folder } if *folder == env.home()));
}

#[test]
fn a_sha256_repository_is_refused() {
    let env = Env::new();
    let folder = env.path("here");
    run(env
        .command("git")
        .args(["init", "-q", "--object-format=sha256"])
        .arg(&folder));
    let made = env.at(&folder);
    made.write("a/file", "x").commit("one");
    made.git(["worktree", "add", "-q", "-b", "other", "../there"]);
    for folder in [folder.clone(), folder.join("a"), env.path("there")] {
        let error = discover(&folder).unwrap_err();
        assert!(matches!(error, RepoError::Sha256 { .. }), "{error:?}");
    }
}

#[test]
fn a_repository_without_commits_says_so() {
    let env = Env::new();
    let repo = open(&env.repo("here"));
    assert!(matches!(repo.head(), Err(RepoError::NoCommits)));
    assert!(matches!(
        repo.resolve("main"),
        Err(RepoError::Revision { .. })
    ));
}

#[test]
fn revisions_are_those_of_git() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "1").commit("one");
    made.git(["tag", "-a", "-m", "tagged", "v1"]);
    made.write("file", "2").commit("two");
    let repo = open(&made);
    for rev in ["HEAD", "HEAD~1", "v1", "main", "main^", "HEAD@{0}"] {
        let expected = made.rev(&format!("{rev}^{{commit}}"));
        assert_eq!(repo.resolve(rev).unwrap(), id(&expected), "{rev}");
    }
    let short = &made.rev("HEAD")[..7];
    assert_eq!(repo.resolve(short).unwrap(), head(&made));
    for rev in ["", "nothing", "HEAD~9", "--all", "-x", "a b", "main..v1"] {
        let error = repo.resolve(rev).unwrap_err();
        assert!(
            matches!(error, RepoError::Revision { .. }),
            "{rev}: {error:?}"
        );
    }
    for rev in ["HEAD:file", "HEAD^{tree}"] {
        let error = repo.resolve(rev).unwrap_err();
        assert!(
            matches!(error, RepoError::NotACommit { .. }),
            "{rev}: {error:?}"
        );
    }
}

#[test]
fn replace_refs_do_not_count() {
    let env = Env::new();
    let made = env.repo("here");
    let one = made.write("file", "1").commit("one");
    let two = made.write("file", "2").commit("two");
    made.git(["replace", &two, &one]);
    assert_eq!(made.git(["show", "HEAD:file"]), "1");
    let repo = open(&made);
    assert_eq!(repo.head().unwrap(), id(&two));
    let raw = made.git(["--no-replace-objects", "rev-parse", "HEAD^{tree}"]);
    assert_eq!(repo.objects().tree_of(id(&two)).unwrap(), id(&raw));
    assert_eq!(repo.resolve("HEAD~1").unwrap(), id(&one));
}

/// One remote of that name and URL, and what [`Repo::remote`] says of it.
fn check_remote(name: &str, url: &str, fetch: &str) {
    let env = Env::new();
    let made = env.repo("here");
    let key = "url.https://rewritten.example.org/.insteadOf";
    made.git(["config", key, "plain/"]);
    made.git(["remote", "add", name, url]);
    let repo = open(&made);
    let top = repo.work_dir().unwrap().to_str().unwrap();
    let expected = fetch.replace("TOP", top);
    let remote = repo.remote(name).unwrap();
    assert_eq!(
        (&remote.fetch, &remote.push),
        (&expected, &vec![expected.clone()])
    );
}

#[test]
fn the_urls_of_remotes_are_as_configured() {
    for url in [
        "https://example.org/o/r",
        "git@example.org:o/r.git",
        "mine:o/r",
        "file:///a/b",
        "/a/b",
        "plain/o/r",
    ] {
        check_remote("origin", url, url);
    }
    // Relative paths are read from the work tree's top.
    check_remote("origin", "../there", "TOP/../there");
    check_remote("origin", "./a:b", "TOP/./a:b");
    check_remote("origin", "there", "TOP/there");
}

#[test]
fn all_push_urls_of_a_remote_are_told() {
    let env = Env::new();
    let made = env.repo("here");
    let add = |key: &str, value: &str| made.git(["config", "--add", key, value]);
    add("remote.two.url", "https://one.example.org/r");
    add("remote.two.url", "https://two.example.org/r");
    add("remote.origin.url", "https://example.org/r");
    add("remote.origin.pushurl", "ssh://git@example.org/r");
    add("remote.reset.url", "https://old.example.org/r");
    add("remote.reset.url", "");
    add("remote.reset.url", "https://new.example.org/r");
    let repo = open(&made);
    let check = |name: &str, fetch: &str, push: &[&str]| {
        let remote = repo.remote(name).unwrap();
        assert_eq!(remote.fetch, fetch);
        assert_eq!(remote.push, push);
    };
    let two = ["https://one.example.org/r", "https://two.example.org/r"];
    check("two", two[0], &two);
    check(
        "origin",
        "https://example.org/r",
        &["ssh://git@example.org/r"],
    );
    let new = "https://new.example.org/r";
    check("reset", new, &[new]);
    let names = ["origin", "reset", "two"];
    assert_eq!(repo.remotes(), names);
    let error = repo.remote("nowhere").unwrap_err();
    assert!(matches!(&error, RepoError::NoRemote { known, .. } if *known == names));
}

#[test]
fn what_differs_from_the_commit_is_told() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/same", "1").write("a/changed", "1");
    made.write("a/removed", "1").write("b [x]/file name", "1");
    made.write(".gitignore", "*.log\n").commit("one");
    let repo = open(&made);
    assert_eq!(repo.changes(&[]).unwrap(), []);
    made.write("a/changed", "2").remove("a/removed");
    made.write("a/new/file", "1").write("a/x.log", "1");
    made.write("b [x]/file name", "2").write("staged", "1");
    made.git(["add", "staged"]);
    let change = |path: &str, kind| Change {
        path: path.to_owned(),
        kind,
    };
    let sorted = |paths: &[&str]| {
        let mut changes = repo.changes(paths).unwrap();
        changes.sort();
        changes
    };
    let in_a = [
        change("a/changed", ChangeKind::Changed),
        change("a/new/file", ChangeKind::Untracked),
        change("a/removed", ChangeKind::Changed),
    ];
    assert_eq!(sorted(&["a"]), in_a);
    let odd = [change("b [x]/file name", ChangeKind::Changed)];
    assert_eq!(sorted(&["b [x]"]), odd);
    let staged = [change("staged", ChangeKind::Changed)];
    assert_eq!(sorted(&[]), [in_a.as_slice(), &odd, &staged].concat());
}

#[test]
fn what_the_environment_says_of_another_repository_does_not_count() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "1").commit("one");
    // Variables of this process would reach other tests: another process of this test's program.
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "repo::under_a_hook",
        "--nocapture",
        "--include-ignored",
    ]);
    child.env("EKA_TEST_FOLDER", made.path());
    let elsewhere = env.path("elsewhere");
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
    ] {
        child.env(name, &elsewhere);
    }
    child
        .env("GIT_NAMESPACE", "other")
        .env("GIT_SHALLOW_FILE", env.path("gitconfig"));
    let out = run(&mut child);
    assert!(String::from_utf8_lossy(&out.stdout).contains("1 passed"));
}

/// Does nothing unless the test above starts it.
#[test]
fn under_a_hook() {
    let Some(folder) = std::env::var_os("EKA_TEST_FOLDER") else {
        return;
    };
    for environment in [Environment::User, Environment::Nothing] {
        let options = Options {
            environment,
            ..Options::default()
        };
        let repo = Repo::discover(Path::new(&folder), &options).unwrap();
        assert_eq!(
            repo.work_dir().unwrap().canonicalize().unwrap(),
            fs::canonicalize(&folder).unwrap()
        );
        repo.head().unwrap();
        assert!(!repo.is_shallow().unwrap());
        assert_eq!(repo.changes(&[]).unwrap(), []);
    }
}
