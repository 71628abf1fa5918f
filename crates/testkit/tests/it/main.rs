//! The harness, tried against the programs it stands on.

mod http;
