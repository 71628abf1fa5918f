//! What a server says first: its protocol version and what it can do.

use std::io::Read;

use super::error::Fault;
use super::pkt::{self, Mark, Pkt, PktReader, cut_off};

/// What of capabilities is read, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// The protocol that the server chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// All refs at once, then one fetch; versions 0 and 1.
    V0,
    /// Commands.
    V2,
}

/// What a server is and can do.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) version: Version,
    capabilities: Vec<(String, Option<String>)>,
}

impl Server {
    /// The value of a capability; `Some("")` if it stands without one.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.capabilities
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// Whether a fetch may ask for `feature`.
    pub(crate) fn fetches_with(&self, feature: &str) -> bool {
        match self.version {
            Version::V0 => self.value(feature).is_some(),
            Version::V2 => self
                .value("fetch")
                .is_some_and(|features| features.split(' ').any(|word| word == feature)),
        }
    }
}

/// Reads the advertisement. Refs of a v0 server go to `on_ref`, line by line.
pub(crate) fn read(
    stream: &mut dyn Read,
    mut on_ref: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<Server, Fault> {
    let mut lines = PktReader::new(stream);
    let mut first = first_line(&mut lines)?;
    if first.starts_with(b"# service=") {
        let mut bytes = 0;
        while let Pkt::Data(line) = lines.next()? {
            bytes += line.len() + 4;
            if bytes > MAX_BYTES {
                return Err(never_ends());
            }
        }
        first = first_line(&mut lines)?;
    }
    let server = match pkt::text(&first) {
        b"version 2" => return check(version_2(&mut lines)?),
        b"version 1" => {
            first = first_line(&mut lines)?;
            version_0(&first)
        }
        line if line.starts_with(b"version ") => {
            return Err(Fault::protocol(String::from_utf8_lossy(line)));
        }
        _ => version_0(&first),
    };
    let server = check(server)?;
    if !first.is_empty() {
        let line = first.split(|byte| *byte == 0).next().unwrap_or_default();
        on_ref(pkt::text(line))?;
        loop {
            match lines.next()? {
                Pkt::Data(line) => on_ref(pkt::text(line))?,
                Pkt::Mark(_) => break,
                Pkt::End => return Err(cut_off()),
            }
        }
    }
    Ok(server)
}

/// The first line of a message; empty where there is none but its end.
fn first_line(lines: &mut PktReader<&mut dyn Read>) -> Result<Vec<u8>, Fault> {
    match lines.next()? {
        Pkt::Data(line) => Ok(line.to_vec()),
        Pkt::Mark(Mark::Flush) => Ok(Vec::new()),
        Pkt::Mark(_) => Err(Fault::protocol("it begins with no line")),
        Pkt::End => Err(cut_off()),
    }
}

fn never_ends() -> Fault {
    Fault::protocol("its capabilities never end")
}

fn version_2(lines: &mut PktReader<&mut dyn Read>) -> Result<Server, Fault> {
    let mut capabilities = Vec::new();
    let mut bytes = 0;
    loop {
        match lines.next()? {
            Pkt::Data(line) => {
                // With its length before it: an empty line takes memory too.
                bytes += line.len() + 4;
                if bytes > MAX_BYTES {
                    return Err(never_ends());
                }
                capabilities.push(pair(pkt::text(line)));
            }
            Pkt::Mark(_) => break,
            Pkt::End => return Err(cut_off()),
        }
    }
    Ok(Server {
        version: Version::V2,
        capabilities,
    })
}

/// From the first line of refs: `<id> <name> NUL <capabilities>`.
fn version_0(line: &[u8]) -> Server {
    let text = line.split(|byte| *byte == 0).nth(1).unwrap_or_default();
    Server {
        version: Version::V0,
        capabilities: pkt::text(text)
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty())
            .map(pair)
            .collect(),
    }
}

fn pair(word: &[u8]) -> (String, Option<String>) {
    let text = String::from_utf8_lossy(word);
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.into_owned(), None),
    }
}

/// Refuses what is not read here.
fn check(server: Server) -> Result<Server, Fault> {
    match server.value("object-format") {
        None | Some("sha1") => Ok(server),
        Some(format) => Err(Fault::ObjectFormat {
            format: format.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str]) -> Result<(Server, Vec<String>), Fault> {
        let mut bytes = Vec::new();
        for line in lines {
            match *line {
                "0000" => bytes.extend_from_slice(pkt::FLUSH),
                line => pkt::put(&mut bytes, line),
            }
        }
        let mut refs = Vec::new();
        let server = read(&mut &bytes[..], |line| {
            refs.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        })?;
        Ok((server, refs))
    }

    #[test]
    fn all_three_versions() {
        let (server, refs) = check(&[
            "# service=git-upload-pack\n",
            "0000",
            "version 2\n",
            "agent=git/2\n",
            "fetch=shallow filter\n",
            "0000",
        ])
        .unwrap();
        assert_eq!(server.version, Version::V2);
        assert!(server.fetches_with("filter") && !server.fetches_with("filt"));
        assert!(refs.is_empty());
        for before in [vec![], vec!["version 1\n"]] {
            let lines = [
                before,
                vec![
                    "12 HEAD\0 shallow agent=x\n",
                    "34 refs/heads/main\n",
                    "0000",
                ],
            ];
            let (server, refs) = check(&lines.concat()).unwrap();
            assert_eq!(server.version, Version::V0);
            assert!(server.fetches_with("shallow"));
            assert_eq!(refs, ["12 HEAD", "34 refs/heads/main"]);
        }
    }

    #[test]
    fn what_is_not_read_here_is_refused() {
        let sha256 = check(&["version 2\n", "object-format=sha256\n", "0000"]);
        assert!(
            matches!(sha256, Err(Fault::ObjectFormat { .. })),
            "{sha256:?}"
        );
        for lines in [
            &["version 3\n", "0000"][..],
            &["version 2\n"],
            &["12 HEAD\0\n"],
        ] {
            assert!(check(lines).is_err(), "{lines:?}");
        }
        let endless = vec!["x".repeat(60_000); 3];
        let mut lines = vec!["version 2\n"];
        lines.extend(endless.iter().map(String::as_str));
        assert!(check(&lines).is_err());
        for first in ["version 2\n", "# service=git-upload-pack\n"] {
            let mut lines = vec![""; 20_000];
            lines.insert(0, first);
            let endless = check(&lines);
            assert!(
                matches!(endless, Err(Fault::Protocol { .. })),
                "{endless:?}"
            );
        }
    }

    #[test]
    fn an_empty_repository_has_no_refs() {
        let (server, refs) = check(&["# service=git-upload-pack\n", "0000", "0000"]).unwrap();
        assert_eq!(server.version, Version::V0);
        assert!(refs.is_empty());
    }
}
