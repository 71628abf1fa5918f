//! Records in SQLite, beside the paths.

use std::time::SystemTime;

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Record, RecordError, RecordId, RecordKind, Records, Written, check_size};
use crate::infos::SqliteInfos;
use crate::infos::sqlite::database::{Database, Outcome};
use crate::infos::sqlite::rows::{nanos, parsed};

/// Records in the database that paths are registered in.
#[derive(Debug, Clone)]
pub struct SqliteRecords {
    database: Database,
}

impl SqliteRecords {
    /// Those of the same file.
    #[must_use]
    pub fn beside(infos: &SqliteInfos) -> Self {
        let database = infos.database().clone();
        Self { database }
    }
}

#[async_trait]
impl Records for SqliteRecords {
    async fn get(&self, id: &RecordId) -> Result<Option<Record>, RecordError> {
        let id = id.clone();
        let get = move |it: &Transaction<'_>| get(it, &id);
        Ok(self.database.read(get).await?)
    }

    async fn put(
        &self,
        id: &RecordId,
        record: &Record,
        now: SystemTime,
    ) -> Result<Written, RecordError> {
        check_size(record)?;
        let (id, record) = (id.clone(), record.clone());
        let put = move |it: &Transaction<'_>| put(it, &id, &record, nanos(now));
        Ok(self.database.write(put).await?)
    }

    async fn list(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        n_most: usize,
    ) -> Result<Vec<Vec<u8>>, RecordError> {
        // No key is empty.
        let after = after.unwrap_or_default().to_vec();
        let n_most = i64::try_from(n_most).unwrap_or(i64::MAX);
        let list = move |it: &Transaction<'_>| -> Outcome<_> {
            let sql = "SELECT key FROM records WHERE kind = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
            let mut statement = it.prepare_cached(sql)?;
            let rows =
                statement.query_map(params![kind.as_str(), after, n_most], |it| it.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        Ok(self.database.read(list).await?)
    }

    async fn forget(&self, kind: RecordKind, before: SystemTime) -> Result<usize, RecordError> {
        let forget = move |it: &Transaction<'_>| -> Outcome<_> {
            let sql = "DELETE FROM records WHERE kind = ?1 AND written < ?2";
            Ok(it.execute(sql, params![kind.as_str(), nanos(before)])?)
        };
        Ok(self.database.write(forget).await?)
    }
}

fn get(db: &Transaction<'_>, id: &RecordId) -> Outcome<Option<Record>> {
    let place = params![id.kind.as_str(), id.key];
    let sql = "SELECT body FROM records WHERE kind = ?1 AND key = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let body: Option<Vec<u8>> = statement.query_row(place, |it| it.get(0)).optional()?;
    let Some(body) = body else {
        return Ok(None);
    };
    let sql = "SELECT signature FROM record_signatures WHERE kind = ?1 AND key = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let texts = statement.query_map(place, |it| it.get::<_, String>(0))?;
    let signatures = texts.map(|it| parsed("signature", &it?));
    Ok(Some(Record {
        body: body.into(),
        signatures: signatures.collect::<Outcome<_>>()?,
    }))
}

fn put(db: &Transaction<'_>, id: &RecordId, record: &Record, now: i64) -> Outcome<Written> {
    let present = get(db, id)?.map(|it| it.body == record.body);
    let written = match present {
        None => Written::New,
        Some(true) => Written::Known,
        Some(false) => id.kind.other(),
    };
    let (kind, key, body) = (id.kind.as_str(), &id.key, record.body.as_ref());
    match written {
        Written::Differs => return Ok(written),
        Written::Known => {
            let sql = "UPDATE records SET written = max(written, ?3) WHERE kind = ?1 AND key = ?2";
            db.prepare_cached(sql)?.execute(params![kind, key, now])?;
        }
        Written::New | Written::Replaced => {
            let sql = "DELETE FROM records WHERE kind = ?1 AND key = ?2";
            db.prepare_cached(sql)?.execute(params![kind, key])?;
            let sql = "INSERT INTO records (kind, key, body, written) VALUES (?1, ?2, ?3, ?4)";
            db.prepare_cached(sql)?
                .execute(params![kind, key, body, now])?;
        }
    }
    let sql = "INSERT OR IGNORE INTO record_signatures (kind, key, signature) VALUES (?1, ?2, ?3)";
    let mut statement = db.prepare_cached(sql)?;
    for signature in &record.signatures {
        statement.execute(params![kind, key, signature.to_string()])?;
    }
    Ok(written)
}
