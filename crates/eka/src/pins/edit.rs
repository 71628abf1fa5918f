//! Pins of the manifest, added and taken out.

use std::collections::BTreeMap;

use atom::manifest::{self, EditError, GitAt, Manifest, Pin, PinSource};
use atom::uri::{Repository, Uri, Wanted};
use atom::url::RepoUrl;
use atom::{Name, NameError};

use super::PinsError;
use super::error::ValueError;
use crate::context::Context;
use crate::error::Error;

/// A pin, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a pin comes from, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A git repository: its URL, an alias or a path, and what of it.
    Git(String, At),
    /// The URL of an archive.
    Tar(String),
    /// The URL of a file.
    Url(String),
}

/// Which commit of a repository is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Whatever its `HEAD` is.
    Head,
    /// A branch, a tag or a full ref name.
    Ref(String),
    /// A commit.
    Rev(String),
    /// The newest tag that is a version and matches this requirement.
    Version(String),
}

/// A pin of the manifest that was added or taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its name.
    pub name: Name,
    /// What the manifest says, or said, of where it comes from.
    pub source: PinSource,
}

/// Adds a pin to the text of a manifest, or changes the one of that name.
pub(crate) fn add(
    ctx: &Context<'_>,
    manifest: &Manifest,
    text: &mut String,
    asked: &Asked,
) -> Result<Edited, Error> {
    let name = parse::<Name, NameError>(&asked.name)?;
    let source = match &asked.source {
        Source::Tar(url) => PinSource::Tar { url: parse(url)? },
        Source::Url(url) => PinSource::Url { url: parse(url)? },
        Source::Git(text, at) => PinSource::Git {
            url: repository(ctx, text)?,
            at: match at {
                At::Head => GitAt::Head,
                At::Ref(it) => GitAt::Ref(it.clone()),
                At::Rev(it) => GitAt::Rev(parse(it)?),
                At::Version(it) => GitAt::Version(parse(it)?),
            },
        },
    };
    put(manifest, text, name, source)
}

/// As [`add`], of a ref that a URI names; the pin is called after the repository where no name is
/// given.
pub(crate) fn add_ref(
    manifest: &Manifest,
    text: &mut String,
    name: Result<&str, Name>,
    (url, ref_name): (RepoUrl, String),
) -> Result<Edited, Error> {
    let name = match name {
        Ok(given) => parse::<Name, NameError>(given)?,
        Err(made) => made,
    };
    let at = match ref_name.as_str() {
        "HEAD" => GitAt::Head,
        _ => GitAt::Ref(ref_name),
    };
    put(manifest, text, name, PinSource::Git { url, at })
}

/// Takes a pin out of the text of a manifest.
pub(crate) fn remove(manifest: &Manifest, text: &mut String, name: &str) -> Result<Edited, Error> {
    let Some((name, pin)) = by_name(manifest, name) else {
        return Err(PinsError::NotFound {
            name: name.to_owned(),
            known: manifest.pins.keys().cloned().collect(),
        }
        .into());
    };
    *text = manifest::remove_pin(text, name).map_err(edit)?;
    Ok(Edited {
        name: name.clone(),
        source: pin.source.clone(),
    })
}

/// Reads the name of a pin.
///
/// # Errors
///
/// [`PinsError::Value`].
pub fn name(text: &str) -> Result<Name, Error> {
    Ok(parse::<Name, NameError>(text)?)
}

/// The pin of that name.
pub(crate) fn by_name<'a>(manifest: &'a Manifest, name: &str) -> Option<(&'a Name, &'a Pin)> {
    let name: Name = name.parse().ok()?;
    manifest.pins.get_key_value(&name)
}

/// Writes a pin; an `entry` and `args` that it has already stay.
fn put(
    manifest: &Manifest,
    text: &mut String,
    name: Name,
    source: PinSource,
) -> Result<Edited, Error> {
    let pin = match manifest.pins.get(&name) {
        Some(old) => Pin {
            source,
            ..old.clone()
        },
        None => Pin {
            source,
            entry: None,
            args: BTreeMap::new(),
        },
    };
    *text = manifest::add_pin(text, &name, &pin).map_err(edit)?;
    Ok(Edited {
        name,
        source: pin.source,
    })
}

fn repository(ctx: &Context<'_>, text: &str) -> Result<RepoUrl, Error> {
    let uri = Uri::parse(text, &ctx.aliases)?;
    match (uri.repository, uri.wanted) {
        (Repository::At(url), Wanted::Set) => Ok(crate::here::absolute(ctx, url)),
        _ => Err(PinsError::NoRepository {
            text: text.to_owned(),
        }
        .into()),
    }
}

fn parse<T, E>(text: &str) -> Result<T, PinsError>
where
    T: std::str::FromStr<Err = E>,
    ValueError: From<E>,
{
    let value = text.parse::<T>();
    value.map_err(|error| PinsError::Value(error.into()))
}

fn edit(error: EditError) -> crate::add::AddError {
    error.into()
}
