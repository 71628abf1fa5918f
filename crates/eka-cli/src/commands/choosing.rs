//! Which versions a resolution takes, which several commands let one say.

use eka::lock::{Choosing, Order, Yanked};

/// Which of several fitting versions are taken.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(id = "choosing")]
pub(crate) struct Args {
    /// Take the oldest versions that fit instead of the newest, where the lock holds none
    #[arg(long, conflicts_with = "direct_minimal")]
    minimal_versions: bool,

    /// The same, for what the manifest itself names alone
    #[arg(long)]
    direct_minimal: bool,

    /// Take yanked versions, for this once, where there is no answer without them
    #[arg(long)]
    allow_yanked: bool,
}

impl Args {
    pub(crate) const fn choosing(self) -> Choosing {
        let order = match (self.minimal_versions, self.direct_minimal) {
            (true, _) => Order::Minimal,
            (false, true) => Order::DirectMinimal,
            (false, false) => Order::Newest,
        };
        let yanked = if self.allow_yanked {
            Yanked::Allowed
        } else {
            Yanked::Refused
        };
        Choosing { order, yanked }
    }
}
