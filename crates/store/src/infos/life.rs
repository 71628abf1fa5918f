//! Whether what a root stands for still lives.

use std::path::Path;

use nix_format::StorePath;

use crate::session::SessionId;

/// Whether something still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// It does, or it could not be found out.
    Alive,
    /// It is certain that it does not.
    Dead,
}

/// Answers for roots that lie outside of the database.
///
/// It is asked inside a transaction, on a thread that may block.
pub trait Life: Send + Sync {
    /// Whether the process that opened the session still has it.
    fn session(&self, session: &SessionId) -> Pulse;

    /// Whether the link still points at the path.
    fn link(&self, link: &Path, path: &StorePath) -> Pulse;
}
