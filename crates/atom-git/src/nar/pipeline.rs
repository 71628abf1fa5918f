//! One NAR made by many threads: blobs are read side by side, and written in order.
//!
//! A thread that has read a piece either leaves it to one that has the writer, or that has nothing
//! to read, or writes all that is due itself. So nobody waits for a turn, one thread alone does
//! the same as many, and one large blob is read by one thread and written by another. What is read
//! ahead is bounded: only the thread whose batch is due may go beyond.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read as _, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use atom::ObjectId;
use nix_format::nar::{FileKind, Writer};

use super::NarError;
use super::plan::{Step, plan};
use crate::blob::Blob;
use crate::objects::Objects;

/// How much may be read and not written yet, in bytes; little in tests, so that it is reached.
const AHEAD_BYTES: usize = if cfg!(test) { 8 << 10 } else { 64 << 20 };

/// How much a thread reads before it hands it on, in bytes.
const PIECE_BYTES: usize = if cfg!(test) { 1 << 10 } else { 256 << 10 };

/// How many blobs a thread takes at once, if they are small.
const MAX_BLOBS: usize = 64;

/// The NAR of one tree, on its way to a writer.
pub(super) struct Pipeline<W> {
    tree: ObjectId,
    state: Mutex<State<W>>,
    changed: Condvar,
}

struct State<W> {
    /// What nobody reads yet.
    queue: VecDeque<Step>,
    planning: Planning,
    /// How many batches were taken from the queue.
    n_taken: usize,
    /// How many blobs were read, and their bytes: how large the next will be.
    n_blobs: usize,
    n_bytes: usize,
    /// What was read of each batch and is not written yet.
    read: BTreeMap<usize, Batch>,
    read_bytes: usize,
    /// The batch that is due.
    due: usize,
    /// Absent while a thread writes.
    writer: Option<Writer<W>>,
    /// How many threads have nothing to read, and wait for something to write.
    n_idle: usize,
    error: Option<NarError>,
}

/// What a thread does next.
enum Turn {
    Read(usize, Vec<Step>),
    Write,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Planning {
    Ahead,
    Done,
}

#[derive(Default)]
struct Batch {
    pieces: VecDeque<Piece>,
    complete: bool,
}

/// What a thread hands on at once.
#[derive(Default)]
struct Piece {
    parts: Vec<Part>,
    n_blobs: usize,
    n_bytes: usize,
}

/// A part of a NAR with its bytes.
enum Part {
    Directory,
    Entry(Vec<u8>),
    EndDirectory,
    File(FileKind, u64),
    Contents(Vec<u8>),
    Symlink(ObjectId, Vec<u8>),
}

impl<W: Write + Send> Pipeline<W> {
    pub(super) const fn new(tree: ObjectId, out: W) -> Self {
        Self {
            tree,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                planning: Planning::Ahead,
                n_taken: 0,
                n_blobs: 0,
                n_bytes: 0,
                read: BTreeMap::new(),
                read_bytes: 0,
                due: 0,
                writer: Some(Writer::new(out)),
                n_idle: 0,
                error: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Queues all steps. Called once; other threads may already work.
    pub(super) fn plan(&self, objects: &Objects) {
        let planned = plan(objects, self.tree, |steps| {
            self.lock().queue.extend(steps.drain(..));
            self.changed.notify_one();
        });
        let mut state = self.lock();
        state.planning = Planning::Done;
        if let Err(error) = planned {
            state.fail(error.into());
        }
        self.changed.notify_all();
    }

    /// Reads and writes until all is written.
    pub(super) fn work(&self, objects: &Objects) {
        while let Some(turn) = self.take() {
            let done = match turn {
                Turn::Read(place, steps) => self.read(objects, place, steps),
                Turn::Write => self.write_due(self.lock()),
            };
            if let Err(error) = done {
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

    fn take(&self) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            if state.error.is_some() || state.all_written() {
                return None;
            }
            if !state.queue.is_empty() {
                let (place, steps) = state.take();
                return Some(Turn::Read(place, steps));
            }
            if state.writer.is_some() && state.is_due() {
                return Some(Turn::Write);
            }
            state.n_idle += 1;
            state = self.wait(state);
            state.n_idle -= 1;
        }
    }

    fn read(&self, objects: &Objects, place: usize, steps: Vec<Step>) -> Result<(), NarError> {
        let mut piece = Piece::default();
        for step in steps {
            match step {
                Step::Directory | Step::EmptyDirectory => piece.parts.push(Part::Directory),
                Step::Entry(name) => piece.parts.push(Part::Entry(name)),
                Step::EndDirectory => piece.parts.push(Part::EndDirectory),
                Step::Symlink(id) => piece.parts.push(Part::Symlink(id, objects.blob(id)?)),
                Step::File(kind, id) => {
                    let blob = objects.open_blob(id)?;
                    piece.parts.push(Part::File(kind, blob.size()));
                    piece.n_blobs += 1;
                    self.contents(place, &mut piece, id, blob)?;
                }
            }
        }
        self.hand_on(place, piece)?;
        let mut state = self.lock();
        state.read.entry(place).or_default().complete = true;
        self.write_due(state)
    }

    /// Reads a blob, and hands it on as it comes.
    fn contents(
        &self,
        place: usize,
        piece: &mut Piece,
        id: ObjectId,
        blob: Blob,
    ) -> Result<(), NarError> {
        let mut blob = match blob.into_whole() {
            Ok(bytes) => {
                piece.push(bytes);
                if piece.n_bytes >= PIECE_BYTES {
                    self.hand_on(place, std::mem::take(piece))?;
                }
                return Ok(());
            }
            Err(blob) => blob,
        };
        let mut left = blob.size();
        while left > 0 {
            let n_bytes = left.min(PIECE_BYTES as u64);
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            let read = blob.by_ref().take(n_bytes).read_to_end(&mut bytes);
            let n_read = read.map_err(|source| NarError::Blob { id, source })?;
            if n_read as u64 != n_bytes {
                let source = io::ErrorKind::UnexpectedEof.into();
                return Err(NarError::Blob { id, source });
            }
            left -= n_bytes;
            piece.push(bytes);
            self.hand_on(place, std::mem::take(piece))?;
        }
        Ok(())
    }

    /// Leaves parts of a batch to be written, and waits while too much is waiting already.
    fn hand_on(&self, place: usize, piece: Piece) -> Result<(), NarError> {
        let mut state = self.lock();
        state.read_bytes += piece.n_bytes;
        state.n_bytes += piece.n_bytes;
        state.n_blobs += piece.n_blobs;
        let batch = state.read.entry(place).or_default();
        batch.pieces.push_back(piece);
        if state.n_idle > 0 && state.read_bytes <= AHEAD_BYTES {
            self.changed.notify_all();
            return Ok(());
        }
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
            let Some(piece) = state.next_due() else {
                break;
            };
            drop(state);
            let mut parts = piece.parts.into_iter();
            result = parts.try_for_each(|it| self.write(&mut writer, it));
            state = self.lock();
            state.read_bytes -= piece.n_bytes;
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
            Part::File(kind, size) => writer.file(kind, size),
            Part::Contents(bytes) => writer.contents(&bytes),
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
    fn is_due(&self) -> bool {
        let batch = self.read.get(&self.due);
        batch.is_some_and(|it| it.complete || !it.pieces.is_empty())
    }

    fn all_written(&self) -> bool {
        self.planning == Planning::Done && self.queue.is_empty() && self.due == self.n_taken
    }

    /// The next parts in the order of the NAR, if they were read.
    fn next_due(&mut self) -> Option<Piece> {
        loop {
            let batch = self.read.get_mut(&self.due)?;
            if let Some(piece) = batch.pieces.pop_front() {
                return Some(piece);
            }
            if !batch.complete {
                return None;
            }
            self.read.remove(&self.due);
            self.due += 1;
        }
    }

    /// The next batch: about one piece of blobs, by the size of those before.
    fn take(&mut self) -> (usize, Vec<Step>) {
        let n_blobs = match self.n_bytes.checked_div(self.n_blobs) {
            None => 1,
            Some(mean_bytes) => (PIECE_BYTES / mean_bytes.max(1)).clamp(1, MAX_BLOBS),
        };
        let mut batch = Vec::new();
        let mut n_taken = 0;
        while n_taken < n_blobs
            && let Some(step) = self.queue.pop_front()
        {
            n_taken += usize::from(matches!(step, Step::File(..)));
            batch.push(step);
        }
        let place = self.n_taken;
        self.n_taken += 1;
        (place, batch)
    }

    /// Keeps the first error; nothing more is read.
    fn fail(&mut self, error: NarError) {
        self.error.get_or_insert(error);
        self.queue.clear();
    }
}

impl Piece {
    fn push(&mut self, bytes: Vec<u8>) {
        self.n_bytes += bytes.len();
        // An empty file is complete as soon as it begins.
        if !bytes.is_empty() {
            self.parts.push(Part::Contents(bytes));
        }
    }
}
