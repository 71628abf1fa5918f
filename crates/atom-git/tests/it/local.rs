//! What the tests of local repositories share.

use std::path::Path;
use std::str::FromStr as _;

use atom::ObjectId;
use atom_git::objects::Objects;
use atom_git::repo::{Environment, Options, Repo, RepoError};
use atom_git::tree::{Entry, Tree};
use atom_git::tree_guard::{GuardedTree, Limits, guard};
use testkit::repo::Repo as Made;

/// An entry of a tree that is not yet: mode, name, and the id of what it names.
pub(crate) type Crafted<'a> = (&'a str, &'a [u8], ObjectId);

pub(crate) fn id(hex: &str) -> ObjectId {
    ObjectId::from_str(hex).unwrap()
}

/// Opens the repository of a test, and nothing of the user's world.
pub(crate) fn open(made: &Made) -> Repo {
    discover(made.path()).unwrap()
}

pub(crate) fn discover(folder: &Path) -> Result<Repo, RepoError> {
    let options = Options {
        environment: Environment::Nothing,
        ..Options::default()
    };
    Repo::discover(folder, &options)
}

pub(crate) fn head(made: &Made) -> ObjectId {
    id(&made.rev("HEAD"))
}

pub(crate) fn tree(made: &Made, revision: &str) -> ObjectId {
    id(&made.rev(revision))
}

pub(crate) fn blob(made: &Made, bytes: &[u8]) -> ObjectId {
    id(&made.git_with(["hash-object", "-w", "--stdin"], bytes))
}

/// Writes a tree with these entries in this order, whatever git thinks of it.
pub(crate) fn craft(made: &Made, entries: &[Crafted<'_>]) -> ObjectId {
    let tree = Tree::print(entries.iter().map(|(mode, name, id)| Entry {
        mode: mode.as_bytes(),
        name,
        id: *id,
    }));
    let arguments = ["hash-object", "--literally", "-t", "tree", "-w", "--stdin"];
    id(&made.git_with(arguments, tree.as_bytes()))
}

pub(crate) fn guarded(objects: &Objects, tree: ObjectId) -> GuardedTree {
    guard(objects, tree, &Limits::default()).unwrap()
}
