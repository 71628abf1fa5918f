//! Ref names to (id, version, part) and back.
