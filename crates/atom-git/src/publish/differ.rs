//! Which files of a folder differ between two commits, for people to read.

use atom::{AtomPath, ObjectId};

use crate::objects::{ObjectError, Objects};
use crate::read::subtree;
use crate::tree::Entry;

/// How many paths are told.
const MAX_PATHS: usize = 5;

/// The paths in a folder that differ between two commits, at most five; none where a commit or the
/// folder in it is not here.
pub(super) fn differing_paths(
    objects: &Objects,
    commits: [ObjectId; 2],
    folder: &AtomPath,
) -> Result<Vec<String>, ObjectError> {
    let [a, b] = commits;
    if !objects.contains(a) || !objects.contains(b) {
        return Ok(Vec::new());
    }
    let trees = (subtree(objects, a, folder)?, subtree(objects, b, folder)?);
    let mut paths = Vec::new();
    if let (Some(a), Some(b)) = trees {
        walk(objects, [a, b], "", &mut paths)?;
    }
    Ok(paths)
}

fn walk(
    objects: &Objects,
    [a, b]: [ObjectId; 2],
    folder: &str,
    paths: &mut Vec<String>,
) -> Result<(), ObjectError> {
    let (old, new) = (objects.tree(a)?, objects.tree(b)?);
    let same = |a: &Entry<'_>, b: &Entry<'_>| a.id == b.id && a.mode == b.mode;
    for entry in new.entries().map_while(Result::ok) {
        let path = join(folder, entry.name);
        match old.find(entry.name) {
            Some(other) if same(&entry, &other) => {}
            Some(other) if entry.is_folder() && other.is_folder() && paths.len() < MAX_PATHS => {
                walk(objects, [other.id, entry.id], &path, paths)?;
            }
            _ => paths.push(path),
        }
    }
    let gone = old.entries().map_while(Result::ok);
    let gone = gone.filter(|it| new.find(it.name).is_none());
    paths.extend(gone.map(|it| join(folder, it.name)));
    paths.truncate(MAX_PATHS);
    Ok(())
}

fn join(folder: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    match folder {
        "" => name.into_owned(),
        _ => format!("{folder}/{name}"),
    }
}
