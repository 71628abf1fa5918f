//! Records: signed statements as bytes, by kind and key; what they mean is not looked at.

mod memory;
mod sqlite;

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use miette::Diagnostic;
use nix_format::{PublicKey, SecretKey, Sha256, Signature};
use thiserror::Error;

pub use memory::MemoryRecords;
pub use sqlite::SqliteRecords;

use crate::infos::InfosError;

/// The records of a store.
#[async_trait]
pub trait Records: Send + Sync {
    /// Returns a record.
    ///
    /// # Errors
    ///
    /// [`RecordError::Database`].
    async fn get(&self, id: &RecordId) -> Result<Option<Record>, RecordError>;

    /// Writes a record, as its kind has it, and says what came of it.
    ///
    /// `now` is the time from which its age counts, also where it was there already.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    async fn put(
        &self,
        id: &RecordId,
        record: &Record,
        now: SystemTime,
    ) -> Result<Written, RecordError>;

    /// Returns at most `n_most` keys of a kind in order, those that come after `after`.
    ///
    /// # Errors
    ///
    /// [`RecordError::Database`].
    async fn list(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        n_most: usize,
    ) -> Result<Vec<Vec<u8>>, RecordError>;

    /// Deletes the records of a kind that were written last before a time, and says how many.
    ///
    /// # Errors
    ///
    /// [`RecordError::Database`].
    async fn forget(&self, kind: RecordKind, before: SystemTime) -> Result<usize, RecordError>;
}

/// What a record states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// What an evaluation gave; the first write wins.
    Memo,
    /// What a build of a derivation gave; the first write wins.
    Realisation,
    /// What a build said; the last write wins.
    Log,
}

/// Where a record lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    kind: RecordKind,
    key: Vec<u8>,
}

/// A statement and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The statement.
    pub body: Bytes,
    /// Who says so; nobody's word was taken for being here.
    pub signatures: BTreeSet<Signature>,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// There was none.
    New,
    /// The same statement was there; signatures are together now.
    Known,
    /// Another statement is there, and stays.
    Differs,
    /// Another statement was there.
    Replaced,
}

/// Why a record cannot be read or written.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RecordError {
    /// A key is empty or too long.
    #[error("a record's key of {length} bytes")]
    #[diagnostic(
        code(eka::store::record_key),
        help("a key has 1 to {} bytes", RecordId::MAX_KEY_BYTES)
    )]
    Key {
        /// Its length in bytes.
        length: usize,
    },
    /// A statement is too long.
    #[error("a record of {length} bytes, more than {limit}")]
    #[diagnostic(code(eka::store::record_large))]
    Large {
        /// Its length in bytes.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The database fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Database(#[from] InfosError),
}

impl RecordId {
    /// The longest key, in bytes.
    pub const MAX_KEY_BYTES: usize = 1024;

    /// Names a record.
    ///
    /// # Errors
    ///
    /// [`RecordError::Key`].
    pub fn new(kind: RecordKind, key: impl Into<Vec<u8>>) -> Result<Self, RecordError> {
        let key = key.into();
        if key.is_empty() || key.len() > Self::MAX_KEY_BYTES {
            return Err(RecordError::Key { length: key.len() });
        }
        Ok(Self { kind, key })
    }

    /// What the record states.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        self.kind
    }

    /// What it is stated of.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Record {
    /// The longest statement, in bytes.
    pub const MAX_BYTES: usize = 64 << 20;

    /// What is signed: `eka-record-1;<kind>;<SHA-256 of the key>;<SHA-256 of the statement>`, both
    /// in hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self, id: &RecordId) -> String {
        let (key, body) = (Sha256::of(&id.key), Sha256::of(&self.body));
        format!(
            "eka-record-1;{};{};{}",
            id.kind,
            key.base16(),
            body.base16()
        )
    }

    /// Adds the signature of a key.
    pub fn sign(&mut self, id: &RecordId, key: &SecretKey) {
        self.signatures.insert(key.sign(&self.fingerprint(id)));
    }

    /// Returns whether one of the keys vouches for the record, as it lies there.
    #[must_use]
    pub fn is_signed_by<'k>(
        &self,
        id: &RecordId,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> bool {
        let text = self.fingerprint(id);
        keys.into_iter()
            .any(|it| it.verifies_any(&text, &self.signatures))
    }
}

impl RecordKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Memo => "memo",
            Self::Realisation => "realisation",
            Self::Log => "log",
        }
    }

    /// What comes of another statement where one is.
    const fn other(self) -> Written {
        match self {
            Self::Memo | Self::Realisation => Written::Differs,
            Self::Log => Written::Replaced,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn check_size(record: &Record) -> Result<(), RecordError> {
    let (length, limit) = (record.body.len(), Record::MAX_BYTES);
    if length > limit {
        return Err(RecordError::Large { length, limit });
    }
    Ok(())
}
