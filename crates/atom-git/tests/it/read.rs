//! Which folders of a commit have a manifest.

use atom::AtomPath;
use atom_git::read::{self, FolderFault, MAX_MANIFEST_BYTES, ReadError, atoms};
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::{blob, craft, head, id, open, tree};

const TOML: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";

fn paths(made: &Made) -> Vec<String> {
    let survey = atoms(open(made).objects(), head(made)).unwrap();
    assert_eq!(survey.faults, []);
    survey
        .folders
        .iter()
        .map(|it| it.path.to_string())
        .collect()
}

fn path(text: &str) -> AtomPath {
    text.parse().unwrap()
}

#[test]
fn every_folder_with_a_manifest_is_found() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("file", "x").commit("none");
    assert_eq!(paths(&made), [""; 0]);
    made.write("atom.toml", TOML)
        .write("atom.lock", "version = 1\n");
    made.write("a/b/atom.toml", TOML)
        .write("a/b/c/d/atom.toml", TOML);
    made.write("a/atom.tomlx", TOML).write("x/Atom.toml", TOML);
    made.write("λ/ひらがな/atom.toml", TOML)
        .write("b/readme", "x");
    made.executable("run/atom.toml", TOML);
    made.commit("some");
    assert_eq!(paths(&made), [".", "a/b", "a/b/c/d", "run", "λ/ひらがな"]);
    let survey = atoms(open(&made).objects(), head(&made)).unwrap();
    let top = &survey.folders[0];
    assert_eq!(top.tree, tree(&made, "HEAD^{tree}"));
    assert_eq!(top.manifest.text, TOML);
    assert_eq!(top.manifest.id, tree(&made, "HEAD:atom.toml"));
    let lock = top.lock.as_ref().unwrap();
    assert_eq!(lock.text, "version = 1\n");
    assert_eq!(lock.id, tree(&made, "HEAD:atom.lock"));
    assert_eq!(survey.folders[1].lock, None);
    assert_eq!(survey.folders[1].tree, tree(&made, "HEAD:a/b"));
}

#[test]
fn equal_folders_are_found_at_each_of_their_paths() {
    let env = Env::new();
    let made = env.repo("here");
    for folder in ["a/x", "b/x", "c"] {
        made.write(&format!("{folder}/atom.toml"), TOML);
        made.write(&format!("{folder}/barren/deep/file"), "x");
    }
    made.commit("three");
    assert_eq!(paths(&made), ["a/x", "b/x", "c"]);
}

#[test]
fn one_folder_is_read_alone() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("a/b/atom.toml", TOML)
        .write("c", "x")
        .commit("one");
    let repo = open(&made);
    let (objects, commit) = (repo.objects(), head(&made));
    let folder = read::folder(objects, commit, &path("a/b")).unwrap();
    assert_eq!(folder, atoms(objects, commit).unwrap().folders[0]);
    for missing in ["b", "a/b/c", "c", "a/b/atom.toml"] {
        let error = read::folder(objects, commit, &path(missing)).unwrap_err();
        assert!(matches!(error, ReadError::NoFolder { .. }), "{missing}");
        let found = read::subtree(objects, commit, &path(missing)).unwrap();
        assert_eq!(found, None);
    }
    let error = read::folder(objects, commit, &path("a")).unwrap_err();
    assert!(matches!(error, ReadError::NoManifest { .. }));
    let found = read::subtree(objects, commit, &path("a")).unwrap();
    assert_eq!(found, Some(tree(&made, "HEAD:a")));
    let found = read::subtree(objects, commit, &AtomPath::top()).unwrap();
    assert_eq!(found, Some(tree(&made, "HEAD^{tree}")));
}

#[test]
fn what_is_no_regular_file_of_text_is_reported() {
    let env = Env::new();
    let made = env.repo("here");
    made.write("good/atom.toml", TOML);
    made.symlink("link/atom.toml", "../good/atom.toml");
    made.write("folder/atom.toml/file", TOML);
    made.write("lock/atom.toml", TOML)
        .symlink("lock/atom.lock", "atom.toml");
    made.write("latin/atom.toml", b"# \xe9\n".as_slice());
    made.write(
        "large/atom.toml",
        vec![b'#'; usize::try_from(MAX_MANIFEST_BYTES).unwrap() + 1],
    );
    made.write("back\\slash/atom.toml", TOML);
    made.commit("one");
    let survey = atoms(open(&made).objects(), head(&made)).unwrap();
    assert_eq!(survey.folders.len(), 1);
    let not_a_file = |path: &str| FolderFault::NotAFile { path: path.into() };
    let expected = [
        FolderFault::Path {
            path: "back\\slash".into(),
        },
        not_a_file("folder/atom.toml"),
        FolderFault::TooLarge {
            path: "large/atom.toml".into(),
            size: MAX_MANIFEST_BYTES + 1,
            limit: MAX_MANIFEST_BYTES,
        },
        FolderFault::NotUtf8 {
            path: "latin/atom.toml".into(),
        },
        not_a_file("link/atom.toml"),
        not_a_file("lock/atom.lock"),
    ];
    assert_eq!(survey.faults, expected);
}

#[test]
fn submodules_and_odd_folders_do_not_stop_the_search() {
    let env = Env::new();
    let made = env.repo("here");
    let manifest = blob(&made, TOML.as_bytes());
    let folder = craft(&made, &[("100644", b"atom.toml", manifest)]);
    let top = craft(
        &made,
        &[
            ("40000", b"a", folder),
            (
                "160000",
                b"sub",
                id("00000000000000000000000000000000000000ff"),
            ),
            ("40000", b"\xff", folder),
        ],
    );
    let commit = made.git(["commit-tree", "-m", "odd", &top.to_string()]);
    let survey = atoms(open(&made).objects(), id(&commit)).unwrap();
    assert_eq!(survey.folders[0].path, path("a"));
    let fault = FolderFault::Path {
        path: "\\xff".into(),
    };
    assert_eq!(survey.faults, [fault]);
}
