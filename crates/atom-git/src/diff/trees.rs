//! Two trees, walked side by side.

use std::cmp::Ordering;
use std::io::Read as _;

use atom::ObjectId;

use super::text::{self, MAX_TEXT_BYTES, PROBE_BYTES, is_binary, is_large};
use super::{Body, Change, FileDiff, Kind, Side};
use crate::objects::{ObjectError, ObjectKind, Objects};
use crate::tree::{Entry, Tree};
use crate::tree_guard::GuardedTree;

/// Lists the paths that differ, in the order of git: each folder's by bytes, where a folder's name
/// ends in `/`. Folders that are equal are not opened.
///
/// # Errors
///
/// [`ObjectError`], by variant.
pub fn between(
    objects: &Objects,
    old: GuardedTree,
    new: GuardedTree,
) -> Result<Vec<Change>, ObjectError> {
    let mut changes = Vec::new();
    let mut todo = vec![Step::Folders {
        path: String::new(),
        old: Some(old.id()),
        new: Some(new.id()),
    }];
    while let Some(step) = todo.pop() {
        match step {
            Step::File(change) => changes.push(change),
            Step::Folders { path, old, new } => {
                let steps = folders(objects, &path, old, new)?;
                todo.extend(steps.into_iter().rev());
            }
        }
    }
    Ok(changes)
}

/// What is still to be done, in the order of the paths.
enum Step {
    File(Change),
    Folders {
        path: String,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
    },
}

/// Compares two folders of one path.
fn folders(
    objects: &Objects,
    path: &str,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Result<Vec<Step>, ObjectError> {
    let read = |id: Option<ObjectId>| match id {
        Some(id) => objects.tree(id),
        None => Ok(Tree::new(Vec::new())),
    };
    let (old, new) = (read(old)?, read(new)?);
    let (mut old, mut new) = (entries(&old).peekable(), entries(&new).peekable());
    let mut steps = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(steps),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.tree_order(b),
        };
        let a = old.next_if(|_| order.is_le());
        let b = new.next_if(|_| order.is_ge());
        if a.zip(b)
            .is_some_and(|(a, b)| (a.kind(), a.id) == (b.kind(), b.id))
        {
            continue;
        }
        steps.extend(step(path, a, b));
    }
}

fn entries(tree: &Tree) -> impl Iterator<Item = Entry<'_>> {
    tree.entries().map_while(Result::ok)
}

/// What differs under one name: of two entries both are folders, or neither is.
fn step(folder: &str, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Option<Step> {
    let name = old.or(new)?.name;
    let name = String::from_utf8_lossy(name);
    let path = match folder {
        "" => name.into_owned(),
        _ => format!("{folder}/{name}"),
    };
    if old.or(new)?.is_folder() {
        let (old, new) = (old.map(|it| it.id), new.map(|it| it.id));
        return Some(Step::Folders { path, old, new });
    }
    let side = |it: Entry<'_>| {
        let mode = it.kind()?;
        Some(Side { mode, id: it.id })
    };
    Some(Step::File(Change {
        path,
        old: old.and_then(side),
        new: new.and_then(side),
    }))
}

/// Reads both files of a change, where they are small enough, and compares them.
///
/// # Errors
///
/// [`ObjectError`], by variant.
pub fn look(objects: &Objects, change: Change) -> Result<FileDiff, ObjectError> {
    let body = body(objects, &change)?;
    Ok(FileDiff { change, body })
}

fn body(objects: &Objects, change: &Change) -> Result<Body, ObjectError> {
    let (old, new) = (change.old.map(|it| it.id), change.new.map(|it| it.id));
    if old == new && change.kind() != Kind::Type {
        return Ok(Body::Same);
    }
    let sizes = (size(objects, old)?, size(objects, new)?);
    if sizes.0.max(sizes.1) > MAX_TEXT_BYTES {
        let binary = is_probed_binary(objects, old)? || is_probed_binary(objects, new)?;
        return Ok(match binary {
            true => Body::Binary { sizes },
            false => Body::Large { sizes },
        });
    }
    let read = |id: Option<ObjectId>| id.map_or_else(|| Ok(Vec::new()), |it| objects.blob(it));
    let bytes = [read(old)?, read(new)?];
    if bytes.iter().any(|it| is_binary(it)) {
        return Ok(Body::Binary { sizes });
    }
    if bytes.iter().any(|it| is_large(it)) {
        return Ok(Body::Large { sizes });
    }
    if bytes.iter().all(Vec::is_empty) {
        return Ok(Body::Same);
    }
    Ok(Body::Text(text::compare(bytes)))
}

fn size(objects: &Objects, id: Option<ObjectId>) -> Result<u64, ObjectError> {
    let Some(id) = id else { return Ok(0) };
    match objects.header(id)? {
        Some((ObjectKind::Blob, size)) => Ok(size),
        Some((found, _)) => Err(ObjectError::Kind {
            id,
            expected: ObjectKind::Blob,
            found,
        }),
        None => Err(ObjectError::Missing { id }),
    }
}

/// Whether a file is no text, by its first bytes: it is not read further.
fn is_probed_binary(objects: &Objects, id: Option<ObjectId>) -> Result<bool, ObjectError> {
    let Some(id) = id else { return Ok(false) };
    let mut head = Vec::new();
    let blob = objects.open_blob(id)?;
    // What cannot be read further is met again by whoever reads all of it.
    drop(blob.take(PROBE_BYTES as u64).read_to_end(&mut head));
    Ok(is_binary(&head))
}
