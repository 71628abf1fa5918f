//! Refs of a remote, by prefix.

use std::io::Read;

use atom::ObjectId;

use super::capabilities::{Server, Version};
use super::error::Fault;
use super::options::Limits;
use super::pkt::{self, Pkt, PktReader, cut_off};

/// How we name ourselves to git servers.
pub(crate) const AGENT: &str = concat!("agent=eka/", env!("CARGO_PKG_VERSION"));

/// A name longer than this many bytes counts as several refs, so that the limit on refs is one on
/// memory too.
const NAME_UNIT: usize = 96;

/// One ref of a remote. Its name is foreign bytes: parse it or drop it, never use it as a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RemoteRef {
    /// The full name, as sent.
    pub name: Vec<u8>,
    /// What the ref itself holds: of an annotated tag the tag, never what it points to.
    pub id: ObjectId,
    /// Whether it is what it seems.
    pub kind: RefKind,
}

/// What a server tells of a ref beyond its id.
///
/// A server need not tell: whoever reads the object still checks that it is of the right kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefKind {
    /// Nothing more.
    Direct,
    /// It is a symbolic ref.
    Symbolic,
    /// It holds an annotated tag, which leads to this object.
    Tag(ObjectId),
}

/// Refs of a remote, sorted by name, and only those that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The refs.
    pub refs: Vec<RemoteRef>,
    /// Names that were dropped because they were longer than
    /// [`Limits::name_bytes`](super::Limits::name_bytes).
    pub dropped: u64,
}

impl Listing {
    /// The ref of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RemoteRef> {
        self.refs
            .binary_search_by(|at| at.name.as_slice().cmp(name.as_bytes()))
            .ok()
            .map(|at| &self.refs[at])
    }

    /// Sorts, so that the order of a server's answer does not matter; of two refs of one name, which
    /// no honest server sends, the least stays.
    fn finish(mut self) -> Self {
        self.refs.sort_unstable();
        self.refs.dedup_by(|a, b| a.name == b.name);
        self
    }
}

/// Takes refs one by one, within limits, and keeps those asked for.
pub(crate) struct Collector<'a> {
    prefixes: &'a [String],
    limits: &'a Limits,
    bytes: u64,
    /// Names kept, a long one counted as several.
    kept: u64,
    listing: Listing,
}

impl<'a> Collector<'a> {
    /// Keeps refs whose name begins with one of `prefixes`.
    pub(crate) fn new(prefixes: &'a [String], limits: &'a Limits) -> Self {
        Self {
            prefixes,
            limits,
            bytes: 0,
            kept: 0,
            listing: Listing::default(),
        }
    }

    /// One line of protocol v2: `<id> <name>[ symref-target:<name>][ peeled:<id>]`.
    pub(crate) fn line_v2(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.count(line)?;
        let mut words = line.split(|byte| *byte == b' ');
        let (id, name) = (words.next().unwrap_or_default(), words.next());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(malformed(line));
        };
        if id == b"unborn" || !self.wanted(name) {
            return Ok(());
        }
        let mut kind = RefKind::Direct;
        for word in words {
            if word.starts_with(b"symref-target:") {
                kind = RefKind::Symbolic;
            } else if let Some(peeled) = word.strip_prefix(b"peeled:")
                && kind == RefKind::Direct
            {
                kind = RefKind::Tag(object_id(peeled, line)?);
            }
        }
        let id = object_id(id, line)?;
        self.keep(name, id, kind)
    }

    /// One line of protocol v0: `<id> <name>`, after which `<id> <name>^{}` gives what a tag leads to.
    pub(crate) fn line_v0(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.count(line)?;
        if line.is_empty() || line.starts_with(b"shallow ") {
            return Ok(());
        }
        let Some(space) = line.iter().position(|byte| *byte == b' ') else {
            return Err(malformed(line));
        };
        let (id, name) = (&line[..space], &line[space + 1..]);
        if name == b"capabilities^{}" {
            return Ok(());
        }
        if let Some(name) = name.strip_suffix(b"^{}") {
            if let Some(last) = self.listing.refs.last_mut()
                && last.name == name
            {
                last.kind = RefKind::Tag(object_id(id, line)?);
            }
            return Ok(());
        }
        if !self.wanted(name) {
            return Ok(());
        }
        let id = object_id(id, line)?;
        self.keep(name, id, RefKind::Direct)
    }

    /// What was kept, sorted.
    pub(crate) fn finish(self) -> Listing {
        self.listing.finish()
    }

    fn count(&mut self, line: &[u8]) -> Result<(), Fault> {
        // With its length before it: an empty line is not free.
        self.bytes += line.len() as u64 + 4;
        if self.bytes > self.limits.listing_bytes {
            return Err(Fault::Limit {
                name: "limits.listing-bytes",
                limit: self.limits.listing_bytes,
            });
        }
        Ok(())
    }

    fn wanted(&mut self, name: &[u8]) -> bool {
        let asked = self
            .prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_bytes()));
        if asked && name.len() > self.limits.name_bytes {
            self.listing.dropped += 1;
            return false;
        }
        asked
    }

    fn keep(&mut self, name: &[u8], id: ObjectId, kind: RefKind) -> Result<(), Fault> {
        self.kept += (name.len().div_ceil(NAME_UNIT)).max(1) as u64;
        if self.kept > self.limits.refs {
            return Err(Fault::Limit {
                name: "limits.refs",
                limit: self.limits.refs,
            });
        }
        self.listing.refs.push(RemoteRef {
            name: name.to_vec(),
            id,
            kind,
        });
        Ok(())
    }
}

/// The `ls-refs` command for these prefixes.
pub(crate) fn request(server: &Server, prefixes: &[String]) -> Vec<u8> {
    debug_assert_eq!(server.version, Version::V2, "only v2 has commands");
    let mut out = Vec::new();
    pkt::put(&mut out, "command=ls-refs\n");
    pkt::put(&mut out, AGENT);
    if server.value("object-format").is_some() {
        pkt::put(&mut out, "object-format=sha1");
    }
    out.extend_from_slice(pkt::DELIMITER);
    pkt::put(&mut out, "peel\n");
    pkt::put(&mut out, "symrefs\n");
    for prefix in prefixes {
        pkt::put(&mut out, &format!("ref-prefix {prefix}\n"));
    }
    out.extend_from_slice(pkt::FLUSH);
    out
}

/// Reads the answer to [`request`].
pub(crate) fn read(stream: &mut dyn Read, mut refs: Collector<'_>) -> Result<Listing, Fault> {
    let mut lines = PktReader::new(stream);
    loop {
        match lines.next()? {
            Pkt::Data(line) => refs.line_v2(pkt::text(line))?,
            Pkt::Mark(_) => return Ok(refs.finish()),
            Pkt::End => return Err(cut_off()),
        }
    }
}

fn object_id(hex: &[u8], line: &[u8]) -> Result<ObjectId, Fault> {
    std::str::from_utf8(hex)
        .ok()
        .and_then(|hex| hex.parse().ok())
        .ok_or_else(|| malformed(line))
}

fn malformed(line: &[u8]) -> Fault {
    let start = &line[..line.len().min(100)];
    Fault::protocol(format!("no ref: `{}`", String::from_utf8_lossy(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn prefixes() -> Vec<String> {
        vec!["refs/atoms/".to_owned(), "HEAD".to_owned()]
    }

    fn shown(listing: &Listing) -> Vec<String> {
        listing
            .refs
            .iter()
            .map(|at| format!("{} {:?}", String::from_utf8_lossy(&at.name), at.kind))
            .collect()
    }

    #[test]
    fn v2_lines_are_kept_by_prefix_with_what_they_are() {
        let prefixes = prefixes();
        let limits = Limits {
            name_bytes: 20,
            ..Limits::default()
        };
        let mut refs = Collector::new(&prefixes, &limits);
        for line in [
            format!("{B} refs/atoms/tag peeled:{A}"),
            format!("{A} refs/heads/main"),
            format!("{A} HEAD symref-target:refs/heads/main"),
            "unborn HEAD symref-target:refs/heads/none".to_owned(),
            format!("{A} refs/atoms/a"),
            format!("{A} refs/atoms/{}", "x".repeat(40)),
        ] {
            refs.line_v2(line.as_bytes()).unwrap();
        }
        let listing = refs.finish();
        assert_eq!(
            shown(&listing),
            [
                "HEAD Symbolic".to_owned(),
                "refs/atoms/a Direct".to_owned(),
                format!("refs/atoms/tag Tag({A})")
            ]
        );
        assert_eq!(listing.dropped, 1);
        assert_eq!(listing.get("refs/atoms/tag").unwrap().id.to_string(), B);
        assert_eq!(listing.get("refs/atoms/"), None);
    }

    #[test]
    fn v0_tags_are_told_by_the_line_after() {
        let (prefixes, limits) = (prefixes(), Limits::default());
        let mut refs = Collector::new(&prefixes, &limits);
        for line in [
            format!("{A} refs/atoms/a"),
            format!("{B} refs/heads/main"),
            format!("{A} refs/heads/main^{{}}"),
            format!("{B} refs/atoms/b"),
            format!("{A} refs/atoms/b^{{}}"),
        ] {
            refs.line_v0(line.as_bytes()).unwrap();
        }
        assert_eq!(
            shown(&refs.finish()),
            [
                "refs/atoms/a Direct".to_owned(),
                format!("refs/atoms/b Tag({A})")
            ]
        );
    }

    #[test]
    fn each_limit_is_named() {
        let prefixes = prefixes();
        let line = format!("{A} refs/atoms/a");
        let cases = [
            (
                "limits.refs",
                Limits {
                    refs: 1,
                    ..Limits::default()
                },
            ),
            (
                "limits.listing-bytes",
                Limits {
                    listing_bytes: 64,
                    ..Limits::default()
                },
            ),
        ];
        for (expected, limits) in cases {
            let mut refs = Collector::new(&prefixes, &limits);
            refs.line_v2(line.as_bytes()).unwrap();
            let fault = refs.line_v2(line.as_bytes()).unwrap_err();
            assert!(
                matches!(fault, Fault::Limit { name, .. } if name == expected),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn long_names_and_empty_lines_count() {
        let prefixes = prefixes();
        let limits = Limits {
            refs: 3,
            listing_bytes: 1000,
            ..Limits::default()
        };
        let mut refs = Collector::new(&prefixes, &limits);
        let long = format!("{A} refs/atoms/{}", "x".repeat(200));
        refs.line_v2(long.as_bytes()).unwrap();
        assert!(refs.line_v2(long.as_bytes()).is_err(), "3 refs each");
        let mut refs = Collector::new(&prefixes, &limits);
        assert!((0..1000).any(|_| refs.line_v0(b"").is_err()));
    }

    #[test]
    fn what_is_no_ref_breaks_the_protocol() {
        let (prefixes, limits) = (prefixes(), Limits::default());
        for line in [
            "",
            "x",
            "zz refs/atoms/a",
            " refs/atoms/a",
            &format!("{A} "),
        ] {
            let mut refs = Collector::new(&prefixes, &limits);
            assert!(refs.line_v2(line.as_bytes()).is_err(), "{line:?}");
        }
    }
}
