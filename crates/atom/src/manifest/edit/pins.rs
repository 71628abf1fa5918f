//! Edits of `[pins]`.

use super::super::{GitAt, Manifest, Pin, PinSource, Value};
use super::{EditError, checked, splice};
use crate::Name;
use crate::document::print::quoted;
use crate::near::nearest;

/// Adds a pin, or makes the one of that name what is given: keys that say the same already stay as
/// they are written.
///
/// # Errors
///
/// See [`EditError`]; the text is never changed in part.
pub fn add_pin(text: &str, name: &Name, pin: &Pin) -> Result<String, EditError> {
    let mut expected = Manifest::parse_own(text)?;
    let before = expected.pins.insert(name.clone(), public(pin));
    let (old, new) = (
        before.as_ref().map(entries).unwrap_or_default(),
        entries(pin),
    );
    let mut text = text.to_owned();
    for (key, _) in old.iter().filter(|it| !new.contains(it)) {
        text = splice::remove(&text, &["pins", name.as_str(), key]);
    }
    let table = format!("pins.{name}");
    let what = || match &before {
        None => format!("add the pin `{name}`"),
        Some(_) => format!("change the pin `{name}`"),
    };
    let missing: Vec<_> = new.iter().filter(|it| !old.contains(it)).collect();
    let Some((last, firsts)) = missing.split_last() else {
        return checked(vec![text], &expected, &table, what);
    };
    let ways = |text: &str, (key, value): &Entry| {
        splice::insert(text, &["pins", name.as_str()], key, value)
    };
    for entry in firsts {
        // The first way that leaves all else as it was; the last step sees to the pin itself.
        let mut texts = ways(&text, entry);
        let at = texts.iter().position(|it| same_beside(it, &expected, name));
        text = match at {
            Some(at) => texts.swap_remove(at),
            None => return checked(texts, &expected, &table, what),
        };
    }
    checked(ways(&text, last), &expected, &table, what)
}

/// Removes a pin.
///
/// # Errors
///
/// See [`EditError`]; the text is never changed in part.
pub fn remove_pin(text: &str, name: &Name) -> Result<String, EditError> {
    let mut expected = Manifest::parse_own(text)?;
    if expected.pins.remove(name).is_none() {
        let names = expected.pins.keys().map(Name::as_str);
        return Err(EditError::NoSuchPin {
            pin: name.clone(),
            nearest: nearest(name.as_str(), names).map(str::to_owned),
        });
    }
    let after = splice::remove(text, &["pins", name.as_str()]);
    checked(vec![after], &expected, "pins", || {
        format!("remove the pin `{name}`")
    })
}

/// A key of a pin's table, and its value as TOML.
type Entry = (&'static str, String);

/// What a pin's table says, the source first: a pin is one as soon as it has that.
fn entries(pin: &Pin) -> Vec<Entry> {
    let mut entries = match &pin.source {
        PinSource::Git { url, at } => {
            let at = match at {
                GitAt::Head => None,
                GitAt::Ref(it) => Some(("ref", quoted(it))),
                GitAt::Rev(it) => Some(("rev", quoted(&it.to_string()))),
                GitAt::Version(it) => Some(("version", quoted(&it.to_string()))),
            };
            let git = ("git", quoted(&url.public().to_string()));
            [git].into_iter().chain(at).collect()
        }
        PinSource::Tar { url } => vec![("tar", quoted(url.as_str()))],
        PinSource::Url { url } => vec![("url", quoted(url.as_str()))],
    };
    entries.extend(pin.entry.iter().map(|it| ("entry", quoted(it))));
    if !pin.args.is_empty() {
        entries.push(("args", Value::Table(pin.args.clone()).to_string()));
    }
    entries
}

/// The pin as a manifest may hold it: without credentials.
fn public(pin: &Pin) -> Pin {
    let mut pin = pin.clone();
    if let PinSource::Git { url, .. } = &mut pin.source {
        *url = url.public();
    }
    pin
}

/// Whether a text says all that is expected but for one pin, of which it may say anything.
fn same_beside(text: &str, expected: &Manifest, name: &Name) -> bool {
    let mut expected = expected.clone();
    expected.pins.remove(name);
    Manifest::parse_own(text)
        .is_ok_and(|mut found| found.pins.remove(name).is_some() && found == expected)
}
