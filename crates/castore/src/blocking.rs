//! Work that may wait for the disk, on threads that may wait.

use std::io;

use tokio::task::JoinError;

/// Runs a function where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// What came of a function on another thread.
pub(crate) fn joined<T>(ended: Result<io::Result<T>, JoinError>) -> io::Result<T> {
    match ended {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Err(io::Error::new(io::ErrorKind::Interrupted, cancelled)),
        },
    }
}
