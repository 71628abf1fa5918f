//! The NAR hash of a folder on disk: whether it is still what was written there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use atom::NarHash;
use nix_format::Sha256Hasher;
use nix_format::nar::{FileKind, Writer};

/// How many bytes of a file are read at once.
const CHUNK_BYTES: usize = 128 << 10;

/// The hash of a folder's NAR. Links are not followed; a socket or a device is an error.
pub(crate) fn nar_of(folder: &Path) -> io::Result<NarHash> {
    let mut writer = Writer::new(Sha256Hasher::new());
    let mut buffer = vec![0; CHUNK_BYTES];
    // What is still to be said, the last first; a path goes with its name, the top without.
    let mut todo = vec![Step::Enter(None, folder.to_owned())];
    while let Some(step) = todo.pop() {
        let (name, path) = match step {
            Step::Leave => {
                writer.end_directory()?;
                continue;
            }
            Step::Enter(name, path) => (name, path),
        };
        if let Some(name) = name {
            writer.entry(name.as_bytes())?;
        }
        let found = fs::symlink_metadata(&path)?;
        if found.is_dir() {
            writer.directory()?;
            todo.push(Step::Leave);
            todo.extend(entries(&path)?);
        } else if found.is_symlink() {
            writer.symlink(fs::read_link(&path)?.as_os_str().as_bytes())?;
        } else if found.is_file() {
            file(&mut writer, &path, &mut buffer)?;
        } else {
            return Err(io::Error::other("neither a file, a folder nor a link"));
        }
    }
    Ok(NarHash(writer.finish()?.finish().0))
}

enum Step {
    Enter(Option<OsString>, PathBuf),
    Leave,
}

/// The entries of a folder, the least name last.
fn entries(folder: &Path) -> io::Result<Vec<Step>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    let steps = names.into_iter().map(|name| {
        let path = folder.join(&name);
        Step::Enter(Some(name), path)
    });
    Ok(steps.collect())
}

fn file(writer: &mut Writer<Sha256Hasher>, path: &Path, buffer: &mut [u8]) -> io::Result<()> {
    // Between the look and the opening a link may have come in its place.
    let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let mut file = File::options().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    let kind = match found.permissions().mode() & 0o100 {
        0 => FileKind::Regular,
        _ => FileKind::Executable,
    };
    writer.file(kind, found.len())?;
    loop {
        match file.read(buffer)? {
            0 => return Ok(()),
            n => writer.contents(&buffer[..n])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_modes_and_links_count() {
        let world = tempfile::tempdir().unwrap();
        let at = |it: &str| world.path().join(it);
        fs::create_dir(at("b")).unwrap();
        fs::write(at("b/x"), "1").unwrap();
        fs::write(at("b.d"), "").unwrap();
        std::os::unix::fs::symlink("b.d", at("l")).unwrap();
        let first = nar_of(world.path()).unwrap();
        assert_eq!(nar_of(world.path()).unwrap(), first);
        fs::set_permissions(at("b/x"), fs::Permissions::from_mode(0o755)).unwrap();
        let second = nar_of(world.path()).unwrap();
        assert_ne!(first, second);
        fs::remove_file(at("l")).unwrap();
        fs::write(at("l"), "b.d").unwrap();
        assert_ne!(nar_of(world.path()).unwrap(), second);
    }
}
