//! From a text to a lock.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use toml::de::DeValue;

use super::error::LockValueError;
use super::{DepRef, GitAsked, Lock, LockFault, LockFaults, LockedAtom, LockedPin, Names};
use super::{LockedPinSource, LockedSet, Patched, PatchedFrom, Place, Require, SetRef};
use crate::document::{self, Faults, Keys, Section, Text, TomlFault};
use crate::document::{span, span_unless_secret, wrong_type};
use crate::git_ref::is_ref;
use crate::url::RepoUrl;
use crate::{AtomId, Digest, Id, Root};

type Found = Faults<LockFault>;

const AFTER_MERGE: &str = "run `eka lock`, which reads both sides and writes the lock anew; where `atom.toml` has markers too, merge that first";
const NO_PARTNER: &str =
    "take one side whole, such as by `git checkout --ours atom.lock`, then run `eka lock`";
const TOP: &[&str] = &["version", "require", "set", "atom", "pin"];
const PUBLISHED: &[&str] = &[
    "id", "version", "digest", "set", "rev", "spec", "nar", "deps",
];
const PATCHED_FOLDER: &[&str] = &["id", "version", "digest", "set", "folder", "deps"];
const PATCHED: &[&str] = &[
    "id", "version", "digest", "set", "origin", "root", "rev", "spec", "nar", "deps",
];
const LOCAL: &[&str] = &["id", "version", "set", "path", "deps"];

const BY_LOCK: &str = "run `eka lock` to write the lock anew";

pub(super) fn parse(text: &str) -> Result<Lock, LockFaults> {
    let (lock, faults) = read(text);
    LockFaults::of(faults).map_or(Ok(lock), Err)
}

/// The same of a lock that may hold patched atoms.
pub(super) fn parse_patched(text: &str) -> Result<Lock, LockFaults> {
    let (lock, mut faults) = read(text);
    faults.retain(|it| !matches!(it, LockFault::Patched { .. }));
    LockFaults::of(faults).map_or(Ok(lock), Err)
}

/// Reads what of a lock can be read: what does not fit is left out, and what is patched.
pub(super) fn parse_remains(text: &str) -> Result<Lock, LockFaults> {
    let (mut lock, mut faults) = read(text);
    faults.retain(LockFault::leaves_no_remains);
    lock.atoms
        .retain(|it| !matches!(it.place, Place::Patched(_)));
    LockFaults::of(faults).map_or(Ok(lock), Err)
}

/// The fault of a conflict marker that has no partner.
pub(super) fn no_partner(at: &Range<usize>) -> LockFaults {
    let (help, span) = (NO_PARTNER, span(at));
    LockFaults {
        faults: vec![TomlFault::Conflict { help, span }.into()],
    }
}

/// Reads as much as there is, and all that is wrong with it.
fn read(text: &str) -> (Lock, Vec<LockFault>) {
    let (table, toml) = document::read(text, AFTER_MERGE);
    let mut faults = Found::new(text, Keys::Known, toml);
    let top = Section::top(table.get_ref());
    if let Some(newer) = version(&top, &mut faults) {
        // Whatever else is new about it is no fault of its own.
        return (Lock::default(), vec![newer]);
    }
    top.only(TOP, &mut faults);
    let requires = requires(&top, &mut faults);
    let sets = sets(&top, &mut faults);
    let atoms = atoms(&top, &mut faults);
    let pins = pins(&top, &mut faults);
    declared(&requires, &sets, &atoms, &mut faults);
    let lock = Lock {
        requires: requires.into_iter().map(|it| it.value).collect(),
        sets: sets.into_iter().map(|it| it.value).collect(),
        atoms: atoms.iter().map(|it| it.value.0.clone()).collect(),
        pins,
    };
    named(&lock, &atoms, &mut faults);
    (lock, faults.in_order())
}

/// A value and where its set, or what else names it, stands.
struct At<T> {
    value: T,
    span: Range<usize>,
}

/// An atom with the places of its dependencies.
type AtomAt = At<(LockedAtom, Vec<Range<usize>>)>;

/// Checks the lock's version; returns the one fault that makes all others void.
fn version(top: &Section<'_, '_>, faults: &mut Found) -> Option<LockFault> {
    let Some(value) = top.get("version") else {
        top.missing("version", BY_LOCK, faults);
        return None;
    };
    let DeValue::Integer(it) = value.get_ref() else {
        let fault = wrong_type(value, "version".to_owned(), "the integer `1`");
        faults.push(&value.span(), fault);
        return None;
    };
    let found = i64::from_str_radix(it.as_str(), it.radix()).ok()?;
    let span = span(&value.span());
    match found {
        Lock::VERSION => {}
        ..Lock::VERSION => faults.push(&value.span(), LockFault::NoSuchVersion { found, span }),
        _ => return Some(LockFault::Newer { found, span }),
    }
    None
}

fn requires(top: &Section<'_, '_>, faults: &mut Found) -> Vec<At<Require>> {
    let mut seen = BTreeSet::new();
    let mut requires = Vec::new();
    for table in top.sections("require", faults) {
        table.only(&["id", "req", "set"], faults);
        let id = required(&table, "id", faults);
        let req = required(&table, "req", faults);
        let set = required(&table, "set", faults);
        let (Some(id), Some(req), Some(set)) = (id, req, set) else {
            continue;
        };
        let require = Require { id, req, set };
        if !seen.insert((require.id.clone(), set)) {
            duplicate(format!("requirement `{}`", require.id), &table, faults);
        }
        requires.push(At {
            value: require,
            span: value_span(&table, "set"),
        });
    }
    requires
}

fn sets(top: &Section<'_, '_>, faults: &mut Found) -> Vec<At<LockedSet>> {
    let mut seen = BTreeSet::new();
    let mut sets = Vec::new();
    for table in top.sections("set", faults) {
        table.only(&["root", "names", "origin", "mirrors"], faults);
        let root: Option<Root> = required(&table, "root", faults);
        let texts = table.texts("names", faults);
        let names = texts.iter().filter_map(|it| value(it, faults)).collect();
        let origin = table.required("origin", BY_LOCK, faults);
        let origin = origin.and_then(|it| repository(&it, faults));
        let mirrors = table.texts("mirrors", faults);
        let mirrors = mirrors.iter().filter_map(|it| repository(it, faults));
        let mirrors = mirrors.collect();
        let (Some(root), Some(origin)) = (root, origin) else {
            continue;
        };
        if !seen.insert(root) {
            duplicate(format!("set `{root}`"), &table, faults);
        }
        let set = LockedSet {
            root,
            names,
            origin,
            mirrors,
        };
        sets.push(At {
            value: set,
            span: table.span.clone(),
        });
    }
    sets
}

fn atoms(top: &Section<'_, '_>, faults: &mut Found) -> Vec<AtomAt> {
    let tables = top.sections("atom", faults);
    tables.iter().filter_map(|it| atom(it, faults)).collect()
}

fn atom(table: &Section<'_, '_>, faults: &mut Found) -> Option<AtomAt> {
    let set = required(table, "set", faults);
    let patched = [("folder", PATCHED_FOLDER), ("origin", PATCHED)];
    let patched = patched.iter().find(|it| table.get(it.0).is_some());
    match (set, patched) {
        (Some(SetRef::Here), _) => table.only(LOCAL, faults),
        (_, Some((_, keys))) => table.only(keys, faults),
        _ => table.only(PUBLISHED, faults),
    }
    let id = required(table, "id", faults);
    let version = required(table, "version", faults);
    let texts = table.texts("deps", faults);
    let deps: Vec<(DepRef, Range<usize>)> = texts
        .iter()
        .filter_map(|it| Some((value(it, faults)?, it.span.clone())))
        .collect();
    let place = match set? {
        SetRef::Here => required(table, "path", faults).map(|path| Place::Local { path }),
        SetRef::Root(root) if patched.is_some() => self::patched(table, root, id.as_ref(), faults),
        SetRef::Root(root) => published(table, root, id.as_ref(), faults),
    };
    let (deps, spans) = deps.into_iter().unzip();
    let atom = LockedAtom {
        id: id?,
        version: version?,
        place: place?,
        deps,
    };
    Some(At {
        value: (atom, spans),
        span: value_span(table, "set"),
    })
}

fn published(
    table: &Section<'_, '_>,
    root: Root,
    id: Option<&Id>,
    faults: &mut Found,
) -> Option<Place> {
    let digest = digest(table, root, id, faults);
    let rev = required(table, "rev", faults);
    let spec = required(table, "spec", faults);
    let nar = required(table, "nar", faults);
    Some(Place::Published {
        root,
        digest: digest?,
        rev: rev?,
        spec: spec?,
        nar: nar?,
    })
}

/// What stands in for an atom. That it does is a fault where a lock is committed.
fn patched(
    table: &Section<'_, '_>,
    root: Root,
    id: Option<&Id>,
    faults: &mut Found,
) -> Option<Place> {
    let digest = digest(table, root, id, faults);
    let key = match table.get("folder") {
        Some(_) => "folder",
        None => "origin",
    };
    let at = value_span(table, key);
    let fault = LockFault::Patched {
        id: id.map_or_else(|| "?".to_owned(), Id::to_string),
        span: span(&at),
    };
    faults.push(&at, fault);
    let from = if key == "folder" {
        let path = table.required("folder", BY_LOCK, faults);
        path.map(|it| PatchedFrom::Folder {
            path: it.value.to_owned(),
        })
    } else {
        let origin = table.required("origin", BY_LOCK, faults);
        let origin = origin.and_then(|it| repository(&it, faults));
        let other: Option<Root> = required(table, "root", faults);
        let rev = required(table, "rev", faults);
        let spec = required(table, "spec", faults);
        let nar = required(table, "nar", faults);
        let set = other.zip(origin).map(|(root, origin)| LockedSet {
            root,
            names: Vec::new(),
            origin,
            mirrors: Vec::new(),
        });
        Some(PatchedFrom::Repository {
            set: set?,
            rev: rev?,
            spec: spec?,
            nar: nar?,
        })
    };
    Some(Place::Patched(Box::new(Patched {
        root,
        digest: digest?,
        from: from?,
    })))
}

/// The digest, which must be that of the set and the id.
fn digest(
    table: &Section<'_, '_>,
    root: Root,
    id: Option<&Id>,
    faults: &mut Found,
) -> Option<Digest> {
    let digest: Option<Digest> = required(table, "digest", faults);
    if let (Some(id), Some(digest)) = (id, digest) {
        let expected = AtomId::new(root, id.clone()).digest();
        let at = value_span(table, "digest");
        if expected != digest {
            let fault = LockFault::WrongDigest {
                id: id.to_string(),
                expected,
                span: span(&at),
            };
            faults.push(&at, fault);
        }
    }
    digest
}

fn pins(top: &Section<'_, '_>, faults: &mut Found) -> Vec<LockedPin> {
    let mut seen = BTreeSet::new();
    let mut pins = Vec::new();
    for table in top.sections("pin", faults) {
        let name: Option<crate::Name> = required(&table, "name", faults);
        let source = pin_source(&table, faults);
        let (Some(name), Some(source)) = (name, source) else {
            continue;
        };
        if !seen.insert(name.clone()) {
            duplicate(format!("pin `{name}`"), &table, faults);
        }
        pins.push(LockedPin { name, source });
    }
    pins
}

fn pin_source(table: &Section<'_, '_>, faults: &mut Found) -> Option<LockedPinSource> {
    let named: Vec<&str> = ["git", "tar", "url"]
        .into_iter()
        .filter(|it| table.has(it))
        .collect();
    match named[..] {
        ["git"] => git_pin(table, faults),
        ["tar"] => {
            table.only(&["name", "tar", "nar"], faults);
            let (tar, nar) = (
                required(table, "tar", faults),
                required(table, "nar", faults),
            );
            Some(LockedPinSource::Tar {
                tar: tar?,
                nar: nar?,
            })
        }
        ["url"] => {
            table.only(&["name", "url", "hash"], faults);
            let (url, hash) = (
                required(table, "url", faults),
                required(table, "hash", faults),
            );
            Some(LockedPinSource::Url {
                url: url?,
                hash: hash?,
            })
        }
        _ => {
            let fault = LockFault::PinSource {
                pin: called(table),
                found: named.len(),
                span: span(&table.span),
            };
            faults.push(&table.span, fault);
            None
        }
    }
}

fn git_pin(table: &Section<'_, '_>, faults: &mut Found) -> Option<LockedPinSource> {
    table.only(&["name", "git", "ref", "version", "rev", "nar"], faults);
    let git = table
        .text("git", faults)
        .and_then(|it| repository(&it, faults));
    let rev = required(table, "rev", faults);
    let nar = required(table, "nar", faults);
    let asked = match (table.text("ref", faults), table.text("version", faults)) {
        (None, None) => GitAsked::Commit,
        (Some(it), None) if is_ref(it.value) => GitAsked::Ref(it.value.to_owned()),
        (Some(it), None) => {
            let text = it.value.to_owned();
            faults.push(&it.span, value_fault(LockValueError::GitRef { text }, &it));
            return None;
        }
        (None, Some(it)) => GitAsked::Version(value(&it, faults)?),
        (Some(it), Some(_)) => {
            let fault = LockFault::PinRevision {
                pin: called(table),
                span: span(&it.span),
            };
            faults.push(&it.span, fault);
            return None;
        }
    };
    Some(LockedPinSource::Git {
        git: git?,
        asked,
        rev: rev?,
        nar: nar?,
    })
}

/// A pin, as an error calls it.
fn called(table: &Section<'_, '_>) -> String {
    let name = table.get("name").and_then(|it| it.get_ref().as_str());
    name.map_or_else(|| "a pin".to_owned(), |it| format!("pin `{it}`"))
}

/// Every set that is named is declared.
fn declared(
    requires: &[At<Require>],
    sets: &[At<LockedSet>],
    atoms: &[AtomAt],
    faults: &mut Found,
) {
    let roots: BTreeSet<Root> = sets.iter().map(|it| it.value.root).collect();
    let required = requires.iter().map(|it| (it.value.set, &it.span));
    let locked = atoms.iter().map(|it| (it.value.0.set(), &it.span));
    for (set, at) in required.chain(locked) {
        if let SetRef::Root(root) = set
            && !roots.contains(&root)
        {
            let (root, span) = (root.to_string(), span(at));
            faults.push(at, LockFault::UndeclaredSet { root, span });
        }
    }
}

/// Every atom has a name of its own, and every dependency is the name of one.
fn named(lock: &Lock, atoms: &[AtomAt], faults: &mut Found) {
    let (mut places, mut shorts) = (BTreeSet::new(), BTreeSet::new());
    for at in atoms {
        let atom = &at.value.0;
        let span = span(&at.span);
        let short = atom.digest().map(Digest::short);
        if !places.insert((&atom.id, &atom.version, atom.set())) {
            let what = format!("atom `{}`", atom.name());
            faults.push(&at.span, LockFault::Duplicate { what, span });
        } else if let Some(short) = short
            && !shorts.insert((&atom.id, &atom.version, short.clone()))
        {
            let name = format!("{}#{short}", atom.name());
            faults.push(&at.span, LockFault::EqualNames { name, span });
        }
    }
    let names = Names::of(&lock.atoms);
    for At {
        value: (atom, spans),
        ..
    } in atoms
    {
        for (dep, at) in atom.deps.iter().zip(spans) {
            if names.find(dep).is_some() {
                continue;
            }
            let (from, to, span) = (atom.name(), dep.to_string(), span(at));
            let several = names.n_alike(&dep.id, &dep.version) > 1;
            let fault = match (several, &dep.short) {
                (true, None) => LockFault::Ambiguous { from, to, span },
                _ => LockFault::Dangling { from, to, span },
            };
            faults.push(at, fault);
        }
    }
}

fn duplicate(what: String, table: &Section<'_, '_>, faults: &mut Found) {
    let span = span(&table.span);
    faults.push(&table.span, LockFault::Duplicate { what, span });
}

fn value_span(table: &Section<'_, '_>, key: &str) -> Range<usize> {
    table
        .get(key)
        .map_or_else(|| table.span.clone(), toml::Spanned::span)
}

fn required<T: FromStr>(table: &Section<'_, '_>, key: &'static str, faults: &mut Found) -> Option<T>
where
    LockValueError: From<T::Err>,
{
    let text = table.required(key, BY_LOCK, faults)?;
    value(&text, faults)
}

fn value<T: FromStr>(text: &Text<'_>, faults: &mut Found) -> Option<T>
where
    LockValueError: From<T::Err>,
{
    text.parse(faults, |error, it| value_fault(error, it))
}

fn value_fault(error: impl Into<LockValueError>, text: &Text<'_>) -> LockFault {
    LockFault::Value {
        key: text.path.clone(),
        error: error.into(),
        span: span_unless_secret(text),
    }
}

fn repository(text: &Text<'_>, faults: &mut Found) -> Option<RepoUrl> {
    let url = match RepoUrl::parse(text.value) {
        Ok(it) => it,
        Err(error) => {
            faults.push(&text.span, value_fault(error, text));
            return None;
        }
    };
    if url.public() != url {
        let key = text.path.clone();
        faults.push(&text.span, LockFault::Credentials { key });
    }
    Some(url)
}

impl FromStr for DepRef {
    type Err = LockValueError;

    /// Reads `<id>@<version>` or `<id>@<version>#<first 8 of digest>`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || LockValueError::DepRef {
            text: text.to_owned(),
        };
        let (id, rest) = text.split_once('@').ok_or_else(malformed)?;
        let (version, short) = match rest.split_once('#') {
            Some((version, short)) => (version, Some(short.to_owned())),
            None => (rest, None),
        };
        let base32hex = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'v');
        let well_formed = |it: &String| it.len() == 8 && it.bytes().all(base32hex);
        if !short.iter().all(well_formed) {
            return Err(malformed());
        }
        Ok(Self {
            id: id.parse()?,
            version: version.parse()?,
            short,
        })
    }
}
