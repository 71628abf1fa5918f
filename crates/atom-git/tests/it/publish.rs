//! What publishing needs of the local half.

use atom_git::repo::Options;
use atom_git::tree::{Entry, Mode, Tree};
use atom_git::write::Staging;
use testkit::env::Env;

/// Beyond a few, objects are saved as one pack, which git reads as any other.
#[test]
fn many_objects_are_saved_as_one_pack() {
    let env = Env::new();
    let repo = env.repo("repo");
    repo.write("file", "x").commit("begin");
    let blob = repo.rev("HEAD:file").parse().unwrap();
    let ours = atom_git::repo::Repo::discover(repo.path(), &Options::default()).unwrap();
    let staging = Staging::over(&ours);
    let mut trees = Vec::new();
    for n in 0..500 {
        let name = format!("file-{n:03}");
        let entry = Entry {
            mode: Mode::File.digits(),
            name: name.as_bytes(),
            id: blob,
        };
        trees.push(staging.write_tree(&Tree::print([entry])).unwrap());
    }
    let saved = staging.save(&env.path("tmp")).unwrap();
    let git = env.at(saved.path());
    let counted = git.git(["count-objects", "-v"]);
    assert!(
        counted.contains("count: 0\n") && counted.contains("in-pack: 500\n"),
        "{counted}"
    );
    git.git(["fsck", "--strict"]);
    for (n, tree) in trees.iter().enumerate() {
        if n % 50 == 0 {
            let listed = git.git(["ls-tree", "--name-only", &tree.to_string()]);
            assert_eq!(listed, format!("file-{n:03}"));
        }
    }
}
