//! The root of a set: the oldest parentless ancestor.
