//! Trees on a file system: in and out, under handles of directories, no link ever followed.

use std::path::Path;

mod walk;
mod import;
mod export;

pub use export::{ExportError, export};
pub use import::{ImportError, import};

/// How far an import or an export has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// How many files are done.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Progress {
    const fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// How many bytes of a large file are held at a time.
const PIECE: usize = 1 << 20;

/// What a path is to a person.
fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}
