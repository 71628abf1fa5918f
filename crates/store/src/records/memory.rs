//! Records in memory.

use std::collections::{BTreeMap, btree_map as map};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{Record, RecordError, RecordId, RecordKind, Records, Written, check_size};

/// Records that last as long as the value.
#[derive(Debug, Default)]
pub struct MemoryRecords {
    records: Mutex<Kept>,
}

type Kept = BTreeMap<RecordId, (Record, SystemTime)>;

impl MemoryRecords {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method panics between two changes that belong together.
    fn records(&self) -> MutexGuard<'_, Kept> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn get(&self, id: &RecordId) -> Result<Option<Record>, RecordError> {
        Ok(self.records().get(id).map(|it| it.0.clone()))
    }

    async fn put(
        &self,
        id: &RecordId,
        record: &Record,
        now: SystemTime,
    ) -> Result<Written, RecordError> {
        check_size(record)?;
        match self.records().entry(id.clone()) {
            map::Entry::Vacant(place) => {
                place.insert((record.clone(), now));
                Ok(Written::New)
            }
            map::Entry::Occupied(mut place) => {
                let (present, written) = place.get_mut();
                if present.body == record.body {
                    present.signatures.extend(record.signatures.clone());
                    *written = now.max(*written);
                    return Ok(Written::Known);
                }
                let other = id.kind.other();
                if other == Written::Replaced {
                    *present = record.clone();
                    *written = now;
                }
                Ok(other)
            }
        }
    }

    async fn list(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        n_most: usize,
    ) -> Result<Vec<Vec<u8>>, RecordError> {
        // No key is empty.
        let key = after.unwrap_or_default().to_vec();
        let after = Bound::Excluded(RecordId { kind, key });
        let records = self.records();
        let rest = records.range((after, Bound::Unbounded)).map(|it| it.0);
        let same = rest.take_while(|it| it.kind == kind);
        Ok(same.take(n_most).map(|it| it.key.clone()).collect())
    }

    async fn forget(&self, kind: RecordKind, before: SystemTime) -> Result<usize, RecordError> {
        let mut records = self.records();
        let n_before = records.len();
        records.retain(|id, it| id.kind != kind || it.1 >= before);
        Ok(n_before - records.len())
    }
}
