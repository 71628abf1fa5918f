//! Paths in the database: found, registered, signed, listed.

use std::collections::BTreeSet;

use nix_format::{Signature, StorePath};
use rusqlite::{CachedStatement, OptionalExtension as _, Row, Transaction, params};

use super::database::Outcome;
use super::rows::{self, INFO, NodeColumns, nanos};
use crate::info::PathInfo;
use crate::infos::{InfosError, Registered, check_size};

pub(super) fn find(db: &Transaction<'_>, hash: &str) -> Outcome<Option<PathInfo>> {
    let sql = format!("SELECT {INFO} FROM paths p WHERE p.hash = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([hash])?;
    match rows.next()? {
        Some(row) => whole(db, row).map(Some),
        None => Ok(None),
    }
}

pub(super) fn list(
    db: &Transaction<'_>,
    after: Option<String>,
    n_most: usize,
) -> Outcome<Vec<PathInfo>> {
    let sql = format!(
        "SELECT {INFO} FROM paths p WHERE ?1 IS NULL OR p.hash > ?1 ORDER BY p.hash LIMIT ?2"
    );
    let n_most = i64::try_from(n_most).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![after, n_most])?;
    let mut infos = Vec::new();
    while let Some(row) = rows.next()? {
        infos.push(whole(db, row)?);
    }
    Ok(infos)
}

/// A path's row with what other tables say of it.
fn whole(db: &Transaction<'_>, row: &Row<'_>) -> Outcome<PathInfo> {
    let (id, mut info) = rows::info(row)?;
    let sql = "SELECT p.hash, p.name FROM edges e JOIN paths p ON p.id = e.reference \
               WHERE e.referrer = ?1";
    info.references = paths(db.prepare_cached(sql)?, id)?;
    let sql = "SELECT signature FROM signatures WHERE path = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        info.signatures.insert(rows::parsed("signature", &text)?);
    }
    Ok(info)
}

fn paths(mut statement: CachedStatement<'_>, id: i64) -> Outcome<BTreeSet<StorePath>> {
    let mut rows = statement.query([id])?;
    let mut paths = BTreeSet::new();
    while let Some(row) = rows.next()? {
        paths.insert(rows::path(row, 0)?);
    }
    Ok(paths)
}

pub(super) fn referrers(db: &Transaction<'_>, path: &StorePath) -> Outcome<BTreeSet<StorePath>> {
    let Some(id) = id(db, path)? else {
        return Ok(BTreeSet::new());
    };
    let sql = "SELECT p.hash, p.name FROM edges e JOIN paths p ON p.id = e.referrer \
               WHERE e.reference = ?1";
    paths(db.prepare_cached(sql)?, id)
}

/// The number of a registered path.
fn id(db: &Transaction<'_>, path: &StorePath) -> Outcome<Option<i64>> {
    let sql = "SELECT id FROM paths WHERE hash = ?1 AND name = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let values = params![path.hash_part(), path.name().as_str()];
    Ok(statement.query_row(values, |it| it.get(0)).optional()?)
}

/// Whether a path is registered.
pub(super) fn has(db: &Transaction<'_>, path: &StorePath) -> Outcome<bool> {
    Ok(id(db, path)?.is_some())
}

pub(super) fn sign(
    db: &Transaction<'_>,
    path: &StorePath,
    signatures: &BTreeSet<Signature>,
) -> Outcome<bool> {
    let Some(id) = id(db, path)? else {
        return Ok(false);
    };
    enter_signatures(db, id, signatures)?;
    Ok(true)
}

/// Enters all that is new, and then what it refers to, so that order does not matter.
pub(super) fn register(db: &Transaction<'_>, infos: &[PathInfo]) -> Outcome<Vec<Registered>> {
    let mut found = Vec::with_capacity(infos.len());
    let mut entered = Vec::new();
    for info in infos {
        check_size(info)?;
        let (how, id) = enter(db, info)?;
        found.push(how);
        if how == Registered::New {
            entered.push((id, info));
        }
    }
    for (id, info) in entered {
        enter_references(db, id, info)?;
        enter_signatures(db, id, &info.signatures)?;
    }
    Ok(found)
}

fn enter(db: &Transaction<'_>, info: &PathInfo) -> Outcome<(Registered, i64)> {
    let sql = "SELECT id, nar_hash, hash, name FROM paths WHERE hash = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([info.path.hash_part()])?;
    let Some(row) = rows.next()? else {
        return Ok((Registered::New, insert(db, info)?));
    };
    let (id, nar_hash): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
    let present = rows::path(row, 2)?;
    if present != info.path {
        return Err(InfosError::HashTaken {
            path: info.path.clone(),
            present,
        }
        .into());
    }
    if nar_hash != info.nar_hash.0 {
        return Ok((Registered::Differs, id));
    }
    let sql = "UPDATE paths SET renewed = max(renewed, ?2) WHERE id = ?1";
    let mut statement = db.prepare_cached(sql)?;
    statement.execute(params![id, nanos(info.registered)])?;
    Ok((Registered::Known, id))
}

fn insert(db: &Transaction<'_>, info: &PathInfo) -> Outcome<i64> {
    let sql = "INSERT INTO paths (hash, name, kind, digest, size, target, nar_hash, nar_size, \
               deriver, ca, registered, renewed) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)";
    let node = NodeColumns::of(&info.root)?;
    db.prepare_cached(sql)?.execute(params![
        info.path.hash_part(),
        info.path.name().as_str(),
        node.kind,
        node.digest,
        node.size,
        node.target,
        info.nar_hash.0,
        info.nar_size.cast_signed(),
        info.deriver.as_ref().map(ToString::to_string),
        info.ca.as_ref().map(ToString::to_string),
        nanos(info.registered),
    ])?;
    Ok(db.last_insert_rowid())
}

fn enter_references(db: &Transaction<'_>, referrer: i64, info: &PathInfo) -> Outcome<()> {
    let sql = "INSERT INTO edges (referrer, reference) VALUES (?1, ?2)";
    let mut statement = db.prepare_cached(sql)?;
    let mut missing = Vec::new();
    for path in &info.references {
        match id(db, path)? {
            Some(reference) => drop(statement.execute([referrer, reference])?),
            None => missing.push(path.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(InfosError::MissingReferences {
        path: info.path.clone(),
        missing,
    }
    .into())
}

fn enter_signatures(
    db: &Transaction<'_>,
    path: i64,
    signatures: &BTreeSet<Signature>,
) -> Outcome<()> {
    let sql = "INSERT OR IGNORE INTO signatures (path, signature) VALUES (?1, ?2)";
    let mut statement = db.prepare_cached(sql)?;
    for signature in signatures {
        statement.execute(params![path, signature.to_string()])?;
    }
    Ok(())
}
