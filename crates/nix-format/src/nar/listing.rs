//! What a NAR holds, as JSON: the `.ls` file that a binary cache has beside it.

use super::{Event, FileKind};
use crate::json_text;

/// Prints a listing while a NAR is decoded, byte for byte as Nix 2.8 does.
///
/// It is fed with the events of a whole NAR, or of one node in it. Names and targets that are not
/// UTF-8 stand there as they are, as in Nix, so that the listing is then no JSON.
///
/// ```
/// use nix_format::nar::{Listing, Reader, Writer};
///
/// let mut writer = Writer::new(Vec::new());
/// writer.symlink(b"a")?;
/// let nar = writer.finish()?;
/// let (mut reader, mut listing) = (Reader::new(nar.as_slice()), Listing::file());
/// while let Some(event) = reader.next_event()? {
///     listing.take(&event);
/// }
/// let printed = br#"{"version":1,"root":{"type":"symlink","target":"a"}}"#;
/// assert_eq!(listing.finish(), printed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Listing {
    out: Vec<u8>,
    extent: Extent,
    /// How many directories are open.
    depth: usize,
    /// What follows the node.
    end: &'static [u8],
}

/// How much of a directory is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All below it.
    Whole,
    /// The names of its entries, with `{}` for each node.
    Names,
}

impl Listing {
    /// Starts the file that a binary cache has: `{"version":1,"root":…}`, as
    /// `nix copy --to 'file://…?write-nar-listing=1'` writes it.
    #[must_use]
    pub fn file() -> Self {
        Self {
            out: br#"{"version":1,"root":"#.to_vec(),
            extent: Extent::Whole,
            depth: 0,
            end: b"}",
        }
    }

    /// Starts the listing of a node alone, as `nix nar ls --json` prints it, with `--recursive` for
    /// [`Extent::Whole`].
    #[must_use]
    pub const fn node(extent: Extent) -> Self {
        Self {
            out: Vec::new(),
            extent,
            depth: 0,
            end: b"",
        }
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event<'_>) {
        if *event == Event::EndDirectory {
            self.depth -= 1;
        }
        let is_below = self.depth > 0 && self.extent == Extent::Names;
        match *event {
            Event::Entry { name } if !is_below || self.depth == 1 => {
                if self.out.last() != Some(&b'{') {
                    self.out.push(b',');
                }
                json_text::push(&mut self.out, name);
                self.out.push(b':');
                if is_below {
                    self.out.extend_from_slice(b"{}");
                }
            }
            Event::Directory => {
                if !is_below {
                    self.out
                        .extend_from_slice(br#"{"type":"directory","entries":{"#);
                }
                self.depth += 1;
            }
            _ if is_below => {}
            Event::EndDirectory => self.out.extend_from_slice(b"}}"),
            Event::File { kind, size, offset } => self.file_node(kind, size, offset),
            Event::Symlink { target } => {
                self.out
                    .extend_from_slice(br#"{"type":"symlink","target":"#);
                json_text::push(&mut self.out, target);
                self.out.push(b'}');
            }
            Event::Entry { .. } | Event::Contents(_) | Event::EndFile | Event::End => {}
        }
    }

    /// Ends it, and returns what was printed, without a line feed.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(self.end);
        self.out
    }

    fn file_node(&mut self, kind: FileKind, size: u64, offset: u64) {
        let executable = match kind {
            FileKind::Regular => "",
            FileKind::Executable => r#","executable":true"#,
        };
        let node =
            format!(r#"{{"type":"regular","size":{size}{executable},"narOffset":{offset}}}"#);
        self.out.extend_from_slice(node.as_bytes());
    }
}
