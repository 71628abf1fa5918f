//! From the pins of a manifest to those of its lock: what answers already stays.

use std::collections::BTreeSet;

use atom::Name;
use atom::lock::diff::answers_pin;
use atom::lock::{LockedPin, LockedPinSource};
use atom::manifest::{Manifest, Pin, PinSource};

use super::file::{Files, From};
use super::git::Git;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::{FetchError, Owner, Shelf};
use crate::remotes::Remotes;

/// The cache's folder of contents.
pub(super) fn shelf(ctx: &Context<'_>) -> Result<Shelf, Error> {
    let folder = ctx.cache_dir()?.join("src");
    Ok(Shelf::open(folder, Owner::Cache).map_err(FetchError::from)?)
}

/// Which pins are resolved anew, beside those that do not answer.
#[derive(Debug, Clone, Default)]
pub(crate) enum Fresh {
    /// None.
    #[default]
    Nothing,
    /// These.
    Named(BTreeSet<Name>),
    /// All.
    All,
}

/// Resolves the pins of one command.
pub(crate) struct Pins<'a> {
    ctx: &'a Context<'a>,
    remotes: &'a Remotes<'a>,
    /// What was resolved: several manifests may have the same source, and must get the same.
    known: Vec<(PinSource, LockedPinSource)>,
}

impl<'a> Pins<'a> {
    /// Nothing is asked yet.
    pub(crate) const fn new(ctx: &'a Context<'a>, remotes: &'a Remotes<'a>) -> Self {
        Self {
            ctx,
            remotes,
            known: Vec::new(),
        }
    }

    /// The locked pins of a manifest, in its order: those of `old` that answer and are not `fresh`
    /// as they are, the others as their sources are now.
    ///
    /// # Errors
    ///
    /// [`PinsError`] for what cannot be locked, and what keeps remotes from answering.
    pub(crate) fn settle(
        &mut self,
        manifest: &Manifest,
        old: &[LockedPin],
        fresh: &Fresh,
    ) -> Result<Vec<LockedPin>, Error> {
        let mut pins = Vec::new();
        for (name, pin) in &manifest.pins {
            self.ctx.check_interrupt()?;
            let before = old.iter().find(|it| it.name == *name).map(|it| &it.source);
            let stays = match fresh {
                Fresh::Nothing => true,
                Fresh::Named(names) => !names.contains(name),
                Fresh::All => false,
            };
            let answers = before.filter(|it| stays && answers_pin(&pin.source, it));
            let source = match answers {
                Some(it) => it.clone(),
                None => self.resolve(name, pin, before)?,
            };
            let name = name.clone();
            pins.push(LockedPin { name, source });
        }
        Ok(pins)
    }

    fn resolve(
        &mut self,
        name: &Name,
        pin: &Pin,
        old: Option<&LockedPinSource>,
    ) -> Result<LockedPinSource, Error> {
        let same = self.known.iter().find(|(source, _)| *source == pin.source);
        if let Some((_, locked)) = same {
            return Ok(locked.clone());
        }
        let (ctx, remotes) = (self.ctx, self.remotes);
        let locked = match &pin.source {
            PinSource::Git { url, at } => Git { ctx, remotes }.lock(name, (url, at), old)?,
            PinSource::Tar { url } => {
                let shelf = &shelf(ctx)?;
                let files = Files {
                    ctx,
                    remotes,
                    shelf,
                };
                LockedPinSource::Tar {
                    tar: url.clone(),
                    nar: files.tar(name, url, (None, From::Origin))?,
                }
            }
            PinSource::Url { url } => {
                let shelf = &shelf(ctx)?;
                let files = Files {
                    ctx,
                    remotes,
                    shelf,
                };
                LockedPinSource::Url {
                    url: url.clone(),
                    hash: files.url(name, url, (None, From::Origin))?,
                }
            }
        };
        self.known.push((pin.source.clone(), locked.clone()));
        Ok(locked)
    }
}
