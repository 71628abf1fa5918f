//! `eka drv`: what the text of a derivation says, and its inhash.

mod error;
mod file;
mod inhash;

use std::path::PathBuf;

pub use error::{DrvError, Misnamed};
pub use inhash::{Inhash, InhashRequest, inhash};
pub use nix_format::derivation::{Derivation, Output};
pub use nix_format::{StoreDir, StorePath};

use nix_format::derivation::print_json;

use crate::context::Context;
use crate::error::Error;
use file::DrvFile;

/// The longest text of a derivation that is read, in bytes.
pub const MAX_BYTES: u64 = 256 << 20;

/// Which derivation to show.
#[derive(Debug, Clone)]
pub struct ShowRequest {
    /// The file, relative to the folder one works in.
    pub file: PathBuf,
}

/// A derivation.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The store that it is of.
    pub store_dir: StoreDir,
    /// Where it lies there.
    pub path: StorePath,
    /// What it says.
    pub derivation: Derivation,
}

impl Shown {
    /// Returns the full path of a store path.
    #[must_use]
    pub fn full(&self, path: &StorePath) -> String {
        self.store_dir.print(path)
    }

    /// Returns what `nix show-derivation` prints; bytes that are no UTF-8 became U+FFFD.
    #[must_use]
    pub fn json(&self) -> String {
        let json = print_json(&self.store_dir, [(&self.path, &self.derivation)]);
        String::from_utf8_lossy(&json).into_owned()
    }
}

/// Reads a derivation, wherever its file lies.
///
/// A file whose name tells another store path than its text is warned of ([`Misnamed`]).
///
/// # Errors
///
/// [`DrvError`] for a file that cannot be read, or is none that Nix writes.
pub fn show(ctx: &Context<'_>, request: &ShowRequest) -> Result<Shown, Error> {
    let file = DrvFile::read(&ctx.dir, &request.file)?;
    if let Err(misnamed) = file.check() {
        ctx.warn(misnamed);
    }
    Ok(Shown {
        store_dir: file.store_dir,
        path: file.path,
        derivation: file.derivation,
    })
}
