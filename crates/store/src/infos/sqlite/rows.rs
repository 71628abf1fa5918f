//! Values as columns, and back; what stands in a column is checked anew.

use std::fmt::Display;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use castore::{Digest, Node, Target};
use nix_format::{Sha256, StorePath};
use rusqlite::Row;

use super::database::{Fault, Outcome};
use crate::info::PathInfo;

/// A node as four columns.
pub(super) struct NodeColumns<'n> {
    pub(super) kind: &'static str,
    pub(super) digest: Option<&'n [u8]>,
    pub(super) size: Option<i64>,
    pub(super) target: Option<&'n [u8]>,
}

impl<'n> NodeColumns<'n> {
    pub(super) fn of(node: &'n Node) -> Outcome<Self> {
        let (kind, digest, size) = match node {
            Node::Directory { digest, size } => ("directory", digest, *size),
            Node::File {
                digest,
                size,
                executable: false,
            } => ("file", digest, *size),
            Node::File { digest, size, .. } => ("executable", digest, *size),
            Node::Symlink { target } => {
                return Ok(Self {
                    kind: "symlink",
                    digest: None,
                    size: None,
                    target: Some(target.as_bytes()),
                });
            }
        };
        let size = i64::try_from(size).map_err(|_| damaged("size", size))?;
        Ok(Self {
            kind,
            digest: Some(&digest.0),
            size: Some(size),
            target: None,
        })
    }
}

/// The columns of [`info`], of the table `paths` as `p`.
pub(super) const INFO: &str = "p.id, p.hash, p.name, p.kind, p.digest, p.size, p.target, \
     p.nar_hash, p.nar_size, p.deriver, p.ca, p.registered";

/// A path's row, with its number; references and signatures lie elsewhere.
pub(super) fn info(row: &Row<'_>) -> Outcome<(i64, PathInfo)> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    let info = PathInfo {
        path: path(row, 1)?,
        root: node(row, 3)?,
        nar_hash: Sha256(row.get(7)?),
        nar_size: unsigned("nar_size", row.get(8)?)?,
        references: Default::default(),
        deriver: text(9)?.map(|it| parsed("deriver", &it)).transpose()?,
        signatures: Default::default(),
        ca: text(10)?.map(|it| parsed("ca", &it)).transpose()?,
        registered: time(row.get(11)?),
    };
    Ok((row.get(0)?, info))
}

/// A path in two columns, its hash part and its name.
pub(super) fn path(row: &Row<'_>, at: usize) -> Outcome<StorePath> {
    let (hash, name): (String, String) = (row.get(at)?, row.get(at + 1)?);
    parsed("name", &format!("{hash}-{name}"))
}

fn node(row: &Row<'_>, at: usize) -> Outcome<Node> {
    let kind: String = row.get(at)?;
    if kind == "symlink" {
        let target = Target::new(row.get::<_, Vec<u8>>(at + 3)?);
        let target = target.map_err(|fault| damaged("target", fault))?;
        return Ok(Node::Symlink { target });
    }
    let digest = Digest(row.get(at + 1)?);
    let size = unsigned("size", row.get(at + 2)?)?;
    let executable = match kind.as_str() {
        "directory" => return Ok(Node::Directory { digest, size }),
        "file" => false,
        "executable" => true,
        _ => return Err(damaged("kind", kind)),
    };
    Ok(Node::File {
        digest,
        size,
        executable,
    })
}

pub(crate) fn parsed<T: FromStr>(column: &str, text: &str) -> Outcome<T> {
    text.parse().map_err(|_| damaged(column, text))
}

pub(super) fn unsigned(column: &str, value: i64) -> Outcome<u64> {
    u64::try_from(value).map_err(|_| damaged(column, value))
}

pub(super) fn damaged(column: &str, value: impl Display) -> Fault {
    let value: String = value.to_string().escape_debug().take(80).collect();
    Fault::Damaged(format!("`{value}` cannot be in the column `{column}`"))
}

/// Nanoseconds since 1970; what lies outside of some 292 years around it is moved to their end.
pub(crate) fn nanos(time: SystemTime) -> i64 {
    let clamped = |it: Duration| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => clamped(after),
        Err(before) => -clamped(before.duration()),
    }
}

pub(super) fn time(nanos: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}
