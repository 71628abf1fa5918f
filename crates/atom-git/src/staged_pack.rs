//! Many staged objects as one pack: a file each costs more than the push itself.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{self, Bundle};
use gix::zlib::stream::deflate;

use crate::objects::ObjectKind;

/// Objects above which an index is made by all cores.
const MANY: usize = 2000;

/// Writes a pack and its index into a folder of packs, no object a delta of another
/// (gitformat-pack(5)).
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
    let n = u32::try_from(objects.len()).map_err(io::Error::other)?;
    let mut pack = gix::hash::io::Write::new(Vec::new(), gix::hash::Kind::Sha1);
    pack.write_all(b"PACK\0\0\0\x02")?;
    pack.write_all(&n.to_be_bytes())?;
    for (kind, bytes) in objects {
        let head = match kind {
            ObjectKind::Commit => Header::Commit,
            ObjectKind::Tree => Header::Tree,
            ObjectKind::Blob => Header::Blob,
            ObjectKind::Tag => Header::Tag,
        };
        head.write_to(bytes.len() as u64, &mut pack)?;
        let mut deflated = deflate::Write::new(&mut pack, gix::zlib::Compression::BEST_SPEED);
        deflated.write_all(bytes)?;
        deflated.flush()?;
    }
    let gix::hash::io::Write { mut inner, hash } = pack;
    let trailer = hash
        .try_finalize()
        .map_err(|error| io::Error::other(error.to_string()))?;
    inner.extend_from_slice(trailer.as_slice());
    Ok(inner)
}
