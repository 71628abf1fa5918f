//! The workflows of eka: a request in, a report out.
//!
//! A workflow is a function over a [`context::Context`], which holds all of the outside that it
//! may touch. It prints nothing: what it has to say meanwhile goes to [`event::Events`].

pub mod context;
pub mod exit;
pub mod error;
pub mod event;
pub mod escape;
pub mod env;
pub mod config;
pub mod project;
pub mod files;
pub mod reference;
mod limits;
pub mod remotes;
pub mod target;
pub mod patches;

mod here;
pub mod local;
pub mod resolve;
pub mod lock;
pub mod add;
pub mod import;
pub mod update;
pub mod pins;

pub mod new;
pub mod settings;
pub mod init;
pub mod publish;
pub mod mirror;
pub mod notice;
pub mod versions;
pub mod info;
pub mod fetch;
pub mod look;
pub mod tree;
pub mod outdated;
pub mod why;
pub mod diff;
pub mod verify;
pub mod refs;
pub mod nar;
pub mod drv;
pub mod store;

pub use context::{Context, Network, Outside, Person};
pub use error::Error;
pub use exit::Exit;
