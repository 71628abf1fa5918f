//! Roots in the database.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix_format::StorePath;
use rusqlite::{Row, Transaction, params};

use super::database::Outcome;
use super::{paths, rows};
use crate::roots::{LinkPath, Root};

pub(super) fn keep(db: &Transaction<'_>, root: &Root, paths: &[StorePath]) -> Outcome<Vec<bool>> {
    let (kind, bytes) = columns(root);
    let sql = "INSERT OR IGNORE INTO roots (kind, root, hash, name) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = db.prepare_cached(sql)?;
    let mut there = Vec::with_capacity(paths.len());
    for path in paths {
        statement.execute(params![kind, bytes, path.hash_part(), path.name().as_str()])?;
        there.push(paths::has(db, path)?);
    }
    Ok(there)
}

pub(super) fn release(db: &Transaction<'_>, root: &Root) -> Outcome<usize> {
    let (kind, bytes) = columns(root);
    let sql = "DELETE FROM roots WHERE kind = ?1 AND root = ?2";
    Ok(db.prepare_cached(sql)?.execute(params![kind, bytes])?)
}

pub(super) fn list(db: &Transaction<'_>) -> Outcome<Vec<(Root, StorePath)>> {
    let mut statement = db.prepare_cached("SELECT kind, root, hash, name FROM roots")?;
    let mut rows = statement.query([])?;
    let mut roots = Vec::new();
    while let Some(row) = rows.next()? {
        roots.push((root(row)?, rows::path(row, 2)?));
    }
    roots.sort();
    Ok(roots)
}

/// Removes one path from what a root keeps.
pub(super) fn forget(db: &Transaction<'_>, root: &Root, path: &StorePath) -> Outcome<()> {
    let (kind, bytes) = columns(root);
    let sql = "DELETE FROM roots WHERE kind = ?1 AND root = ?2 AND hash = ?3 AND name = ?4";
    let mut statement = db.prepare_cached(sql)?;
    statement.execute(params![kind, bytes, path.hash_part(), path.name().as_str()])?;
    Ok(())
}

fn columns(root: &Root) -> (&'static str, &[u8]) {
    match root {
        Root::Named(name) => ("name", name.as_str().as_bytes()),
        Root::Link(link) => ("link", link.as_path().as_os_str().as_bytes()),
        Root::Session(session) => ("session", session.as_str().as_bytes()),
    }
}

fn root(row: &Row<'_>) -> Outcome<Root> {
    let (kind, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    let root = match kind.as_str() {
        "name" => text().parse().ok().map(Root::Named),
        "session" => text().parse().ok().map(Root::Session),
        "link" => {
            let link = LinkPath::new(Path::new(OsStr::from_bytes(&bytes)));
            link.ok().map(Root::Link)
        }
        _ => return Err(rows::damaged("kind", kind)),
    };
    root.ok_or_else(|| rows::damaged("root", text()))
}
