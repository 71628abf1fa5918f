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

pub mod local;
mod remotes;
pub mod resolve;

pub mod new;
pub mod settings;

pub use context::{Context, Network, Outside, Person};
pub use error::Error;
pub use exit::Exit;
