//! The hash modulo of a derivation, its inputs read from a folder.

use std::io;
use std::path::{Path, PathBuf};

use nix_format::Sha256;
use nix_format::derivation::{Derivation, Kind, Modulos};
use nix_format::{StoreDir, StorePath};

use super::error::DrvError;
use super::file::DrvFile;
use crate::context::Context;
use crate::error::Error;

/// Which derivation to hash.
#[derive(Debug, Clone)]
pub struct InhashRequest {
    /// The file, relative to the folder one works in.
    pub file: PathBuf,
    /// The folder that has the input derivations; that of the file where none is given.
    pub store_dir: Option<PathBuf>,
}

/// The inhash of a derivation.
#[derive(Debug, Clone)]
pub struct Inhash {
    /// The store that it is of.
    pub store_dir: StoreDir,
    /// Where it lies there.
    pub path: StorePath,
    /// What it says.
    pub derivation: Derivation,
    /// What all its outputs are.
    pub kind: Kind,
    /// The hash.
    pub hash: Sha256,
}

impl Inhash {
    /// Returns the hash as Nix writes it into realisations: `sha256:` and 64 digits.
    #[must_use]
    pub fn text(&self) -> String {
        format!("sha256:{}", self.hash.base16())
    }
}

/// Computes the inhash of a derivation: Nix's hash modulo, in which a fixed output stands for all
/// that makes it.
///
/// # Errors
///
/// [`DrvError`] where the file or an input derivation is missing, or not what its name says.
pub fn inhash(ctx: &Context<'_>, request: &InhashRequest) -> Result<Inhash, Error> {
    let file = DrvFile::read(&ctx.dir, &request.file)?;
    file.check().map_err(DrvError::from)?;
    let beside = || match request.file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let folder = request.store_dir.clone().unwrap_or_else(beside);
    let task = ctx.task("reading input derivations", None);
    let mut modulos = Modulos::new(file.store_dir.clone());
    let modulo = modulos.inhash(&file.derivation, |path| -> Result<_, Error> {
        ctx.check_interrupt()?;
        task.advance(1);
        Ok(input(ctx, &folder, path)?)
    })?;
    Ok(Inhash {
        kind: file
            .derivation
            .kind()
            .map_err(nix_format::derivation::ModuloError::from)?,
        store_dir: file.store_dir,
        path: file.path,
        derivation: file.derivation,
        hash: modulo.hash,
    })
}

/// Reads an input derivation, which must be what its name says.
fn input(ctx: &Context<'_>, folder: &Path, path: &StorePath) -> Result<Derivation, DrvError> {
    let place = folder.join(path.to_string());
    match DrvFile::read(&ctx.dir, &place) {
        Ok(file) => {
            file.check()?;
            Ok(file.derivation)
        }
        Err(DrvError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Err(DrvError::Input {
                path: path.clone(),
                folder: folder.to_owned(),
            })
        }
        Err(error) => Err(error),
    }
}
