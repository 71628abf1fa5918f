//! A cache in a folder: files that are whole or not there, and never replaced.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

/// What every cache has.
const MARK: &str = "nix-cache-info";

/// Opens a file of a cache; nothing where the cache is there and the file is not.
///
/// A cache whose disk is not mounted has nothing at all, and says nothing.
pub(super) fn open(root: &Path, name: &str) -> io::Result<Option<File>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(root.join(name));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && name != MARK => {
            fs::metadata(root.join(MARK))?;
            return Ok(None);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::metadata(root)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    Ok(Some(file))
}

/// Reads a small file; at most `limit` bytes and one.
pub(super) fn get(root: &Path, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(root, name)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes a file of a name to come, in the folder of that name.
pub(super) fn begin(root: &Path, folder: &str) -> io::Result<NamedTempFile> {
    let folder = root.join(folder);
    fs::create_dir_all(&folder)?;
    // As other files of a cache: for whom the umask lets read it.
    let mut builder = tempfile::Builder::new();
    let builder = builder.permissions(Permissions::from_mode(0o666));
    builder.prefix(".eka-").suffix(".part").tempfile_in(folder)
}

/// Gives a file its name, unless there is one of that name; says whether it did.
///
/// What it holds survives a loss of power before its name is there.
fn commit(file: NamedTempFile, root: &Path, name: &str) -> io::Result<bool> {
    file.as_file().sync_all()?;
    match file.persist_noclobber(root.join(name)) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Gives a file the name of its content; one of that name and another size is damaged.
pub(super) fn keep(file: NamedTempFile, root: &Path, name: &str) -> io::Result<()> {
    let place = root.join(name);
    let len = file.as_file().metadata()?.len();
    match fs::symlink_metadata(&place) {
        Ok(there) if there.is_file() && there.len() == len => return Ok(()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.as_file().sync_all()?;
    file.persist(place).map(drop).map_err(|it| it.error)
}

/// Writes a small file, unless there is one of that name; says whether it did.
pub(super) fn create(root: &Path, name: &str, bytes: &[u8]) -> io::Result<bool> {
    let folder = name.rsplit_once('/').map_or("", |it| it.0);
    let mut file = begin(root, folder)?;
    file.write_all(bytes)?;
    commit(file, root, name)
}
