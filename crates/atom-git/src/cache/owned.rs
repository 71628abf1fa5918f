//! Folders that are this user's alone.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::{CacheError, failed};

/// Makes a folder if need be, and takes away what others may do in it. A link is none of ours.
///
/// # Errors
///
/// [`CacheError::Io`], [`CacheError::Owner`].
pub fn own(folder: &Path) -> Result<(), CacheError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed(folder))?;
    let found = fs::symlink_metadata(folder).map_err(failed(folder))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(CacheError::Owner {
            path: folder.to_owned(),
        });
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed(folder))?;
    }
    Ok(())
}

/// As [`own`], of the cache's own folder, which may be a link: to a larger disk, say.
///
/// # Errors
///
/// As [`own`].
pub fn own_top(folder: &Path) -> Result<(), CacheError> {
    match fs::canonicalize(folder) {
        Ok(folder) => own(&folder),
        Err(_) => own(folder),
    }
}
