//! The NAR hash of a folder on disk: whether it is still what was written there.

use std::io;
use std::path::Path;

use atom::NarHash;
use nix_format::Sha256Hasher;
use nix_format::nar::Writer;

use crate::nar::{Fault, write};

/// The hash of a folder's NAR. Links are not followed; a socket or a device is an error.
pub(crate) fn nar_of(folder: &Path) -> io::Result<NarHash> {
    let mut writer = Writer::new(Sha256Hasher::new());
    let written = write(folder, &mut writer, |_| Ok::<_, Fault>(()));
    written.map_err(|fault| match fault {
        Fault::Read { source, .. } | Fault::Write { source } => source,
        Fault::Kind { .. } => io::Error::other("neither a file, a folder nor a link"),
        Fault::Changed { .. } => io::ErrorKind::UnexpectedEof.into(),
    })?;
    Ok(NarHash(writer.finish()?.finish().0))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

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
