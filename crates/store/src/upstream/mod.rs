//! Binary caches: paths brought from them, checked, and paths copied to them.
//!
//! Of each question there are three answers, never two: there (`Some`), not there (`None`), and an
//! error where it could not be found out, or is not to be believed.

mod address;
mod means;
mod error;
mod pipe;
mod place;
mod folder;
mod bucket;
mod answers;
mod cache;
mod several;
mod nar;
mod content;
mod bring;
mod send;

pub use address::{Address, AddressError};
pub use bring::{BringError, Brought, Limits, Progress};
pub use cache::{Trust, Upstream, UpstreamConfig};
pub use error::{NarFault, RealisationFault, Silence, UpstreamError};
pub use means::{Means, Memory, SettingsOf};
pub use send::{Listings, SendError, SendProgress, Sending, Sent};
pub use several::{Found, NotFound, Upstreams};
