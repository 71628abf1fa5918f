//! A file that holds a derivation.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use nix_format::derivation::Derivation;
use nix_format::{StoreDir, StoreName, StorePath};

use super::MAX_BYTES;
use super::error::{DrvError, Misnamed};

/// A derivation, and what its text and its file's name tell of where it lies.
pub(super) struct DrvFile {
    /// As it was asked for.
    pub(super) file: PathBuf,
    pub(super) store_dir: StoreDir,
    /// The path that the text has.
    pub(super) path: StorePath,
    /// The path that the file's name tells, if it is one.
    named: Option<StorePath>,
    pub(super) derivation: Derivation,
}

impl DrvFile {
    /// Reads a file, which is named relative to `dir`.
    pub(super) fn read(dir: &Path, file: &Path) -> Result<Self, DrvError> {
        let real = dir.join(file);
        let text = bytes(&real).map_err(|source| DrvError::Read {
            path: file.to_owned(),
            source,
        })?;
        if text.len() as u64 > MAX_BYTES {
            let path = file.to_owned();
            return Err(DrvError::Large { path });
        }
        let unnamed = || DrvError::FileName {
            path: file.to_owned(),
        };
        let base = file.file_name().and_then(|it| it.to_str());
        let base = base.ok_or_else(unnamed)?;
        let named = base.parse::<StorePath>().ok();
        let whole = named.as_ref().map_or(base, |it| it.name().as_str());
        let name = whole.strip_suffix(".drv").and_then(|it| it.parse().ok());
        let name: StoreName = name.ok_or_else(unnamed)?;
        let malformed = |source| DrvError::Malformed {
            path: file.to_owned(),
            source,
        };
        // A text without paths is the same in every store: that of its file, then.
        let stores = match Derivation::store_dir_of(&text) {
            Some(store_dir) => vec![store_dir],
            None => {
                let beside = real.parent().and_then(|it| it.to_str()?.parse().ok());
                [Some(StoreDir::default()), beside]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        };
        let mut found = None;
        for store_dir in stores {
            let derivation = Derivation::parse(&store_dir, &text).map_err(malformed)?;
            let path = derivation
                .store_path(&store_dir, &name)
                .map_err(|_| unnamed())?;
            let fits = named.as_ref() == Some(&path);
            if fits || found.is_none() {
                found = Some((store_dir, path, derivation));
            }
        }
        let (store_dir, path, derivation) = found.ok_or_else(unnamed)?;
        Ok(Self {
            file: file.to_owned(),
            store_dir,
            path,
            named,
            derivation,
        })
    }

    /// Says whether the file's name is that of its text; a name without a hash is of any text.
    pub(super) fn check(&self) -> Result<(), Misnamed> {
        if self.named.as_ref().is_none_or(|it| *it == self.path) {
            return Ok(());
        }
        Err(Misnamed {
            file: self.file.clone(),
            path: self.path.clone(),
        })
    }
}

/// All bytes of a file, or one more than may be.
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
