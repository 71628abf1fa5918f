//! The harness, tried against the programs it stands on.

mod http;
mod daemon;
mod proxy;
mod kill;
mod generated;
