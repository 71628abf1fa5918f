//! Connections that are kept for the next file.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::http::{Handle, Way};
use crate::netrc::NetrcLogin;
use crate::place::Place;

/// Handles that rest, each with a connection that may still stand; for one user and one way to talk
/// to servers.
#[derive(Debug, Default)]
pub struct Handles(Mutex<Vec<(Whom, Handle)>>);

/// Whom one talks to, and as whom.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whom {
    pub(crate) place: Place,
    pub(crate) login: Option<(NetrcLogin, Way)>,
}

/// How many rest at most.
const MAX_RESTING: usize = 64;

impl Handles {
    pub(crate) fn take(&self, whom: &Whom) -> Option<Handle> {
        let mut resting = self.lock();
        let at = resting.iter().rposition(|it| it.0 == *whom)?;
        Some(resting.remove(at).1)
    }

    pub(crate) fn put(&self, whom: Whom, handle: Handle) {
        let mut resting = self.lock();
        if resting.len() == MAX_RESTING {
            resting.remove(0);
        }
        resting.push((whom, handle));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Whom, Handle)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
