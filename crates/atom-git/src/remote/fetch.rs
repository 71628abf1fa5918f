//! Objects of a remote, by id, in one request.

use std::io::{self, BufReader, Read};

use atom::ObjectId;

use super::capabilities::{Server, Version};
use super::error::Fault;
use super::list::AGENT;
use super::options::TransportOptions;
use super::pkt::{self, Mark, Pkt, PktReader, SideBand, cut_off};
use crate::cache::{Cache, PackLimits};

/// How much history comes with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// The commit alone: right for atoms and specs, which have no parents.
    #[default]
    Tip,
    /// All that the commit reaches.
    History,
    /// All that the commit reaches, and this one does not; where the remote has no such commit,
    /// all.
    Since(ObjectId),
}

/// What is left out, where the server can do so; one that cannot sends everything.
///
/// What such a fetch leaves in a cache is not whole: use a cache of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// Nothing.
    #[default]
    None,
    /// Blobs.
    Blobs,
    /// Blobs and trees: commits alone come.
    Trees,
}

/// What a fetch brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Asked for, and not there: the remote says that it has no such object, or keeps it to itself.
    pub missing: Vec<ObjectId>,
    /// Objects received.
    pub objects: u64,
    /// Bytes of the pack.
    pub pack_bytes: u64,
}

/// The request for these objects.
pub(crate) fn request(
    server: &Server,
    wants: &[ObjectId],
    depth: Depth,
    filter: Filter,
) -> Vec<u8> {
    let mut out = Vec::new();
    let shallow = depth == Depth::Tip && server.fetches_with("shallow");
    let filter = match filter {
        Filter::Blobs if server.fetches_with("filter") => Some("filter blob:none\n"),
        Filter::Trees if server.fetches_with("filter") => Some("filter tree:0\n"),
        _ => None,
    };
    match server.version {
        Version::V2 => {
            pkt::put(&mut out, "command=fetch\n");
            pkt::put(&mut out, AGENT);
            if server.value("object-format").is_some() {
                pkt::put(&mut out, "object-format=sha1");
            }
            out.extend_from_slice(pkt::DELIMITER);
            pkt::put(&mut out, "ofs-delta\n");
            pkt::put(&mut out, "no-progress\n");
        }
        Version::V0 => {}
    }
    let mut features = match server.version {
        Version::V0 => v0_features(server),
        Version::V2 => String::new(),
    };
    for want in wants {
        pkt::put(&mut out, &format!("want {want}{features}\n"));
        features.clear();
    }
    if shallow {
        pkt::put(&mut out, "deepen 1\n");
    }
    if let Some(line) = filter {
        pkt::put(&mut out, line);
    }
    if server.version == Version::V0 {
        out.extend_from_slice(pkt::FLUSH);
    }
    if let Depth::Since(id) = depth {
        pkt::put(&mut out, &format!("have {id}\n"));
    }
    pkt::put(&mut out, "done\n");
    if server.version == Version::V2 {
        out.extend_from_slice(pkt::FLUSH);
    }
    out
}

/// What of a v0 server's features is used; they stand behind the first want.
fn v0_features(server: &Server) -> String {
    let mut features: String = [
        "side-band-64k",
        "ofs-delta",
        "no-progress",
        "shallow",
        "filter",
    ]
    .iter()
    .filter(|feature| server.value(feature).is_some())
    .map(|feature| format!(" {feature}"))
    .collect();
    if server.value("agent").is_some() {
        features.push(' ');
        features.push_str(AGENT);
    }
    features
}

/// Reads the answer and keeps its pack.
pub(crate) fn read(
    stream: &mut dyn Read,
    server: &Server,
    options: &TransportOptions,
    into: &Cache,
) -> Result<Fetched, Fault> {
    let mut lines = PktReader::new(stream);
    match server.version {
        Version::V2 => skip_to_pack_v2(&mut lines)?,
        Version::V0 => skip_to_pack_v0(&mut lines)?,
    }
    let limits = &options.limits;
    let mut pack = Limited {
        inner: SideBand::new(&mut lines),
        taken: 0,
        limit: limits.pack_bytes,
        fault: None,
    };
    let mut head = [0; 12];
    pack.read_exact(&mut head).map_err(Fault::from)?;
    if !head.starts_with(b"PACK") {
        return Err(Fault::protocol("what it sends is no pack"));
    }
    let objects = u64::from(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
    if objects > limits.pack_objects {
        return Err(Fault::Limit {
            name: "limits.pack-objects",
            limit: limits.pack_objects,
        });
    }
    if objects == 0 {
        io::copy(&mut pack, &mut io::sink()).map_err(Fault::from)?;
        return Ok(Fetched::default());
    }
    let kept = into.keep_pack(
        &mut BufReader::with_capacity(64 << 10, head.chain(&mut pack)),
        PackLimits {
            objects,
            object_bytes: limits.object_bytes,
        },
        &options.interrupt,
    );
    // What broke the stream says more than that the pack is broken.
    if let Some(fault) = pack.fault.take() {
        return Err(fault);
    }
    kept?;
    // The message ends after the pack.
    io::copy(&mut pack, &mut io::sink()).map_err(Fault::from)?;
    Ok(Fetched {
        missing: Vec::new(),
        objects,
        pack_bytes: pack.taken,
    })
}

/// Passes by the sections before the pack.
fn skip_to_pack_v2<R: Read>(lines: &mut PktReader<R>) -> Result<(), Fault> {
    loop {
        match lines.next()? {
            Pkt::Data(line) if pkt::text(line) == b"packfile" => return Ok(()),
            Pkt::Data(_) | Pkt::Mark(Mark::Delimiter) => {}
            Pkt::Mark(_) => return Err(Fault::protocol("an answer without a pack")),
            Pkt::End => return Err(cut_off()),
        }
    }
}

/// Passes by what is shallow, to the `NAK` or `ACK` that comes before the pack.
fn skip_to_pack_v0<R: Read>(lines: &mut PktReader<R>) -> Result<(), Fault> {
    loop {
        match lines.next()? {
            Pkt::Data(line) if pkt::text(line) == b"NAK" || line.starts_with(b"ACK ") => {
                return Ok(());
            }
            Pkt::Data(line) if line.starts_with(b"shallow ") || line.starts_with(b"unshallow ") => {
            }
            Pkt::Mark(Mark::Flush) => {}
            Pkt::Data(_) | Pkt::Mark(_) => return Err(Fault::protocol("an answer without a pack")),
            Pkt::End => return Err(cut_off()),
        }
    }
}

/// The object that a server says it does not have, from the words of its refusal.
pub(crate) fn not_there(text: &str, wants: &[ObjectId]) -> Option<ObjectId> {
    let says = ["not our ref", "unadvertised object", "bad object", "want "]
        .iter()
        .any(|words| text.contains(words));
    if !says {
        return None;
    }
    text.split(|char: char| !char.is_ascii_hexdigit())
        .filter_map(|word| word.parse::<ObjectId>().ok())
        .find(|id| wants.contains(id))
}

/// Reads no more than a limit, and remembers why it failed.
struct Limited<R> {
    inner: R,
    taken: u64,
    limit: u64,
    fault: Option<Fault>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let fault = match self.inner.read(buf) {
            Ok(n) => {
                self.taken += n as u64;
                if self.taken <= self.limit {
                    return Ok(n);
                }
                Fault::Limit {
                    name: "limits.pack-bytes",
                    limit: self.limit,
                }
            }
            Err(error) => Fault::from(error),
        };
        let error = io::Error::other(fault.to_string());
        self.fault = Some(fault);
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_object_is_read_from_the_refusal() {
        let id: ObjectId = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
        let other: ObjectId = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap();
        for (text, expected) in [
            (format!("upload-pack: not our ref {id}"), Some(id)),
            (format!("want {id} not valid"), Some(id)),
            (
                format!("Server does not allow request for unadvertised object {id}"),
                Some(id),
            ),
            (format!("upload-pack: not our ref {other}"), None),
            (format!("access denied to {id}"), None),
        ] {
            assert_eq!(not_there(&text, &[id]), expected, "{text}");
        }
    }
}
