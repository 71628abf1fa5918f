//! A pack of whole objects, none a delta of another (gitformat-pack(5)).

use std::io::{self, Write};

use gix::odb::pack::data::entry::Header;
use gix::zlib::stream::deflate;

use crate::objects::ObjectKind;

/// A pack that is being written.
pub(crate) struct WholePack<W>(gix::hash::io::Write<W>);

impl<W: Write> WholePack<W> {
    /// Begins a pack of so many objects.
    pub(crate) fn begin(out: W, n_objects: usize) -> io::Result<Self> {
        let n = u32::try_from(n_objects).map_err(io::Error::other)?;
        let mut pack = gix::hash::io::Write::new(out, gix::hash::Kind::Sha1);
        pack.write_all(b"PACK\0\0\0\x02")?;
        pack.write_all(&n.to_be_bytes())?;
        Ok(Self(pack))
    }

    /// Writes an object.
    pub(crate) fn object(&mut self, kind: ObjectKind, bytes: &[u8]) -> io::Result<()> {
        let head = match kind {
            ObjectKind::Commit => Header::Commit,
            ObjectKind::Tree => Header::Tree,
            ObjectKind::Blob => Header::Blob,
            ObjectKind::Tag => Header::Tag,
        };
        head.write_to(bytes.len() as u64, &mut self.0)?;
        let mut deflated = deflate::Write::new(&mut self.0, gix::zlib::Compression::BEST_SPEED);
        deflated.write_all(bytes)?;
        deflated.flush()
    }

    /// Writes the trailer.
    pub(crate) fn finish(self) -> io::Result<W> {
        let gix::hash::io::Write { mut inner, hash } = self.0;
        let trailer = hash
            .try_finalize()
            .map_err(|error| io::Error::other(error.to_string()))?;
        inner.write_all(trailer.as_slice())?;
        inner.flush()?;
        Ok(inner)
    }
}
