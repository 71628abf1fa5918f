//! Trees on a file system: in and out, under handles of directories, no link ever followed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, Mode, OFlags};

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

fn open_folder(parent: impl AsFd, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(parent, name, flags, Mode::empty())
}

/// What a path is to a person.
fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use testkit::env::Env;

    use super::*;

    /// Whoever swaps a directory for a link leads nobody away.
    #[test]
    fn no_directory_is_opened_through_a_link() {
        let env = Env::new();
        let (out, canary) = (env.path("out"), env.path("canary"));
        for folder in [&out, &canary] {
            std::fs::create_dir(folder).unwrap();
        }
        std::os::unix::fs::symlink(&canary, out.join("a")).unwrap();
        let top = open_folder(fs::CWD, out.as_os_str().as_encoded_bytes()).unwrap();
        assert!(open_folder(&top, b"a").is_err());
    }
}
