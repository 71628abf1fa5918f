//! Records: one contract, both backends; and signatures.

use std::collections::BTreeSet;
use std::sync::Arc;

use nix_format::SecretKey;
use proptest::prelude::*;
use store::infos::SqliteInfos;
use store::records::{
    MemoryRecords, Record, RecordError, RecordId, RecordKind, Records, SqliteRecords, Written,
};
use testkit::env::Env;

use crate::world::{at, run};

const KINDS: [RecordKind; 3] = [RecordKind::Memo, RecordKind::Realisation, RecordKind::Log];

/// Runs a test on each backend.
fn each<F: Future<Output = ()>>(check: impl Fn(Arc<dyn Records>) -> F) {
    let env = Env::new();
    run(async {
        check(Arc::new(MemoryRecords::new())).await;
        let infos = SqliteInfos::open(&env.path("store.sqlite")).await.unwrap();
        check(Arc::new(SqliteRecords::beside(&infos))).await;
    });
}

fn id(kind: RecordKind, key: &str) -> RecordId {
    RecordId::new(kind, key).unwrap()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&format!("key-{seed}"), &[seed; 32]).unwrap()
}

/// A statement that these keys sign.
fn record(id: &RecordId, body: &str, seeds: &[u8]) -> Record {
    let mut record = Record {
        body: body.to_owned().into(),
        signatures: BTreeSet::new(),
    };
    for seed in seeds {
        record.sign(id, &key(*seed));
    }
    record
}

#[test]
fn what_is_written_is_read_and_the_kind_says_who_wins() {
    each(async |records| {
        for kind in KINDS {
            let id = id(kind, "a");
            assert_eq!(records.get(&id).await.unwrap(), None);
            let put = async |body, seeds: &[u8]| {
                let record = record(&id, body, seeds);
                records.put(&id, &record, at(1)).await.unwrap()
            };
            assert_eq!(put("first", &[1]).await, Written::New);
            assert_eq!(put("first", &[2]).await, Written::Known);
            let first = record(&id, "first", &[1, 2]);
            assert_eq!(records.get(&id).await.unwrap(), Some(first.clone()));
            let (expected, left) = match kind {
                RecordKind::Log => (Written::Replaced, record(&id, "second", &[3])),
                _ => (Written::Differs, first),
            };
            assert_eq!(put("second", &[3]).await, expected);
            assert_eq!(records.get(&id).await.unwrap(), Some(left));
        }
    });
}

#[test]
fn keys_are_listed_by_kind() {
    each(async |records| {
        for kind in KINDS {
            for key in ["b", "a", "c", "\u{ff}"] {
                let id = id(kind, key);
                records
                    .put(&id, &record(&id, key, &[]), at(1))
                    .await
                    .unwrap();
            }
        }
        for kind in KINDS {
            let list = async |after: Option<&str>, n_most| {
                let after = after.map(str::as_bytes);
                let keys = records.list(kind, after, n_most).await.unwrap();
                let texts = keys.into_iter().map(|it| String::from_utf8(it).unwrap());
                texts.collect::<Vec<_>>()
            };
            assert_eq!(list(None, 2).await, ["a", "b"]);
            assert_eq!(list(Some("b"), 9).await, ["c", "\u{ff}"]);
            assert_eq!(list(Some("\u{ff}"), 9).await, [""; 0]);
        }
    });
}

#[test]
fn what_is_old_is_forgotten() {
    each(async |records| {
        for (key, time) in [("old", 1), ("renewed", 1), ("renewed", 3), ("new", 2)] {
            let id = id(RecordKind::Memo, key);
            records
                .put(&id, &record(&id, key, &[1]), at(time))
                .await
                .unwrap();
        }
        let log = id(RecordKind::Log, "old");
        records
            .put(&log, &record(&log, "", &[1]), at(1))
            .await
            .unwrap();
        let forgotten = records.forget(RecordKind::Memo, at(2)).await;
        assert_eq!(forgotten.unwrap(), 1);
        let left = records.list(RecordKind::Memo, None, 9).await.unwrap();
        assert_eq!(left, [b"new".to_vec(), b"renewed".to_vec()]);
        assert!(records.get(&log).await.unwrap().is_some());
        // A later one of the same name has signatures of its own alone.
        let id = id(RecordKind::Memo, "old");
        let other = record(&id, "other", &[2]);
        records.put(&id, &other, at(4)).await.unwrap();
        assert_eq!(records.get(&id).await.unwrap(), Some(other));
    });
}

#[test]
fn keys_and_statements_have_bounds() {
    let made = |length| RecordId::new(RecordKind::Memo, vec![b'k'; length]);
    for length in [0, 1025] {
        let refused = made(length);
        assert!(matches!(refused, Err(RecordError::Key { length: it }) if it == length));
    }
    let id = made(1024).unwrap();
    each(async |records| {
        let mut record = record(&id, "", &[]);
        record.body = vec![0; Record::MAX_BYTES + 1].into();
        let refused = records.put(&id, &record, at(1)).await;
        assert!(matches!(refused, Err(RecordError::Large { .. })));
    });
}

proptest! {
    #[test]
    fn a_signature_holds_for_its_record_alone(
        kind in 0..3_usize, name in "[a-z;]{1,8}", body in "[a-z;]{0,8}",
        other_kind in 0..3_usize, other_name in "[a-z;]{1,8}", other_body in "[a-z;]{0,8}",
    ) {
        let (one, other) = (id(KINDS[kind], &name), id(KINDS[other_kind], &other_name));
        let signed = record(&one, &body, &[1]);
        let (mine, foreign) = (key(1).public(), key(2).public());
        prop_assert!(signed.is_signed_by(&one, [&foreign, &mine]));
        prop_assert!(!signed.is_signed_by(&one, [&foreign]));
        let moved = Record { body: other_body.clone().into(), ..signed };
        let same = one == other && body == other_body;
        prop_assert_eq!(moved.is_signed_by(&other, [&mine]), same);
    }
}
