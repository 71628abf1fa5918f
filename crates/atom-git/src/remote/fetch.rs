//! Objects of a remote, by id, at depth 1.
