//! The contents of locked pins, put where those of atoms lie.

use std::path::PathBuf;

use atom::Name;
use atom::lock::{Lock, LockedPin, LockedPinSource};

use super::PinsError;
use super::file::{Files, From, store_name};
use super::git::Git;
use crate::context::Context;
use crate::error::Error;
use crate::fetch::{FetchError, Outcome, Place, Shelf, Source, Stored};
use crate::remotes::Remotes;

/// One pin's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The pin.
    pub name: Name,
    /// `git`, `tar` or `url`.
    pub kind: &'static str,
    /// `sha256-…`: of its NAR, or of the file that it is.
    pub hash: String,
    /// Its folder, or its file, absolute.
    pub path: PathBuf,
    /// What was done.
    pub outcome: Outcome,
}

/// The pins of a lock that are meant: those of these names.
///
/// # Errors
///
/// [`PinsError::NotFound`].
pub(crate) fn chosen<'a>(lock: &'a Lock, names: &[Name]) -> Result<Vec<&'a LockedPin>, PinsError> {
    let of = |name: &Name| lock.pins.iter().find(|it| it.name == *name);
    let found = names.iter().map(|name| {
        of(name).ok_or_else(|| PinsError::NotFound {
            name: name.to_string(),
            known: lock.pins.iter().map(|it| it.name.clone()).collect(),
        })
    });
    found.collect()
}

/// Brings what is not there, and puts each in its place.
///
/// # Errors
///
/// [`PinsError`] for what is not as it was locked, [`FetchError::Shelf`], and what keeps remotes
/// from answering.
pub(crate) fn put(
    ctx: &Context<'_>,
    shelf: &Shelf,
    stored: &Stored<'_>,
    pins: &[&LockedPin],
) -> Result<Vec<Fetched>, Error> {
    let mut remotes = None;
    let mut fetched = Vec::new();
    for pin in pins {
        ctx.check_interrupt()?;
        let (kind, hash, path, place) = match &pin.source {
            LockedPinSource::Git { nar, .. } => {
                let place = shelf.look(*nar).map_err(FetchError::from)?;
                ("git", nar.to_string(), shelf.path(*nar), place)
            }
            LockedPinSource::Tar { nar, .. } => {
                let place = shelf.look(*nar).map_err(FetchError::from)?;
                ("tar", nar.to_string(), shelf.path(*nar), place)
            }
            LockedPinSource::Url { url, hash } => {
                let name = store_name(url);
                let place = shelf.look_file(*hash, &name).map_err(FetchError::from)?;
                (
                    "url",
                    hash.to_string(),
                    shelf.file_path(*hash, &name),
                    place,
                )
            }
        };
        if place == Place::Free && !stored.restore(shelf, &source(pin))? {
            if remotes.is_none() {
                remotes = Some(Remotes::open(ctx)?);
            }
            let remotes = remotes.as_ref().expect("they were opened above");
            one(ctx, shelf, remotes, pin)?;
        }
        fetched.push(Fetched {
            name: pin.name.clone(),
            kind,
            hash,
            path,
            outcome: match place {
                Place::Free => Outcome::New,
                Place::Taken => Outcome::Present,
            },
        });
    }
    Ok(fetched)
}

/// What a pin is in the store.
pub(crate) fn source(pin: &LockedPin) -> Source {
    match &pin.source {
        LockedPinSource::Git { nar, .. } | LockedPinSource::Tar { nar, .. } => Source::Tree(*nar),
        LockedPinSource::Url { url, hash } => Source::File(*hash, store_name(url)),
    }
}

fn one(
    ctx: &Context<'_>,
    shelf: &Shelf,
    remotes: &Remotes<'_>,
    pin: &LockedPin,
) -> Result<(), Error> {
    let files = Files {
        ctx,
        remotes,
        shelf,
    };
    match &pin.source {
        LockedPinSource::Git { git, rev, nar, .. } => {
            let git_pins = Git { ctx, remotes };
            let (tree, nar) = git_pins.content(&pin.name, git, (*rev, Some(*nar)))?;
            let objects = remotes.cache().objects();
            let put = shelf.put(&objects, tree, nar);
            Ok(put.map_err(FetchError::from)?)
        }
        LockedPinSource::Tar { tar, nar } => {
            let from = (Some(*nar), From::Anywhere);
            files.tar(&pin.name, tar, from).map(drop)
        }
        LockedPinSource::Url { url, hash } => {
            let from = (Some(*hash), From::Anywhere);
            files.url(&pin.name, url, from).map(drop)
        }
    }
}
