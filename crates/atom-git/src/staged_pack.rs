//! Many staged objects as one pack: a file each costs more than the push itself.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use gix::odb::pack::{self, Bundle};

use crate::objects::ObjectKind;
use crate::whole_pack::WholePack;

/// Objects above which an index is made by all cores.
const MANY: usize = 2000;

/// Writes a pack and its index into a folder of packs.
pub(crate) fn write<'a>(
    folder: &Path,
    objects: impl ExactSizeIterator<Item = (ObjectKind, &'a [u8])>,
) -> Result<(), gix::Error> {
    let n = objects.len();
    let pack = print(objects).map_err(gix::Error::from_error)?;
    Bundle::write_to_directory(
        &mut pack.as_slice(),
        Some(folder),
        &mut gix::progress::Discard,
        &AtomicBool::new(false),
        None::<gix::odb::Handle>,
        gix::hash::Kind::Sha1,
        pack::bundle::write::Options {
            thread_limit: (n < MANY).then_some(1),
            ..Default::default()
        },
    )
    .map(drop)
}

fn print<'a>(
    objects: impl ExactSizeIterator<Item = (ObjectKind, &'a [u8])>,
) -> io::Result<Vec<u8>> {
    let mut pack = WholePack::begin(Vec::new(), objects.len())?;
    for (kind, bytes) in objects {
        pack.object(kind, bytes)?;
    }
    pack.finish()
}
