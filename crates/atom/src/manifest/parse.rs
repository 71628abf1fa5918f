//! From a text to a manifest: `[atom]`, `[sets]` and `[deps]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::check;
use super::inputs::{build, pins};
use super::license;
use super::{Dep, Duplicates, Manifest, ManifestFault, ManifestFaults, Publish, Set, SetPlace};
use crate::document::{self, Faults, Keys, Section, Text, as_section, as_text, span};
use crate::document::{span_unless_secret, wrong_type};
use crate::url::RepoUrl;
use crate::{Id, Name, Requirement, Version};

/// Faults of a manifest.
pub(super) type Found = Faults<ManifestFault>;

/// The sets by name; none for one that could not be read, so that its dependencies are not told
/// that it is not declared.
pub(super) type Sets = BTreeMap<Name, Option<Set>>;

/// Whose manifest it is, and so what is asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    keys: Keys,
    ids: Ids,
    pub(super) places: Places,
}

#[derive(Debug, Clone, Copy)]
enum Ids {
    /// The full rule.
    Own,
    /// The rule for what exists already.
    Foreign,
}

/// Where sets and pins may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// Wherever the user's machine reaches.
    Anywhere,
    /// Where a stranger's does.
    Public,
}

impl Rules {
    pub(super) const OWN: Self = Self {
        keys: Keys::Known,
        ids: Ids::Own,
        places: Places::Anywhere,
    };
    pub(super) const FOREIGN: Self = Self {
        keys: Keys::Any,
        ids: Ids::Foreign,
        places: Places::Public,
    };
    pub(super) const PUBLISH: Self = Self {
        keys: Keys::Known,
        ids: Ids::Own,
        places: Places::Public,
    };
}

const AFTER_MERGE: &str =
    "choose one side, or join the two, and remove the marked lines; then run `eka lock`";
const TOP: &[&str] = &["atom", "sets", "deps", "pins", "build"];
const ATOM: &[&str] = &[
    "id",
    "version",
    "description",
    "license",
    "homepage",
    "tags",
    "duplicates",
    "publish",
];
const NEW_ID: &str = "add it: `id = \"my-atom\"`";
const NEW_VERSION: &str = "add it: `version = \"0.1.0\"`";

pub(super) fn parse(text: &str, rules: Rules) -> Result<Manifest, ManifestFaults> {
    let (table, toml) = document::read(text, AFTER_MERGE);
    let mut faults = Faults::new(text, rules.keys, toml);
    let top = Section::top(table.get_ref());
    top.only(TOP, &mut faults);
    let head = head(&top, rules, &mut faults);
    let sets = sets(&top, rules, &mut faults);
    let deps = deps(&top, &mut faults);
    let pins = pins(&top, rules, &mut faults);
    let build = build(&top, rules, &mut faults);
    let own_id = head.as_ref().map(|it| &it.id);
    check::deps(own_id, &sets, &deps, &mut faults);
    check::declared(&top, &sets, &mut faults);
    match (ManifestFaults::of(faults.in_order()), head) {
        (None, Some(head)) => Ok(Manifest {
            sets: sets
                .into_iter()
                .filter_map(|(name, set)| Some((name, set?)))
                .collect(),
            deps,
            pins,
            build,
            ..head
        }),
        (faults, _) => Err(faults.expect("a key that is required and missing is a fault")),
    }
}

/// Tells whether a text has an `[atom]` table, as cutting asks of each `atom.toml` below an atom:
/// `Some(Publish::Yes)` is an atom of its own, all else is content.
///
/// # Errors
///
/// What keeps the text from being TOML, or `publish` from being a boolean.
pub fn is_atom(text: &str) -> Result<Option<Publish>, ManifestFaults> {
    let (table, toml) = document::read(text, AFTER_MERGE);
    let mut faults = Found::new(text, Keys::Any, toml);
    let atom = table
        .get_ref()
        .get("atom")
        .and_then(|it| match it.get_ref() {
            DeValue::Table(_) => as_section(it, "atom".to_owned(), &mut faults),
            _ => None,
        });
    let publish = atom.map(|it| publish(&it, &mut faults));
    ManifestFaults::of(faults.in_order()).map_or(Ok(publish), Err)
}

fn publish(atom: &Section<'_, '_>, faults: &mut Found) -> Publish {
    match atom.bool("publish", faults) {
        Some(false) => Publish::No,
        _ => Publish::Yes,
    }
}

/// Reads `[atom]`: a manifest that has nothing else yet.
fn head(top: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Option<Manifest> {
    if !top.has("atom") {
        faults.push(&(0..0), ManifestFault::NoAtom);
    }
    let atom = top.section("atom", faults)?;
    atom.only(ATOM, faults);
    let id = atom
        .required("id", NEW_ID, faults)
        .and_then(|it| id(&it, rules.ids, faults));
    let version = atom.required("version", NEW_VERSION, faults);
    let version: Option<Version> = version.and_then(|it| it.parse(faults, version_fault));
    let license = atom.text("license", faults);
    let homepage = atom.text("homepage", faults);
    for it in license
        .iter()
        .filter(|it| !license::is_expression(it.value))
    {
        let (license, span) = (it.value.to_owned(), span(&it.span));
        faults.push(&it.span, ManifestFault::License { license, span });
    }
    for it in homepage.iter().filter(|it| !is_homepage(it.value)) {
        let (url, span) = (it.value.to_owned(), span(&it.span));
        faults.push(&it.span, ManifestFault::Homepage { url, span });
    }
    let tags = atom.texts("tags", faults);
    distinct(
        &tags,
        "a tag has at least one character; take this one out",
        faults,
    );
    let head = Manifest {
        description: atom
            .text("description", faults)
            .map(|it| it.value.to_owned()),
        license: license.map(|it| it.value.to_owned()),
        homepage: homepage.map(|it| it.value.to_owned()),
        tags: tags.iter().map(|it| it.value.to_owned()).collect(),
        duplicates: duplicates(&atom, faults),
        publish: publish(&atom, faults),
        id: id?,
        version: version?,
        sets: BTreeMap::new(),
        deps: Vec::new(),
        pins: BTreeMap::new(),
        build: None,
    };
    Some(head)
}

fn duplicates(atom: &Section<'_, '_>, faults: &mut Found) -> Duplicates {
    let text = atom.text("duplicates", faults);
    let parsed = text.and_then(|it| {
        it.parse(faults, |(), it| ManifestFault::Choice {
            key: it.path.clone(),
            expected: "allow` or `deny",
            found: it.value.to_owned(),
            span: span(&it.span),
        })
    });
    parsed.unwrap_or_default()
}

fn is_homepage(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |it: char| !it.is_whitespace() && !it.is_control();
    rest.is_some_and(|it| !it.is_empty() && !it.starts_with('/') && it.chars().all(plain))
}

fn id(text: &Text<'_>, ids: Ids, faults: &mut Found) -> Option<Id> {
    let fault = |error, it: &Text<'_>| ManifestFault::Id {
        error,
        span: span(&it.span),
    };
    let id: Id = text.parse(faults, fault)?;
    match (ids, id.check_own()) {
        (Ids::Own, Err(error)) => {
            faults.push(&text.span, fault(error, text));
            None
        }
        _ => Some(id),
    }
}

fn sets(top: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Sets {
    let mut sets = Sets::new();
    let Some(section) = top.section("sets", faults) else {
        return sets;
    };
    for (key, value) in section.entries() {
        let set = set(&key, value, rules, faults);
        if let Some(name) = name(&key, faults) {
            sets.insert(name, set);
        }
    }
    sets
}

fn set(
    name: &Text<'_>,
    value: &Spanned<DeValue<'_>>,
    rules: Rules,
    faults: &mut Found,
) -> Option<Set> {
    let path = name.path.clone();
    let (places, keys) = match value.get_ref() {
        DeValue::String(_) => (vec![as_text(value, path, faults)?], Vec::new()),
        DeValue::Array(it) => {
            let texts = it.iter().filter_map(|it| as_text(it, path.clone(), faults));
            (texts.collect(), Vec::new())
        }
        DeValue::Table(_) => {
            let table = as_section(value, path, faults)?;
            table.only(&["url", "mirrors", "keys"], faults);
            let url = table.required("url", "add it: `url = \"https://…\"`", faults);
            let mirrors = table.texts("mirrors", faults);
            let keys = table.texts("keys", faults);
            distinct(
                &keys,
                "a key is as OpenSSH writes it: `ssh-ed25519 AAAA…`",
                faults,
            );
            (url.into_iter().chain(mirrors).collect(), keys)
        }
        _ => {
            let fault = wrong_type(value, path, "a URL, a list of URLs or a table with `url`");
            faults.push(&value.span(), fault);
            return None;
        }
    };
    if matches!(value.get_ref(), DeValue::Array(it) if it.is_empty()) {
        let (set, span) = (name.value.to_owned(), span(&value.span()));
        faults.push(&value.span(), ManifestFault::EmptySet { set, span });
    }
    let place = set_place(name, &places, rules, faults)?;
    let keys = keys.iter().map(|it| it.value.to_owned()).collect();
    Some(Set { place, keys })
}

/// Reads where a set lies: `::` alone, or an origin and its mirrors.
fn set_place(
    name: &Text<'_>,
    places: &[Text<'_>],
    rules: Rules,
    faults: &mut Found,
) -> Option<SetPlace> {
    let set = || name.value.to_owned();
    if let Some(here) = places.iter().find(|it| it.value == "::") {
        let other = places.iter().find(|it| it.span != here.span);
        if let Some(it) = other {
            let (set, span) = (set(), span(&it.span));
            faults.push(&it.span, ManifestFault::HereAndElsewhere { set, span });
        }
        return other.is_none().then_some(SetPlace::Here);
    }
    let mut urls: Vec<RepoUrl> = Vec::new();
    let mut keys = BTreeSet::new();
    for text in places {
        let url = repository(text, rules, faults)?;
        if !keys.insert(url.key()) {
            let (set, span) = (set(), span(&text.span));
            faults.push(&text.span, ManifestFault::DuplicateUrl { set, span });
        }
        urls.push(url);
    }
    let mut urls = urls.into_iter();
    Some(SetPlace::At {
        origin: urls.next()?,
        mirrors: urls.collect(),
    })
}

/// Reads the URL of a repository, and checks that it may stand in a manifest.
pub(super) fn repository(text: &Text<'_>, rules: Rules, faults: &mut Found) -> Option<RepoUrl> {
    let key = || text.path.clone();
    let url = match RepoUrl::parse(text.value) {
        Ok(it) => it,
        Err(error) => {
            let (key, span) = (key(), span_unless_secret(text));
            faults.push(&text.span, ManifestFault::Url { key, error, span });
            return None;
        }
    };
    if url.public() != url {
        faults.push(&text.span, ManifestFault::Credentials { key: key() });
    } else if rules.places == Places::Public && !url.allowed_in_foreign() {
        let (key, place, span) = (key(), url.to_string(), span(&text.span));
        faults.push(&text.span, ManifestFault::NotPublic { key, place, span });
    }
    Some(url)
}

/// Reads `[deps]`: by set, then id.
fn deps(top: &Section<'_, '_>, faults: &mut Found) -> Vec<Dep> {
    let mut deps = Vec::new();
    let Some(section) = top.section("deps", faults) else {
        return deps;
    };
    for (key, value) in section.entries() {
        let set = name(&key, faults);
        let Some(table) = as_section(value, key.path, faults) else {
            continue;
        };
        for (key, value) in table.entries() {
            let id = id(&key, Ids::Foreign, faults);
            let dep = requirement(&key, value, faults);
            if let (Some(set), Some(id), Some((req, span))) = (set.clone(), id, dep) {
                deps.push(Dep { set, id, req, span });
            }
        }
    }
    deps
}

/// Reads a dependency: a requirement, or a table with `version`.
fn requirement(
    key: &Text<'_>,
    value: &Spanned<DeValue<'_>>,
    faults: &mut Found,
) -> Option<(Requirement, Range<usize>)> {
    let text = match value.get_ref() {
        DeValue::Table(_) => {
            let table = as_section(value, key.path.clone(), faults)?;
            table.only(&["version"], faults);
            table.required("version", "add it: `version = \"^1\"`", faults)
        }
        DeValue::String(_) => as_text(value, key.path.clone(), faults),
        _ => {
            let expected = "a requirement, or a table with `version`";
            let fault = wrong_type(value, key.path.clone(), expected);
            faults.push(&value.span(), fault);
            None
        }
    }?;
    let req = text.parse(faults, version_fault)?;
    Some((req, text.span))
}

pub(super) fn name(key: &Text<'_>, faults: &mut Found) -> Option<Name> {
    key.parse(faults, |error, it| ManifestFault::Name {
        error,
        span: span(&it.span),
    })
}

pub(super) fn version_fault(error: crate::VersionError, text: &Text<'_>) -> ManifestFault {
    ManifestFault::Version {
        key: text.path.clone(),
        error,
        span: span(&text.span),
    }
}

/// Holds the texts of a list to be given, and each once.
pub(super) fn distinct(texts: &[Text<'_>], help: &'static str, faults: &mut Found) {
    let mut seen = BTreeSet::new();
    for text in texts {
        let (key, span) = (text.path.clone(), span(&text.span));
        if text.value.is_empty() {
            faults.push(&text.span, ManifestFault::Empty { key, help, span });
        } else if !seen.insert(text.value) {
            let value = text.value.to_owned();
            faults.push(&text.span, ManifestFault::Repeated { key, value, span });
        }
    }
}
