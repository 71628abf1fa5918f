//! One file of SQLite: opened, migrated, and used from threads that may block.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use rustix::fs::{FlockOperation, flock, statvfs};

use crate::blocking::blocking;
use crate::infos::{InfosError, Result};

/// The newest form of the tables that is known.
const VERSION: i64 = 1;

/// `eka` and a number, so that `file` and others tell the databases apart.
const APPLICATION_ID: i64 = 0x656b_6101;

/// How long another process may keep the database to itself: collections of millions of paths take
/// seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A handle to the database; clones share it.
#[derive(Clone)]
pub(crate) struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    file: PathBuf,
    /// Whoever reads waits for no writer.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
}

/// Why a transaction ended.
pub(crate) enum Fault {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// A row does not hold what was written there.
    Damaged(String),
    /// What was asked is refused.
    Refused(InfosError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<InfosError> for Fault {
    fn from(error: InfosError) -> Self {
        Self::Refused(error)
    }
}

/// What a transaction gives.
pub(crate) type Outcome<T> = Result<T, Fault>;

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Database");
        shown
            .field("file", &self.shared.file)
            .finish_non_exhaustive()
    }
}

impl Database {
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let file = file.to_owned();
        blocking(move || {
            let opened = connect(&file).map_err(|it| explain(&file, it))?;
            let (writer, reader) = opened;
            Ok(Self {
                shared: Arc::new(Shared {
                    file,
                    reader: Mutex::new(reader),
                    writer: Mutex::new(writer),
                }),
            })
        })
        .await
    }

    /// Reads in one transaction: all that it sees is of one moment.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.transact(Way::Read, work)).await
    }

    /// Writes in one transaction: all or nothing.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.transact(Way::Write, work)).await
    }

    /// Does as [`Database::write`], and undoes it.
    pub(crate) async fn rehearse<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.transact(Way::Rehearse, work)).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Read,
    Write,
    Rehearse,
}

impl Shared {
    fn transact<T>(
        &self,
        way: Way,
        work: impl FnOnce(&Transaction<'_>) -> Outcome<T>,
    ) -> Result<T> {
        let (connection, behavior) = match way {
            Way::Read => (&self.reader, TransactionBehavior::Deferred),
            Way::Write | Way::Rehearse => (&self.writer, TransactionBehavior::Immediate),
        };
        // A transaction that a panic cut off was rolled back when it was dropped.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let done = connection
            .transaction_with_behavior(behavior)
            .map_err(Fault::from)
            .and_then(|transaction| {
                let value = work(&transaction)?;
                match way {
                    Way::Write => transaction.commit()?,
                    Way::Read | Way::Rehearse => transaction.rollback()?,
                }
                Ok(value)
            });
        done.map_err(|it| explain(&self.file, it))
    }
}

/// Opens the file twice, under a lock of its folder: two that switch a new file to its journal at
/// once are told at once that it is locked, whatever their patience.
fn connect(file: &Path) -> Outcome<(Connection, Connection)> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let lock = File::open(folder).and_then(|it| {
        flock(&it, FlockOperation::LockExclusive)?;
        Ok(it)
    });
    let mut writer = configured(file)?;
    migrate(&mut writer, file)?;
    let reader = configured(file)?;
    drop(lock);
    Ok((writer, reader))
}

fn configured(file: &Path) -> Outcome<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(connection: &mut Connection, file: &Path) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |it| it.get(0))?;
    match version {
        VERSION => return Ok(()),
        0 => {
            transaction.execute_batch(include_str!("schema.sql"))?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        _ => {
            return Err(Fault::Refused(InfosError::Newer {
                file: file.to_owned(),
                version,
                known: VERSION,
            }));
        }
    }
    Ok(transaction.commit()?)
}

fn explain(file: &Path, fault: Fault) -> InfosError {
    let file = file.to_owned();
    let source = match fault {
        Fault::Refused(error) => return error,
        Fault::Damaged(what) => return InfosError::Damaged { file, what },
        Fault::Sqlite(source) => source,
    };
    let what = source.to_string();
    match source.sqlite_error_code() {
        None if is_foreign(&source) => InfosError::Damaged { file, what },
        Some(ErrorCode::DiskFull) => InfosError::Full { file },
        // The shared memory beside the file has no way to say that the disk is full.
        Some(ErrorCode::SystemIoFailure) if is_full(&file) => InfosError::Full { file },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => InfosError::Busy {
            file,
            seconds: PATIENCE.as_secs(),
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            InfosError::Damaged { file, what }
        }
        _ => InfosError::Database { file, source },
    }
}

/// Whether a column holds what never stood there.
const fn is_foreign(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as It;
    matches!(
        error,
        It::FromSqlConversionFailure(..)
            | It::InvalidColumnType(..)
            | It::IntegralValueOutOfRange(..)
            | It::Utf8Error(..)
    )
}

fn is_full(file: &Path) -> bool {
    let folder = file.parent().unwrap_or(file);
    statvfs(folder).is_ok_and(|it| it.f_bavail == 0)
}
