//! Remotes: listing, fetching, pushing.
//!
//! One [`Session`] a remote: it lists by prefix and fetches by id over one connection,
//! in git's protocol v2, or v0 and v1 where a server speaks nothing else.
//! Pushing is git's own work, see [`push`](mod@push).

pub mod error;
pub mod options;
pub mod session;
pub mod list;
pub mod atoms;
pub mod fetch;
pub mod push;

mod by_url;
mod capabilities;
mod credentials;
mod guard;
mod http;
mod pipe;
mod pkt;
mod settings;
mod wire;
mod words;

pub use atoms::{AtomListing, VersionRefs};
pub use error::{Fault, RemoteError};
pub use fetch::{Depth, Fetched, Filter};
pub use list::{Listing, RefKind, RemoteRef};
pub use options::{Limits, Prompt, Retry, TransportOptions};
pub use session::Session;
pub use settings::of_download;
