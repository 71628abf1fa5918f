//! Foreign bytes on stdout: as they are for programs, guarded for a terminal.

use std::io::{self, IsTerminal as _, StdoutLock, Write};

use eka::escape;

/// Stdout, for bytes that somebody else has chosen.
pub(crate) enum Stream {
    /// For a program or a file.
    Raw(StdoutLock<'static>),
    /// For a terminal, with the line that was begun.
    Guarded(StdoutLock<'static>, Vec<u8>),
}

/// How long a line may grow before it is shown, in bytes.
const LINE: usize = 64 << 10;

impl Stream {
    /// Opens stdout.
    pub(crate) fn stdout() -> Self {
        let out = io::stdout();
        if out.is_terminal() {
            Self::Guarded(out.lock(), Vec::new())
        } else {
            Self::Raw(out.lock())
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Raw(out) => out.write(bytes),
            Self::Guarded(out, line) => {
                for part in bytes.split_inclusive(|it| *it == b'\n') {
                    line.extend_from_slice(part);
                    if part.ends_with(b"\n") || line.len() >= LINE {
                        show(out, line)?;
                    }
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Raw(out) => out.flush(),
            Self::Guarded(out, line) => {
                show(out, line)?;
                out.flush()
            }
        }
    }
}

fn show(out: &mut StdoutLock<'_>, line: &mut Vec<u8>) -> io::Result<()> {
    out.write_all(escape::lines(&String::from_utf8_lossy(line)).as_bytes())?;
    line.clear();
    Ok(())
}
