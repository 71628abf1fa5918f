//! Threads that may block, for work that would keep the runtime from all other.

use tokio::task::{JoinError, spawn_blocking};

/// Runs on a thread that may block; a panic goes on here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    joined(spawn_blocking(work).await)
}

/// What a task gave; its panic goes on here.
pub(crate) fn joined<T>(done: Result<T, JoinError>) -> T {
    match done {
        Ok(value) => value,
        // Nothing here is aborted: what does not end by itself panics.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
