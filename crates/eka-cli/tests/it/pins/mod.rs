//! Pins: added, locked, brought, checked and taken out.

mod git;
mod url;
mod tar;

use std::fs;
use std::path::PathBuf;

use testkit::repo::run;

use crate::locked::Ran;
use crate::support::World;

/// The manifest of an atom that has no dependencies.
pub(crate) const APP: &str = "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n";

/// A world in whose folder an atom lies.
pub(crate) fn world() -> World {
    let world = World::new();
    world.write("atom.toml", APP);
    world
}

pub(crate) fn ran(world: &World, args: &[&str]) -> Ran {
    let shown = world.run(args);
    Ran { shown }
}

/// A path in the cache.
pub(crate) fn cache(world: &World, below: &str) -> PathBuf {
    world.env.home().join(".cache/eka").join(below)
}

/// Removes the whole cache, as on another machine.
pub(crate) fn forget(world: &World) {
    let cache = cache(world, "");
    if cache.exists() {
        fs::remove_dir_all(cache).unwrap();
    }
    let store = world.env.home().join(".local/share/eka/store");
    if store.exists() {
        fs::remove_dir_all(store).unwrap();
    }
}

/// The names of all contents in the cache.
pub(crate) fn contents(world: &World) -> Vec<String> {
    let entries = fs::read_dir(cache(world, "src")).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The value of a key in the lock, the first that there is.
pub(crate) fn locked(world: &World, key: &str) -> String {
    let text = world.read("atom.lock");
    let line = text
        .lines()
        .find_map(|it| it.strip_prefix(&format!("{key} = ")));
    line.unwrap_or_else(|| panic!("no `{key}` in\n{text}"))
        .trim_matches('"')
        .to_owned()
}

/// Puts another text in place of one in the lock.
pub(crate) fn edit_lock(world: &World, from: &str, to: &str) {
    let text = world.read("atom.lock");
    assert!(text.contains(from), "{from} is not in\n{text}");
    world.write("atom.lock", &text.replace(from, to));
}

/// What `nix hash path` says of a file or a folder.
pub(crate) fn nix_hash(world: &World, path: &std::path::Path) -> String {
    let mut nix = world.env.command("nix");
    nix.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
    ]);
    let out = run(nix.arg(path));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// The path that a run printed last.
pub(crate) fn path_of(world: &World, ran: &Ran) -> PathBuf {
    let shown = ran.out().pop().unwrap();
    PathBuf::from(shown.replace("[WORLD]", &world.env.path("").display().to_string()))
}
