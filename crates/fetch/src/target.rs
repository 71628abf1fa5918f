//! Where a download is put: a file, or whatever takes bytes in order.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

/// Takes the bytes of a download in order.
pub trait Target {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// What keeps it from it; the download ends.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Begins anew: what came so far comes again, or other bytes in its place.
    ///
    /// # Errors
    ///
    /// What keeps it from it; the download ends.
    fn restart(&mut self) -> io::Result<()>;
}

impl Target for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.seek(SeekFrom::Start(0)).map(drop)
    }
}

impl Target for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}
