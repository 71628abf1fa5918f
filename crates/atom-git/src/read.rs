//! What atoms a commit holds.
