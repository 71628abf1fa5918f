//! A NAR encoder: a state machine without I/O, and an adapter that writes what it says.

use std::io;

use super::{FileKind, NarError};

/// Says which bytes frame the next part of a NAR, and refuses parts out of place.
///
/// Each method appends framing to `out`. A file's own bytes do not pass through it: after
/// [`Encoder::file`] the caller places them in the stream and reports each piece's length to
/// [`Encoder::contents`], which appends the padding after the last.
///
/// ```
/// use nix_format::nar::{Encoder, FileKind};
///
/// let (mut encoder, mut out) = (Encoder::new(), Vec::new());
/// encoder.directory(&mut out)?;
/// encoder.entry(b"hello", &mut out)?;
/// encoder.file(FileKind::Regular, 2, &mut out)?;
/// out.extend(b"hi");
/// encoder.contents(2, &mut out)?;
/// encoder.end_directory(&mut out)?;
/// encoder.finish()?;
/// # Ok::<(), nix_format::nar::NarError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Encoder {
    state: State,
    /// The open directories, outermost first, each with the last name it was given.
    open: Vec<Vec<u8>>,
}

/// Writes a NAR to `W`, which gets small writes: wrap a file in a `BufWriter`.
#[derive(Debug)]
pub struct Writer<W> {
    encoder: Encoder,
    frame: Vec<u8>,
    inner: W,
}

/// What must come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The root node.
    Root,
    /// The node of the entry just named.
    Node,
    /// An entry of the innermost directory, or its end.
    Directory,
    /// That many bytes of a file of that size.
    Contents { left: u64, size: u64 },
    /// Nothing.
    Done,
}

impl Encoder {
    /// Starts a NAR.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Root,
            open: Vec::new(),
        }
    }

    /// Opens a directory.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where no node is due.
    pub fn directory(&mut self, out: &mut Vec<u8>) -> Result<(), NarError> {
        self.node("directory", out)?;
        put(out, b"directory");
        self.open.push(Vec::new());
        self.state = State::Directory;
        Ok(())
    }

    /// Names the next node of the innermost open directory.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`], [`NarError::Name`], and [`NarError::Order`] for a name that is not
    /// above the last one.
    pub fn entry(&mut self, name: &[u8], out: &mut Vec<u8>) -> Result<(), NarError> {
        self.expect(State::Directory, "entry")?;
        if !super::is_name(name) {
            return Err(NarError::Name {
                name: name.to_owned(),
            });
        }
        let Some(last) = self.open.last_mut() else {
            return Err(self.misplaced("entry"));
        };
        // Every name is above the empty one, which stands for "none yet".
        if name <= last.as_slice() {
            return Err(NarError::Order {
                name: name.to_owned(),
                after: last.clone(),
            });
        }
        name.clone_into(last);
        put(out, b"entry");
        put(out, b"(");
        put(out, b"name");
        put(out, name);
        put(out, b"node");
        self.state = State::Node;
        Ok(())
    }

    /// Closes the innermost open directory.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where none is open, or an entry has no node yet.
    pub fn end_directory(&mut self, out: &mut Vec<u8>) -> Result<(), NarError> {
        self.expect(State::Directory, "end_directory")?;
        self.open.pop();
        self.close(out);
        Ok(())
    }

    /// Begins a file of `size` bytes.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where no node is due.
    pub fn file(&mut self, kind: FileKind, size: u64, out: &mut Vec<u8>) -> Result<(), NarError> {
        self.node("file", out)?;
        put(out, b"regular");
        if kind == FileKind::Executable {
            put(out, b"executable");
            put(out, b"");
        }
        put(out, b"contents");
        out.extend(size.to_le_bytes());
        self.state = State::Contents { left: size, size };
        self.contents(0, out)
    }

    /// Counts `length` bytes of the file begun last, which the caller has placed in the stream.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where no file is open, [`NarError::Size`] for more than it has left.
    pub fn contents(&mut self, length: u64, out: &mut Vec<u8>) -> Result<(), NarError> {
        let State::Contents { left, size } = self.state else {
            return Err(self.misplaced("contents"));
        };
        let left = left.checked_sub(length).ok_or(NarError::Size {
            excess: length.saturating_sub(left),
        })?;
        self.state = State::Contents { left, size };
        if left == 0 {
            pad(out, size);
            self.close(out);
        }
        Ok(())
    }

    /// Places a symbolic link.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where no node is due, [`NarError::Target`] for a target that no
    /// link can have.
    pub fn symlink(&mut self, target: &[u8], out: &mut Vec<u8>) -> Result<(), NarError> {
        if !super::is_target(target) {
            return Err(NarError::Target {
                target: target.to_owned(),
            });
        }
        self.node("symlink", out)?;
        put(out, b"symlink");
        put(out, b"target");
        put(out, target);
        self.close(out);
        Ok(())
    }

    /// Checks that the NAR is complete.
    ///
    /// # Errors
    ///
    /// [`NarError::Misplaced`] where something must still follow.
    pub fn finish(&self) -> Result<(), NarError> {
        self.expect(State::Done, "finish")
    }

    /// Opens a node, and before the first one the archive.
    fn node(&mut self, call: &'static str, out: &mut Vec<u8>) -> Result<(), NarError> {
        match self.state {
            State::Root => put(out, b"nix-archive-1"),
            State::Node => {}
            _ => return Err(self.misplaced(call)),
        }
        put(out, b"(");
        put(out, b"type");
        Ok(())
    }

    /// Closes a node, and the entry it belongs to.
    fn close(&mut self, out: &mut Vec<u8>) {
        put(out, b")");
        self.state = if self.open.is_empty() {
            State::Done
        } else {
            put(out, b")");
            State::Directory
        };
    }

    fn expect(&self, state: State, call: &'static str) -> Result<(), NarError> {
        if self.state == state {
            Ok(())
        } else {
            Err(self.misplaced(call))
        }
    }

    const fn misplaced(&self, call: &'static str) -> NarError {
        let expected = match self.state {
            State::Root | State::Node => "a node",
            State::Directory => "an entry or the end of a directory",
            State::Contents { .. } => "a file's contents",
            State::Done => "nothing",
        };
        NarError::Misplaced { call, expected }
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: io::Write> Writer<W> {
    /// Starts a NAR in `inner`.
    #[must_use]
    pub const fn new(inner: W) -> Self {
        Self {
            encoder: Encoder::new(),
            frame: Vec::new(),
            inner,
        }
    }

    /// As [`Encoder::directory`].
    ///
    /// # Errors
    ///
    /// `InvalidData` around a [`NarError`], or what the inner writer says; so for all methods.
    pub fn directory(&mut self) -> io::Result<()> {
        self.framed(Encoder::directory)
    }

    /// As [`Encoder::entry`].
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn entry(&mut self, name: &[u8]) -> io::Result<()> {
        self.framed(|encoder, out| encoder.entry(name, out))
    }

    /// As [`Encoder::end_directory`].
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn end_directory(&mut self) -> io::Result<()> {
        self.framed(Encoder::end_directory)
    }

    /// As [`Encoder::symlink`].
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn symlink(&mut self, target: &[u8]) -> io::Result<()> {
        self.framed(|encoder, out| encoder.symlink(target, out))
    }

    /// As [`Encoder::file`].
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn file(&mut self, kind: FileKind, size: u64) -> io::Result<()> {
        self.framed(|encoder, out| encoder.file(kind, size, out))
    }

    /// Writes the next bytes of the file begun last.
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn contents(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frame.clear();
        self.encoder
            .contents(bytes.len() as u64, &mut self.frame)
            .map_err(invalid)?;
        self.inner.write_all(bytes)?;
        self.inner.write_all(&self.frame)
    }

    /// Ends the NAR, and gives the inner writer back.
    ///
    /// # Errors
    ///
    /// As [`Writer::directory`].
    pub fn finish(self) -> io::Result<W> {
        self.encoder.finish().map_err(invalid)?;
        Ok(self.inner)
    }

    fn framed(
        &mut self,
        call: impl FnOnce(&mut Encoder, &mut Vec<u8>) -> Result<(), NarError>,
    ) -> io::Result<()> {
        self.frame.clear();
        call(&mut self.encoder, &mut self.frame).map_err(invalid)?;
        self.inner.write_all(&self.frame)
    }
}

fn invalid(error: NarError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Appends a string as NAR has it: its length, its bytes, zeros up to a multiple of eight.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len() as u64;
    out.extend(length.to_le_bytes());
    out.extend(bytes);
    pad(out, length);
}

/// Appends the zeros that follow `length` bytes.
fn pad(out: &mut Vec<u8>, length: u64) {
    let zeros = (8 - length % 8) % 8;
    out.resize(
        out.len() + usize::try_from(zeros).expect("less than eight"),
        0,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs calls up to the first that fails.
    fn check(
        calls: impl FnOnce(&mut Encoder, &mut Vec<u8>) -> Result<(), NarError>,
        expected: NarError,
    ) {
        let mut encoder = Encoder::new();
        assert_eq!(calls(&mut encoder, &mut Vec::new()), Err(expected));
    }

    #[test]
    fn names_ascend_and_none_comes_twice() {
        for (first, second) in [("b", "a"), ("a", "a"), ("a.b", "a")] {
            check(
                |it, out| {
                    it.directory(out)?;
                    it.entry(first.as_bytes(), out)?;
                    it.symlink(b"x", out)?;
                    it.entry(second.as_bytes(), out)
                },
                NarError::Order {
                    name: second.into(),
                    after: first.into(),
                },
            );
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", "a/b", "/", "a\0"] {
            let name = name.as_bytes();
            check(
                |it, out| {
                    it.directory(out)?;
                    it.entry(name, out)
                },
                NarError::Name { name: name.into() },
            );
        }
    }

    #[test]
    fn targets_that_no_link_can_have_are_refused() {
        for target in [b"".as_slice(), b"a\0b"] {
            let expected = NarError::Target {
                target: target.into(),
            };
            check(|it, out| it.symlink(target, out), expected);
        }
    }

    #[test]
    fn a_file_has_as_many_bytes_as_it_announces() {
        check(
            |it, out| {
                it.file(FileKind::Regular, 2, out)?;
                it.contents(3, out)
            },
            NarError::Size { excess: 1 },
        );
    }

    #[test]
    fn parts_out_of_place_are_refused() {
        let misplaced = |call, expected| NarError::Misplaced { call, expected };
        check(|it, _| it.finish(), misplaced("finish", "a node"));
        check(|it, out| it.entry(b"a", out), misplaced("entry", "a node"));
        check(
            |it, out| {
                it.file(FileKind::Regular, 1, out)?;
                it.finish()
            },
            misplaced("finish", "a file's contents"),
        );
        check(
            |it, out| {
                it.directory(out)?;
                it.directory(out)
            },
            misplaced("directory", "an entry or the end of a directory"),
        );
        check(
            |it, out| {
                it.directory(out)?;
                it.entry(b"a", out)?;
                it.end_directory(out)
            },
            misplaced("end_directory", "a node"),
        );
        check(
            |it, out| {
                it.symlink(b"a", out)?;
                it.symlink(b"a", out)
            },
            misplaced("symlink", "nothing"),
        );
    }
}
