//! What changed between a manifest and the lock that answers it, and between two locks.
