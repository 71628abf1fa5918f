//! What a cache said, for as long as that counts: there, not there, or out of reach.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix_format::NarInfo;

use super::means::Memory;

/// What is remembered of one cache.
#[derive(Debug)]
pub(super) struct Answers {
    memory: Memory,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By hash part; nothing where it is not there.
    paths: HashMap<[u8; 20], (Instant, Option<Arc<NarInfo>>)>,
    /// Until when it is left alone, and why.
    rests: Option<(Instant, String)>,
}

/// How many paths are remembered.
const MAX_PATHS: usize = 1 << 16;

impl Answers {
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            memory,
            known: Mutex::default(),
        }
    }

    /// What was said of a path, where that counts still.
    pub(super) fn of(&self, hash: &[u8; 20], now: Instant) -> Option<Option<Arc<NarInfo>>> {
        let known = self.lock();
        let (until, answer) = known.paths.get(hash)?;
        (now < *until).then(|| answer.clone())
    }

    /// Why it is left alone, where it is.
    pub(super) fn rests(&self, now: Instant) -> Option<String> {
        let known = self.lock();
        let (until, why) = known.rests.as_ref()?;
        (now < *until).then(|| why.clone())
    }

    pub(super) fn note(&self, hash: [u8; 20], answer: Option<Arc<NarInfo>>, now: Instant) {
        let counts = match answer {
            Some(_) => self.memory.there,
            None => self.memory.absent,
        };
        let mut known = self.lock();
        if known.paths.len() >= MAX_PATHS {
            known.paths.retain(|_, it| now < it.0);
        }
        if known.paths.len() >= MAX_PATHS {
            known.paths.clear();
        }
        known.paths.insert(hash, (later(now, counts), answer));
    }

    pub(super) fn forget(&self, hash: &[u8; 20]) {
        self.lock().paths.remove(hash);
    }

    pub(super) fn rest(&self, why: String, now: Instant) {
        self.lock().rests = Some((later(now, self.memory.silent), why));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(now: Instant, counts: Duration) -> Instant {
    now.checked_add(counts).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_for_a_time_and_are_bounded() {
        let second = Duration::from_secs(1);
        let memory = Memory {
            there: 9 * second,
            absent: 3 * second,
            silent: second,
        };
        let (answers, now) = (Answers::new(memory), Instant::now());
        assert_eq!(answers.of(&[0; 20], now), None);
        answers.note([0; 20], None, now);
        assert_eq!(answers.of(&[0; 20], now + 2 * second), Some(None));
        assert_eq!(answers.of(&[0; 20], now + 3 * second), None);
        answers.rest("down".to_owned(), now);
        assert_eq!(answers.rests(now).as_deref(), Some("down"));
        assert_eq!(answers.rests(now + second), None);
        answers.note([1; 20], None, now);
        answers.forget(&[1; 20]);
        assert_eq!(answers.of(&[1; 20], now), None);
        for number in 0..u32::try_from(MAX_PATHS).unwrap() + 9 {
            let mut hash = [2; 20];
            hash[..4].copy_from_slice(&number.to_le_bytes());
            answers.note(hash, None, now);
        }
        assert!(answers.lock().paths.len() <= MAX_PATHS);
    }
}
