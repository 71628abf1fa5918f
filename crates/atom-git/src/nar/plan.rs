//! The parts of a tree's NAR in their order, before any blob is read.

use atom::ObjectId;
use nix_format::nar::FileKind;

use crate::objects::{ObjectError, Objects};
use crate::tree::Mode;

/// How many steps are handed on at once.
const CHUNK: usize = 256;

/// A part of a NAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Directory,
    /// One that ends at once: nobody has to look for what is in it.
    EmptyDirectory,
    Entry(Vec<u8>),
    EndDirectory,
    File(FileKind, ObjectId),
    Symlink(ObjectId),
}

/// Walks a tree in the order of its NAR, and hands its parts on while it walks.
pub(super) fn plan(
    objects: &Objects,
    tree: ObjectId,
    mut hand_on: impl FnMut(&mut Vec<Step>),
) -> Result<(), ObjectError> {
    let mut steps = vec![Step::Directory];
    // What is still to be said, the last first.
    let mut stack = vec![Step::EndDirectory];
    let mut folders = Vec::new();
    push_folder(objects, tree, &mut stack, &mut folders)?;
    while let Some(step) = stack.pop() {
        if step == Step::Directory {
            let id = folders.pop().expect("each folder was pushed with its id");
            stack.push(Step::EndDirectory);
            push_folder(objects, id, &mut stack, &mut folders)?;
        }
        steps.push(step);
        if steps.len() >= CHUNK {
            hand_on(&mut steps);
        }
    }
    hand_on(&mut steps);
    Ok(())
}

/// Pushes the entries of a folder, so that the least name is popped first.
fn push_folder(
    objects: &Objects,
    id: ObjectId,
    stack: &mut Vec<Step>,
    folders: &mut Vec<ObjectId>,
) -> Result<(), ObjectError> {
    let tree = objects.tree(id)?;
    let mut entries: Vec<_> = tree.entries().map_while(Result::ok).collect();
    entries.sort_unstable_by(|a, b| b.name.cmp(a.name));
    for entry in entries {
        if entry.is_submodule() {
            // The guard lets none pass but where it counts as an empty folder.
            stack.extend([Step::EndDirectory, Step::EmptyDirectory]);
            stack.push(Step::Entry(entry.name.to_owned()));
            continue;
        }
        let node = match entry.kind() {
            Some(Mode::Folder) => {
                folders.push(entry.id);
                Step::Directory
            }
            Some(Mode::File) => Step::File(FileKind::Regular, entry.id),
            Some(Mode::Executable) => Step::File(FileKind::Executable, entry.id),
            Some(Mode::Symlink) => Step::Symlink(entry.id),
            None => return Err(ObjectError::Malformed { id }),
        };
        stack.push(node);
        stack.push(Step::Entry(entry.name.to_owned()));
    }
    Ok(())
}
