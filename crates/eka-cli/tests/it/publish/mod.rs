//! `eka publish`, against real remotes.

mod shop;
mod first;
mod chosen;
mod again;
mod refused;
mod remotes;
mod odd;
mod golden;
mod race;
mod killed;

pub(crate) use shop::{Ran, Shop, refs};
