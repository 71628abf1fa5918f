//! The parts of a tree's NAR in their order, before any blob is read.

use atom::ObjectId;
use nix_format::nar::FileKind;

use crate::objects::{ObjectError, Objects};
use crate::tree::Mode;

/// How many blobs one batch names at most.
const BATCH_BLOBS: usize = 64;

/// A part of a NAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Directory,
    Entry(Vec<u8>),
    EndDirectory,
    File(FileKind, ObjectId),
    Symlink(ObjectId),
}

/// Walks a tree in the order of its NAR, and hands its parts on in batches that one thread can
/// read while others read the next.
pub(super) fn plan(
    objects: &Objects,
    tree: ObjectId,
    mut batch: impl FnMut(Vec<Step>),
) -> Result<(), ObjectError> {
    let mut steps = vec![Step::Directory];
    let mut n_blobs = 0;
    // What is still to be said, the last first.
    let mut stack = vec![Step::EndDirectory];
    let mut folders = Vec::new();
    push_folder(objects, tree, &mut stack, &mut folders)?;
    while let Some(step) = stack.pop() {
        match step {
            Step::Directory => {
                let id = folders.pop().expect("each folder was pushed with its id");
                steps.push(Step::Directory);
                stack.push(Step::EndDirectory);
                push_folder(objects, id, &mut stack, &mut folders)?;
            }
            Step::File(..) | Step::Symlink(_) => {
                n_blobs += 1;
                steps.push(step);
            }
            Step::Entry(_) | Step::EndDirectory => steps.push(step),
        }
        if n_blobs == BATCH_BLOBS {
            n_blobs = 0;
            batch(std::mem::take(&mut steps));
        }
    }
    batch(steps);
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
