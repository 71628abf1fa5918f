//! The repository one works in: discovery, revisions, remotes.
