//! `--locked` and `--frozen`, which several commands take.

use eka::lock::Locking;
use eka::{Network, env};

use crate::failure::Failure;
use crate::session::Session;

/// Whether the lock may change, and whether remotes may be asked.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(id = "locking")]
pub(crate) struct Args {
    /// Change no lock: fail where it does not answer the manifest [env: EKA_LOCKED]
    #[arg(long)]
    locked: bool,

    /// As `--locked` and `--offline` together [env: EKA_FROZEN]
    #[arg(long)]
    frozen: bool,
}

impl Args {
    /// What the flags and their variables come to; `--frozen` takes the network away.
    pub(crate) fn apply(self, session: &mut Session<'_>) -> Result<Locking, Failure> {
        let on = |variable| -> Result<bool, Failure> {
            let value = session.ctx.env.switch(variable);
            Ok(value
                .map_err(eka::context::ContextError::from)
                .map_err(eka::Error::from)?
                .unwrap_or(false))
        };
        let (by_frozen, by_locked) = (on(env::FROZEN)?, on(env::LOCKED)?);
        let frozen = match (self.frozen, by_frozen) {
            (true, _) => Some("--frozen"),
            (false, true) => Some("EKA_FROZEN"),
            (false, false) => None,
        };
        if let Some(by) = frozen {
            if session.ctx.network == Network::Online {
                session.ctx.network = Network::Offline { by };
            }
            return Ok(Locking::Locked { by });
        }
        Ok(match (self.locked, by_locked) {
            (true, _) => Locking::Locked { by: "--locked" },
            (false, true) => Locking::Locked { by: "EKA_LOCKED" },
            (false, false) => Locking::Free,
        })
    }
}
