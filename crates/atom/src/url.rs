//! Where a repository lies: a checked, canonical URL or local path.
