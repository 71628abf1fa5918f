//! From a text to a manifest: `[pins]` and `[build]`.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::parse::{Found, Places, Rules, distinct, name, repository, version_fault};
use super::{Build, Evaluated, Fetch, GitAt, ManifestFault, Pin, PinSource, Recipe, Value};
use crate::Name;
use crate::document::{Section, Text, as_section, as_text, span, span_unless_secret};
use crate::download::{DownloadError, DownloadUrl};
use crate::git_ref::is_ref;

const PIN: &[&str] = &[
    "git", "ref", "rev", "version", "url", "tar", "entry", "args",
];
const SOURCES: [&str; 3] = ["git", "tar", "url"];
const REVISIONS: [&str; 3] = ["ref", "rev", "version"];
const BUILD: &[&str] = &[
    "builder",
    "args",
    "outputs",
    "systems",
    "env",
    "fetch",
    "evaluator",
    "entry",
    "config",
];
const RECIPE: &[&str] = &["builder", "args", "outputs", "systems", "env", "fetch"];
const EVALUATED: &[&str] = &["evaluator", "entry", "config"];

/// Reads `[pins]`.
pub(super) fn pins(top: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> BTreeMap<Name, Pin> {
    let mut pins = BTreeMap::new();
    let Some(section) = top.section("pins", faults) else {
        return pins;
    };
    for (key, value) in section.entries() {
        let name = name(&key, faults);
        let table = as_section(value, key.path.clone(), faults);
        let pin = table.and_then(|it| pin(&key, &it, rules, faults));
        if let (Some(name), Some(pin)) = (name, pin) {
            pins.insert(name, pin);
        }
    }
    pins
}

fn pin(name: &Text<'_>, table: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Option<Pin> {
    table.only(PIN, faults);
    let entry = path("entry", table, faults);
    let args = data("args", table, faults);
    let named: Vec<&'static str> = SOURCES.into_iter().filter(|it| table.has(it)).collect();
    let [key] = named[..] else {
        let fault = ManifestFault::PinSource {
            pin: name.value.to_owned(),
            found: named.len(),
            span: span(&name.span),
        };
        faults.push(&name.span, fault);
        return None;
    };
    let at = revision(name, key, table, faults);
    let text = table.text(key, faults)?;
    let source = match key {
        "git" => PinSource::Git {
            url: repository(&text, rules, faults)?,
            at: at?,
        },
        "tar" => PinSource::Tar {
            url: download(&text, rules, faults)?,
        },
        _ => PinSource::Url {
            url: download(&text, rules, faults)?,
        },
    };
    Some(Pin {
        source,
        entry,
        args,
    })
}

/// Reads which revision a pin asks for: at most one way of saying it, and of `git` alone.
fn revision(
    name: &Text<'_>,
    source: &'static str,
    table: &Section<'_, '_>,
    faults: &mut Found,
) -> Option<GitAt> {
    let mut refuse = |key: &'static str, other: &'static str, help: &'static str| {
        let at = table.key_span(key);
        let fault = ManifestFault::PinRevision {
            pin: name.value.to_owned(),
            key,
            other,
            help,
            span: span(&at),
        };
        faults.push(&at, fault);
    };
    let mut named = REVISIONS.into_iter().filter(|it| table.has(it));
    let Some(key) = named.next() else {
        return Some(GitAt::Head);
    };
    if source != "git" {
        refuse(key, source, "take it out: only a `git` pin has revisions");
        return None;
    }
    for second in named {
        refuse(second, key, "keep one of `ref`, `rev` and `version`");
    }
    let text = table.text(key, faults)?;
    match key {
        "ref" if is_ref(text.value) => Some(GitAt::Ref(text.value.to_owned())),
        "ref" => {
            let fault = ManifestFault::GitRef {
                key: text.path.clone(),
                name: text.value.to_owned(),
                span: span(&text.span),
            };
            faults.push(&text.span, fault);
            None
        }
        "rev" => text
            .parse(faults, |error, it| ManifestFault::Rev {
                key: it.path.clone(),
                error,
                span: span(&it.span),
            })
            .map(GitAt::Rev),
        _ => text.parse(faults, version_fault).map(GitAt::Version),
    }
}

/// Reads the URL of a file, and checks that it may stand in a manifest.
fn download(text: &Text<'_>, rules: Rules, faults: &mut Found) -> Option<DownloadUrl> {
    let url: DownloadUrl = downloaded(text, faults)?;
    if rules.places == Places::Public && !url.allowed_in_foreign() {
        let fault = ManifestFault::NotPublic {
            key: text.path.clone(),
            place: url.to_string(),
            span: span(&text.span),
        };
        faults.push(&text.span, fault);
    }
    Some(url)
}

fn downloaded<T: FromStr<Err = DownloadError>>(text: &Text<'_>, faults: &mut Found) -> Option<T> {
    text.parse(faults, |error, it| match error {
        DownloadError::Credentials => ManifestFault::Credentials {
            key: it.path.clone(),
        },
        error => ManifestFault::Download {
            key: it.path.clone(),
            error,
            span: span_unless_secret(it),
        },
    })
}

/// Reads `[build]`.
pub(super) fn build(top: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Option<Build> {
    let table = top.section("build", faults)?;
    match (table.has("builder"), table.has("evaluator")) {
        (true, false) => {
            table.only(RECIPE, faults);
            recipe(&table, rules, faults).map(Build::Recipe)
        }
        (false, true) => {
            table.only(EVALUATED, faults);
            evaluated(&table, faults).map(Build::Evaluated)
        }
        (both, _) => {
            table.only(BUILD, faults);
            let fault = ManifestFault::Build {
                both,
                span: span(&table.span),
            };
            faults.push(&table.span, fault);
            None
        }
    }
}

fn recipe(table: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Option<Recipe> {
    let builder = table.text("builder", faults)?;
    not_empty(
        &builder,
        "name the program that builds, such as `/bin/sh`",
        faults,
    );
    let mut outputs = table.texts("outputs", faults);
    distinct(&outputs, "an output has a name, such as `out`", faults);
    let systems = table.texts("systems", faults);
    distinct(&systems, "a system is such as `x86_64-linux`", faults);
    let text = |it: Vec<Text<'_>>| it.iter().map(|it| it.value.to_owned()).collect();
    let outputs = if table.has("outputs") {
        text(std::mem::take(&mut outputs))
    } else {
        vec!["out".to_owned()]
    };
    Some(Recipe {
        builder: builder.value.to_owned(),
        args: text(table.texts("args", faults)),
        outputs,
        systems: text(systems),
        env: env(table, faults),
        fetch: fetches(table, rules, faults),
    })
}

fn env(table: &Section<'_, '_>, faults: &mut Found) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(section) = table.section("env", faults) else {
        return env;
    };
    for (key, value) in section.entries() {
        if let Some(text) = as_text(value, key.path, faults) {
            env.insert(key.value.to_owned(), text.value.to_owned());
        }
    }
    env
}

fn fetches(table: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> BTreeMap<Name, Fetch> {
    let mut fetches = BTreeMap::new();
    let Some(section) = table.section("fetch", faults) else {
        return fetches;
    };
    for (key, value) in section.entries() {
        let name = name(&key, faults);
        let table = as_section(value, key.path, faults);
        let fetch = table.and_then(|it| fetch(&it, rules, faults));
        if let (Some(name), Some(fetch)) = (name, fetch) {
            fetches.insert(name, fetch);
        }
    }
    fetches
}

fn fetch(table: &Section<'_, '_>, rules: Rules, faults: &mut Found) -> Option<Fetch> {
    table.only(&["url", "hash"], faults);
    let hash = table.required("hash", "add it: `hash = \"sha256-…\"`", faults);
    let hash = hash.and_then(|it| downloaded(&it, faults));
    if !table.has("url") {
        table.missing("url", "add it: `url = \"https://…\"`", faults);
    }
    let texts = table.text_or_texts("url", faults);
    distinct(&texts, "give the URL of the file", faults);
    if let Some(value) = table
        .get("url")
        .filter(|it| it.get_ref().as_array().is_some_and(|it| it.is_empty()))
    {
        let fault = ManifestFault::Empty {
            key: table.path_of("url"),
            help: "give the URL of the file",
            span: span(&value.span()),
        };
        faults.push(&value.span(), fault);
    }
    let urls = texts.iter().filter_map(|it| download(it, rules, faults));
    let urls = urls.collect();
    Some(Fetch { urls, hash: hash? })
}

fn evaluated(table: &Section<'_, '_>, faults: &mut Found) -> Option<Evaluated> {
    let entry = path("entry", table, faults);
    let config = data("config", table, faults);
    let evaluator = table.text("evaluator", faults)?;
    Some(Evaluated {
        evaluator: name(&evaluator, faults)?,
        entry,
        config,
    })
}

/// Reads a table that is handed on as it is.
fn data(key: &str, table: &Section<'_, '_>, faults: &mut Found) -> BTreeMap<String, Value> {
    let section = table.section(key, faults);
    section.map_or_else(BTreeMap::new, |it| Value::table(it.table))
}

/// Reads a path downwards from a folder.
fn path(key: &str, table: &Section<'_, '_>, faults: &mut Found) -> Option<String> {
    let text = table.text(key, faults)?;
    let plain = |it: &str| !matches!(it, "" | "." | "..") && !it.contains(['\\', '\0']);
    let downwards = text.value.split('/').all(plain) && !text.value.contains(char::is_control);
    if !downwards {
        let (key, span) = (text.path.clone(), span(&text.span));
        faults.push(&text.span, ManifestFault::Path { key, span });
    }
    Some(text.value.to_owned())
}

fn not_empty(text: &Text<'_>, help: &'static str, faults: &mut Found) {
    if text.value.is_empty() {
        let (key, span) = (text.path.clone(), span(&text.span));
        faults.push(&text.span, ManifestFault::Empty { key, help, span });
    }
}
