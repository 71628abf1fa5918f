//! One NAR made by many threads: blobs are read side by side, and written in order.
//!
//! A thread that has read a batch either finds the writer free and writes all that is due, or
//! leaves its batch to the one who has the writer. So nobody waits for a turn, and one thread
//! alone does the same as many. What is read ahead is bounded: only the thread whose batch is due
//! may go beyond.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use atom::ObjectId;
use nix_format::nar::{FileKind, Writer};

use super::NarError;
use super::plan::{Step, plan};
use crate::objects::Objects;

/// How much may be read and not written yet, in bytes.
const AHEAD_BYTES: usize = 64 << 20;

/// How much a thread reads before it hands it on, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// The NAR of one tree, on its way to a writer.
pub(super) struct Pipeline<W> {
    tree: ObjectId,
    state: Mutex<State<W>>,
    changed: Condvar,
}

struct State<W> {
    /// Batches that nobody reads yet, with their places in the NAR.
    queue: VecDeque<(usize, Vec<Step>)>,
    n_planned: usize,
    planning: Planning,
    /// What was read of each batch and is not written yet.
    read: BTreeMap<usize, Batch>,
    read_bytes: usize,
    /// The batch that is due.
    due: usize,
    /// Absent while a thread writes.
    writer: Option<Writer<W>>,
    error: Option<NarError>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Planning {
    Ahead,
    Done,
}

#[derive(Default)]
struct Batch {
    parts: VecDeque<Vec<Part>>,
    complete: bool,
}

/// A part of a NAR with its bytes.
enum Part {
    Directory,
    Entry(Vec<u8>),
    EndDirectory,
    File(FileKind, Vec<u8>),
    Symlink(ObjectId, Vec<u8>),
}

impl<W: Write + Send> Pipeline<W> {
    pub(super) const fn new(tree: ObjectId, out: W) -> Self {
        Self {
            tree,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                n_planned: 0,
                planning: Planning::Ahead,
                read: BTreeMap::new(),
                read_bytes: 0,
                due: 0,
                writer: Some(Writer::new(out)),
                error: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Queues all batches. Called once; other threads may already work.
    pub(super) fn plan(&self, objects: &Objects) {
        let planned = plan(objects, self.tree, |steps| {
            let mut state = self.lock();
            let place = state.n_planned;
            state.queue.push_back((place, steps));
            state.n_planned += 1;
            self.changed.notify_one();
        });
        let mut state = self.lock();
        state.planning = Planning::Done;
        if let Err(error) = planned {
            state.fail(error.into());
        }
        self.changed.notify_all();
    }

    /// Reads batches until none is left.
    pub(super) fn work(&self, objects: &Objects) {
        while let Some((place, steps)) = self.take() {
            if let Err(error) = self.read(objects, place, steps) {
                self.lock().fail(error);
                self.changed.notify_all();
            }
        }
    }

    /// The writer, once all is written.
    pub(super) fn finish(self) -> Result<W, NarError> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            return Err(error);
        }
        let writer = state.writer.expect("no thread writes any more");
        let tree = self.tree;
        let finished = writer.finish();
        finished.map_err(|source| NarError::Write { tree, source })
    }

    /// The next batch to read.
    fn take(&self) -> Option<(usize, Vec<Step>)> {
        let mut state = self.lock();
        loop {
            if state.error.is_some() {
                return None;
            }
            if let Some(batch) = state.queue.pop_front() {
                return Some(batch);
            }
            if state.planning == Planning::Done {
                return None;
            }
            state = self.wait(state);
        }
    }

    fn read(&self, objects: &Objects, place: usize, steps: Vec<Step>) -> Result<(), NarError> {
        let (mut parts, mut n_bytes) = (Vec::new(), 0);
        for step in steps {
            parts.push(match step {
                Step::Directory => Part::Directory,
                Step::Entry(name) => Part::Entry(name),
                Step::EndDirectory => Part::EndDirectory,
                Step::File(kind, id) => {
                    let bytes = objects.blob(id)?;
                    n_bytes += bytes.len();
                    Part::File(kind, bytes)
                }
                Step::Symlink(id) => Part::Symlink(id, objects.blob(id)?),
            });
            if n_bytes >= PIECE_BYTES {
                self.hand_on(place, std::mem::take(&mut parts), n_bytes)?;
                n_bytes = 0;
            }
        }
        self.hand_on(place, parts, n_bytes)?;
        let mut state = self.lock();
        state.read.entry(place).or_default().complete = true;
        self.write_due(state)
    }

    /// Leaves parts of a batch to be written, and waits while too much is waiting already.
    fn hand_on(&self, place: usize, parts: Vec<Part>, n_bytes: usize) -> Result<(), NarError> {
        let mut state = self.lock();
        state.read.entry(place).or_default().parts.push_back(parts);
        state.read_bytes += n_bytes;
        self.write_due(state)?;
        let mut state = self.lock();
        while state.read_bytes > AHEAD_BYTES && state.error.is_none() {
            // Nobody else can make room where the writer is free and our batch is due.
            if state.writer.is_some() && state.due == place {
                break;
            }
            state = self.wait(state);
        }
        Ok(())
    }

    /// Writes what is due, unless another thread is at it: it will come to ours.
    fn write_due<'a>(&'a self, mut state: MutexGuard<'a, State<W>>) -> Result<(), NarError> {
        let Some(mut writer) = state.writer.take() else {
            return Ok(());
        };
        let mut result = Ok(());
        while result.is_ok() {
            let Some(parts) = state.next_due() else {
                break;
            };
            drop(state);
            let n_bytes: usize = parts.iter().map(Part::n_bytes).sum();
            result = parts
                .into_iter()
                .try_for_each(|it| self.write(&mut writer, it));
            state = self.lock();
            state.read_bytes -= n_bytes;
            self.changed.notify_all();
        }
        state.writer = Some(writer);
        self.changed.notify_all();
        result
    }

    fn write(&self, writer: &mut Writer<W>, part: Part) -> Result<(), NarError> {
        let written = match part {
            Part::Directory => writer.directory(),
            Part::Entry(name) => writer.entry(&name),
            Part::EndDirectory => writer.end_directory(),
            Part::File(kind, bytes) => {
                writer
                    .file(kind, bytes.len() as u64)
                    .and_then(|()| match bytes.as_slice() {
                        [] => Ok(()),
                        bytes => writer.contents(bytes),
                    })
            }
            Part::Symlink(id, target) => {
                if target.is_empty() || target.contains(&0) {
                    return Err(NarError::Target { id });
                }
                writer.symlink(&target)
            }
        };
        let tree = self.tree;
        written.map_err(|source| NarError::Write { tree, source })
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<W>>) -> MutexGuard<'a, State<W>> {
        let state = self.changed.wait(state);
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> State<W> {
    /// The next parts in the order of the NAR, if they were read.
    fn next_due(&mut self) -> Option<Vec<Part>> {
        loop {
            let batch = self.read.get_mut(&self.due)?;
            if let Some(parts) = batch.parts.pop_front() {
                return Some(parts);
            }
            if !batch.complete {
                return None;
            }
            self.read.remove(&self.due);
            self.due += 1;
        }
    }

    /// Keeps the first error; nothing more is read.
    fn fail(&mut self, error: NarError) {
        self.error.get_or_insert(error);
        self.queue.clear();
    }
}

impl Part {
    fn n_bytes(&self) -> usize {
        match self {
            Self::File(_, bytes) => bytes.len(),
            Self::Directory | Self::Entry(_) | Self::EndDirectory | Self::Symlink(..) => 0,
        }
    }
}
