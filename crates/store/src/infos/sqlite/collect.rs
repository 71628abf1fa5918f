//! Garbage in the database: what nothing keeps, deleted in one transaction.

use std::time::SystemTime;

use rusqlite::{Transaction, params};

use super::database::Outcome;
use super::{roots, rows};
use crate::infos::{Collected, Life, Pulse};
use crate::roots::Root;

/// Deletes what neither a live root nor its age keeps, and returns it.
pub(super) fn garbage(
    db: &Transaction<'_>,
    life: &dyn Life,
    since: SystemTime,
) -> Outcome<Collected> {
    let dead_roots = delete_dead_roots(db, life)?;
    mark(db, since)?;
    let paths = dead_paths(db)?;
    sweep(db)?;
    Ok(Collected {
        paths,
        roots: dead_roots,
    })
}

fn delete_dead_roots(
    db: &Transaction<'_>,
    life: &dyn Life,
) -> Outcome<Vec<(Root, nix_format::StorePath)>> {
    let mut dead = Vec::new();
    for (root, path) in roots::list(db)? {
        let pulse = match &root {
            Root::Named(_) => Pulse::Alive,
            Root::Link(link) => life.link(link.as_path(), &path),
            Root::Session(session) => life.session(session),
        };
        if pulse == Pulse::Dead {
            roots::forget(db, &root, &path)?;
            dead.push((root, path));
        }
    }
    Ok(dead)
}

/// Fills the table `live`, of this connection alone, with the closure of what is kept.
fn mark(db: &Transaction<'_>, since: SystemTime) -> Outcome<()> {
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS live (id INTEGER PRIMARY KEY) STRICT; DELETE FROM live",
    )?;
    let sql = "WITH RECURSIVE kept (id) AS ( \
                 SELECT p.id FROM paths p JOIN roots r ON r.hash = p.hash AND r.name = p.name \
                 UNION SELECT id FROM paths WHERE renewed >= ?1 \
                 UNION SELECT e.reference FROM edges e JOIN kept k ON e.referrer = k.id \
               ) INSERT INTO live SELECT id FROM kept";
    db.execute(sql, params![rows::nanos(since)])?;
    Ok(())
}

fn dead_paths(db: &Transaction<'_>) -> Outcome<Vec<(nix_format::StorePath, u64)>> {
    let sql = "SELECT hash, name, nar_size FROM paths \
               WHERE id NOT IN (SELECT id FROM live) ORDER BY hash";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut paths = Vec::new();
    while let Some(row) = rows.next()? {
        let size = rows::unsigned("nar_size", row.get(2)?)?;
        paths.push((rows::path(row, 0)?, size));
    }
    Ok(paths)
}

/// Whatever refers to a dead path is dead, so no edge is left that leads to one.
fn sweep(db: &Transaction<'_>) -> Outcome<()> {
    Ok(db.execute_batch(
        "DELETE FROM edges WHERE referrer NOT IN (SELECT id FROM live); \
         DELETE FROM signatures WHERE path NOT IN (SELECT id FROM live); \
         DELETE FROM paths WHERE id NOT IN (SELECT id FROM live); \
         DELETE FROM live",
    )?)
}
