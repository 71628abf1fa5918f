//! Refs of a remote, by prefix.
