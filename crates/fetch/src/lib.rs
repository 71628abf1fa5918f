//! Http by curl, and files over it.
//!
//! Blocking; knows no git: what git's configuration says of http is handed in as [`http::Settings`].

pub mod fault;
pub mod clock;
pub mod netrc;
pub mod http;
mod place;
mod target;
mod handles;
pub mod download;
pub mod compression;
pub mod name;
pub mod tar;

pub use clock::Clock;
pub use fault::Fault;
pub use handles::Handles;
pub use target::Target;
