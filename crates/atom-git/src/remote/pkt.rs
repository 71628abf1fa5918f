//! Git's packet lines: read one by one, never collected.

use std::io::{self, Read};

use super::error::Fault;

/// The longest line: four digits of length, then at most this much.
const MAX_DATA: usize = 65516;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pkt<'a> {
    /// A line, as sent.
    Data(&'a [u8]),
    /// `0000`, `0001` or `0002`.
    Mark(Mark),
    /// The stream ended between two packets.
    End,
}

/// A packet without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of a response.
    ResponseEnd,
}

/// Reads packets off a stream.
pub(crate) struct PktReader<R> {
    inner: R,
    buf: Vec<u8>,
}

impl<R: Read> PktReader<R> {
    /// Reads from `inner`, which should be buffered.
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            buf: Vec::new(),
        }
    }

    /// The next packet.
    ///
    /// An `ERR` line is [`Fault::Refused`] with its text.
    pub(crate) fn next(&mut self) -> Result<Pkt<'_>, Fault> {
        let mut head = [0; 4];
        match read_full(&mut self.inner, &mut head)? {
            0 => return Ok(Pkt::End),
            4 => {}
            _ => return Err(cut_off()),
        }
        let length = std::str::from_utf8(&head)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|text| usize::from_str_radix(text, 16).ok())
            .ok_or_else(|| Fault::protocol("a packet does not begin with its length"))?;
        let length = match length {
            0 => return Ok(Pkt::Mark(Mark::Flush)),
            1 => return Ok(Pkt::Mark(Mark::Delimiter)),
            2 => return Ok(Pkt::Mark(Mark::ResponseEnd)),
            3 => return Err(Fault::protocol("a packet of length 3")),
            length => length - 4,
        };
        if length > MAX_DATA {
            return Err(Fault::protocol("a packet is too long"));
        }
        self.buf.resize(length, 0);
        if read_full(&mut self.inner, &mut self.buf)? != length {
            return Err(cut_off());
        }
        if let Some(text) = self.buf.strip_prefix(b"ERR ") {
            return Err(Fault::Refused {
                text: String::from_utf8_lossy(text).trim_end().to_owned(),
            });
        }
        Ok(Pkt::Data(&self.buf))
    }
}

/// A line without its line feed.
pub(crate) fn text(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Appends a line as a packet.
pub(crate) fn put(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(format!("{:04x}{line}", line.len() + 4).as_bytes());
}

/// The packet that ends a message.
pub(crate) const FLUSH: &[u8; 4] = b"0000";

/// The packet that ends a section.
pub(crate) const DELIMITER: &[u8; 4] = b"0001";

/// The stream ended too early.
pub(crate) fn cut_off() -> Fault {
    Fault::Unreachable {
        what: "the answer was cut off".to_owned(),
    }
}

/// Reads until `buf` is full or the stream ends; how much was read.
fn read_full(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buf.len() {
        match reader.read(&mut buf[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

/// A pack, taken out of the side-band that it comes in.
pub(crate) struct SideBand<'a, R> {
    lines: &'a mut PktReader<R>,
    rest: Vec<u8>,
    at: usize,
    over: bool,
}

impl<'a, R: Read> SideBand<'a, R> {
    /// Reads the pack that `lines` is about to give.
    pub(crate) fn new(lines: &'a mut PktReader<R>) -> Self {
        Self {
            lines,
            rest: Vec::new(),
            at: 0,
            over: false,
        }
    }

    /// Fills `rest` with the next piece; `false` at the end.
    fn advance(&mut self) -> Result<bool, Fault> {
        loop {
            match self.lines.next()? {
                Pkt::Data([1, data @ ..]) if !data.is_empty() => {
                    self.rest.clear();
                    self.rest.extend_from_slice(data);
                    self.at = 0;
                    return Ok(true);
                }
                Pkt::Data([3, text @ ..]) => {
                    return Err(Fault::Refused {
                        text: String::from_utf8_lossy(text).trim_end().to_owned(),
                    });
                }
                Pkt::Data([1 | 2, ..]) => {}
                Pkt::Data(_) => return Err(Fault::protocol("a packet of no side-band")),
                Pkt::Mark(_) => return Ok(false),
                Pkt::End => return Err(cut_off()),
            }
        }
    }
}

impl<R: Read> Read for SideBand<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.over || buf.is_empty() {
            return Ok(0);
        }
        if self.at == self.rest.len() && !self.advance()? {
            self.over = true;
            return Ok(0);
        }
        let n = buf.len().min(self.rest.len() - self.at);
        buf[..n].copy_from_slice(&self.rest[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let mut reader = PktReader::new(bytes);
        let mut seen = Vec::new();
        loop {
            match reader.next()? {
                Pkt::Data(data) => seen.push(String::from_utf8_lossy(data).into_owned()),
                Pkt::Mark(mark) => seen.push(format!("{mark:?}")),
                Pkt::End => return Ok(seen),
            }
        }
    }

    #[test]
    fn reads_lines_and_marks() {
        let mut bytes = Vec::new();
        put(&mut bytes, "version 2\n");
        bytes.extend_from_slice(DELIMITER);
        put(&mut bytes, "");
        bytes.extend_from_slice(FLUSH);
        assert_eq!(
            all(&bytes).unwrap(),
            ["version 2\n", "Delimiter", "", "Flush"]
        );
    }

    #[test]
    fn refuses_what_is_no_packet() {
        for bytes in [&b"00"[..], b"zzzz", b"+005a", b"0003", b"000aab", b"ffff"] {
            assert!(all(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn an_error_line_is_the_servers_refusal() {
        let mut bytes = Vec::new();
        put(&mut bytes, "ERR upload-pack: not our ref 12\n");
        assert!(
            matches!(all(&bytes), Err(Fault::Refused { text }) if text == "upload-pack: not our ref 12")
        );
    }

    #[test]
    fn a_pack_comes_out_of_its_side_band() {
        let mut bytes = Vec::new();
        put(&mut bytes, "\u{1}PA");
        put(&mut bytes, "\u{2}counting");
        put(&mut bytes, "\u{1}CK");
        bytes.extend_from_slice(FLUSH);
        let mut pack = Vec::new();
        SideBand::new(&mut PktReader::new(&bytes[..]))
            .read_to_end(&mut pack)
            .unwrap();
        assert_eq!(pack, b"PACK");
    }
}
