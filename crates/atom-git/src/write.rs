//! Trees and commits, never a blob.
