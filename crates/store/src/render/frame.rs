//! What a NAR has around the contents of a node.

use castore::{Name, Node};
use nix_format::nar::{Encoder, FileKind, NarError};

/// The bytes before and behind what a node holds: the entries of a directory, a file's contents.
///
/// At most some 4,600 bytes: those of the longest name and target.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    bytes: Vec<u8>,
    head_len: usize,
}

impl Frame {
    /// The frame of a node under a name of a directory, or of the root, which has none.
    ///
    /// A link is all head.
    pub(super) fn set(&mut self, name: Option<&Name>, node: &Node) {
        self.write(name, node)
            .expect("a name or target of castore is one of a NAR");
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.bytes[..self.head_len]
    }

    pub(super) fn tail(&self) -> &[u8] {
        &self.bytes[self.head_len..]
    }

    fn write(&mut self, name: Option<&Name>, node: &Node) -> Result<(), NarError> {
        let (mut encoder, out) = (Encoder::new(), &mut self.bytes);
        if let Some(name) = name {
            // What stands before an entry and which entries came does not show in it.
            encoder.directory(out)?;
            out.clear();
            encoder.entry(name.as_bytes(), out)?;
        } else {
            out.clear();
        }
        match node {
            Node::Directory { .. } => {
                encoder.directory(out)?;
                self.head_len = out.len();
                encoder.end_directory(out)
            }
            Node::File {
                size, executable, ..
            } => {
                let kind = kind(*executable);
                encoder.file(kind, *size, out)?;
                self.head_len = out.len();
                match size {
                    // The encoder has closed it already: where its contents would start is known.
                    0 => self.head_len -= closing_len(name),
                    size => encoder.contents(*size, out)?,
                }
                Ok(())
            }
            Node::Symlink { target } => {
                encoder.symlink(target.as_bytes(), out)?;
                self.head_len = out.len();
                Ok(())
            }
        }
    }
}

/// How many bytes close a node, and the entry that it belongs to: a `)` each, with its length.
const fn closing_len(name: Option<&Name>) -> usize {
    match name {
        Some(_) => 32,
        None => 16,
    }
}

/// As a NAR calls it.
pub(super) const fn kind(executable: bool) -> FileKind {
    match executable {
        true => FileKind::Executable,
        false => FileKind::Regular,
    }
}
