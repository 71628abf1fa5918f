//! Edits a manifest's text in place: all that is not asked for stays, byte for byte.
//!
//! An edit is a splice of the text, not a text printed anew, and is checked: what it says must be
//! what the manifest said, and the one change.

mod layout;
mod splice;
mod pins;
mod template;

pub use pins::{add_pin, remove_pin};
pub use template::template;

use miette::Diagnostic;
use thiserror::Error;

use super::{Dep, Manifest, ManifestFault, ManifestFaults, Set, SetPlace};
use crate::document::help_of;
use crate::document::print::quoted;
use crate::near::nearest;
use crate::url::RepoUrl;
use crate::{Id, Name, Requirement};

/// Why a manifest was not edited.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[non_exhaustive]
pub enum EditError {
    /// The manifest is not valid as it is.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(#[from] ManifestFaults),
    /// The set is not declared, and no place was given for it.
    #[error("set `{set}` is not declared")]
    #[diagnostic(
        code(eka::edit::undeclared_set),
        help("declare it under `[sets]`: `{set} = \"https://…\"`")
    )]
    UndeclaredSet {
        /// The set.
        set: Name,
    },
    /// The set is declared, and lies elsewhere.
    #[error("set `{set}` is `{declared}` already, not `{wanted}`")]
    #[diagnostic(
        code(eka::edit::set_elsewhere),
        help("use another name for the new set, or change `{set}` under `[sets]`")
    )]
    SetElsewhere {
        /// The set.
        set: Name,
        /// Where it lies.
        declared: String,
        /// Where it was to lie.
        wanted: String,
    },
    /// The manifest has no such dependency.
    #[error("`{id}` is no dependency from set `{set}`")]
    #[diagnostic(code(eka::edit::no_such_dependency), help("{}", no_such_dep(nearest.as_deref())))]
    NoSuchDep {
        /// The set.
        set: Name,
        /// The atom.
        id: Id,
        /// The dependency from that set that is most like it.
        nearest: Option<String>,
    },
    /// The manifest would not be valid.
    #[error("could not {what}: {}", first(faults))]
    #[diagnostic(code(eka::edit::refused), help("{}", first_help(faults)))]
    Refused {
        /// What was to be done: "add `zlib` to set `core`".
        what: String,
        /// Why it was not. Their spans point into a text that was not written.
        faults: Vec<ManifestFault>,
    },
    /// The manifest has no such pin.
    #[error("the manifest has no pin `{pin}`")]
    #[diagnostic(code(eka::edit::no_such_pin), help("{}", no_such_pin(nearest.as_deref())))]
    NoSuchPin {
        /// The pin.
        pin: Name,
        /// The pin that is most like it.
        nearest: Option<String>,
    },
    /// The text is laid out in a way that leaves no place for the change.
    #[error("the manifest's layout leaves no place to {what}")]
    #[diagnostic(
        code(eka::edit::layout),
        help("edit the file by hand, or write `[{table}]` with one line each")
    )]
    Layout {
        /// What was to be done: "add `zlib` to set `core`".
        what: String,
        /// The table that was to change: `deps.core`.
        table: String,
    },
}

/// Adds a dependency, or gives the one that is there another requirement. Where `url` is given,
/// the set is declared, unless it is already.
///
/// # Errors
///
/// See [`EditError`]; the text is never changed in part.
pub fn add_dep(
    text: &str,
    set: &Name,
    url: Option<&RepoUrl>,
    id: &Id,
    req: &Requirement,
) -> Result<String, EditError> {
    let place = url.map(|it| SetPlace::At {
        origin: it.public(),
        mirrors: Vec::new(),
    });
    add(text, set, place, id, req)
}

/// As [`add_dep`], of an atom of this repository: the set is declared as `::`, unless it is
/// already.
///
/// # Errors
///
/// See [`EditError`]; the text is never changed in part.
pub fn add_local_dep(
    text: &str,
    set: &Name,
    id: &Id,
    req: &Requirement,
) -> Result<String, EditError> {
    add(text, set, Some(SetPlace::Here), id, req)
}

fn add(
    text: &str,
    set: &Name,
    place: Option<SetPlace>,
    id: &Id,
    req: &Requirement,
) -> Result<String, EditError> {
    let mut manifest = Manifest::parse_own(text)?;
    let text = declare(text, &mut manifest, set, place)?;
    let dep = Dep {
        set: set.clone(),
        id: id.clone(),
        req: req.clone(),
        span: 0..0,
    };
    let same = |it: &Dep| it.set == *set && it.id == *id;
    let Some(at) = manifest.deps.iter().position(same) else {
        manifest.deps.push(dep);
        let order = |a: &Dep, b: &Dep| (&a.set, &a.id).cmp(&(&b.set, &b.id));
        manifest.deps.sort_by(order);
        let table = ["deps", set.as_str()];
        let texts = splice::insert(&text, &table, id.as_str(), &quoted(&req.to_string()));
        return checked(texts, &manifest, &of_set(set), || {
            format!("add `{id}` to set `{set}`")
        });
    };
    let old = std::mem::replace(&mut manifest.deps[at], dep);
    if old.req == *req {
        return Ok(text);
    }
    // The text may have grown by a set since it was parsed.
    let span = Manifest::parse_own(&text)?.deps[at].span.clone();
    let texts = vec![splice::replace_string(&text, span, &req.to_string())];
    checked(texts, &manifest, &of_set(set), || {
        format!("change `{id}` of set `{set}`")
    })
}

/// Declares a set, unless it is declared already.
fn declare(
    text: &str,
    manifest: &mut Manifest,
    set: &Name,
    place: Option<SetPlace>,
) -> Result<String, EditError> {
    let declared = manifest.sets.get(set).map(|it| &it.place);
    match (declared, place) {
        (Some(declared), Some(wanted)) if !same_place(declared, &wanted) => {
            Err(EditError::SetElsewhere {
                set: set.clone(),
                declared: show(declared),
                wanted: show(&wanted),
            })
        }
        (Some(_), _) => Ok(text.to_owned()),
        (None, None) => Err(EditError::UndeclaredSet { set: set.clone() }),
        (None, Some(place)) => {
            let shown = quoted(&show(&place));
            let texts = splice::insert(text, &["sets"], set.as_str(), &shown);
            let keys = Vec::new();
            manifest.sets.insert(set.clone(), Set { place, keys });
            checked(texts, manifest, "sets", || format!("declare set `{set}`"))
        }
    }
}

/// Removes a dependency, and its set where no other dependency is of it.
///
/// # Errors
///
/// See [`EditError`]; the text is never changed in part.
pub fn remove_dep(text: &str, set: &Name, id: &Id) -> Result<String, EditError> {
    let mut manifest = Manifest::parse_own(text)?;
    let same = |it: &Dep| it.set == *set && it.id == *id;
    let Some(at) = manifest.deps.iter().position(same) else {
        let of_set = manifest.deps.iter().filter(|it| it.set == *set);
        return Err(EditError::NoSuchDep {
            set: set.clone(),
            id: id.clone(),
            nearest: nearest(id.as_str(), of_set.map(|it| it.id.as_str())).map(str::to_owned),
        });
    };
    manifest.deps.remove(at);
    let mut after = splice::remove(text, &["deps", set.as_str(), id.as_str()]);
    if !manifest.deps.iter().any(|it| it.set == *set) {
        manifest.sets.remove(set);
        after = splice::remove(&after, &["deps", set.as_str()]);
        after = splice::remove(&after, &["sets", set.as_str()]);
    }
    let what = || format!("remove `{id}` from set `{set}`");
    checked(vec![after], &manifest, &of_set(set), what)
}

/// The table of a set's dependencies.
fn of_set(set: &Name) -> String {
    format!("deps.{set}")
}

/// Takes the first text that says what is expected, and nothing else.
fn checked(
    texts: Vec<String>,
    expected: &Manifest,
    table: &str,
    what: impl Fn() -> String,
) -> Result<String, EditError> {
    let mut refused = None;
    for text in texts {
        match Manifest::parse_own(&text) {
            Ok(it) if it == *expected => return Ok(text),
            Ok(_) => {}
            Err(faults) => {
                let of_meaning = |it: &ManifestFault| !matches!(it, ManifestFault::Toml(_));
                if faults.faults.iter().all(of_meaning) {
                    refused.get_or_insert(faults);
                }
            }
        }
    }
    Err(match refused {
        Some(faults) => EditError::Refused {
            what: what(),
            faults: faults.faults,
        },
        None => EditError::Layout {
            what: what(),
            table: table.to_owned(),
        },
    })
}

fn same_place(a: &SetPlace, b: &SetPlace) -> bool {
    match (a.origin(), b.origin()) {
        (Some(a), Some(b)) => a.key() == b.key(),
        (None, None) => true,
        _ => false,
    }
}

fn show(place: &SetPlace) -> String {
    place
        .origin()
        .map_or_else(|| "::".to_owned(), ToString::to_string)
}

fn no_such_dep(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "the dependencies stand under `[deps.<set>]` in `atom.toml`".to_owned(),
    }
}

fn no_such_pin(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "the pins stand under `[pins]` in `atom.toml`".to_owned(),
    }
}

/// The first of the faults: its message, and its help.
fn first(faults: &[ManifestFault]) -> String {
    faults.first().map_or_else(String::new, ToString::to_string)
}

fn first_help(faults: &[ManifestFault]) -> String {
    faults.first().map_or_else(String::new, |it| help_of(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";

    /// Whatever a splice makes of a text, none that says something else is handed out.
    #[test]
    fn an_edit_that_says_something_else_is_none() {
        let expected = Manifest::parse_own(TEXT).unwrap();
        let check = |texts: &[&str]| {
            let texts = texts.iter().map(|it| (*it).to_owned()).collect();
            checked(texts, &expected, "deps.core", || "do it".to_owned())
        };
        let other = TEXT.replace("1.0.0", "1.0.1");
        let broken = format!("{TEXT}[");
        assert_eq!(check(&[&other, &broken, TEXT]), Ok(TEXT.to_owned()));
        let error = check(&[&other, &broken]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the manifest's layout leaves no place to do it"
        );
        assert_eq!(error.code().unwrap().to_string(), "eka::edit::layout");
        assert_eq!(
            error.help().unwrap().to_string(),
            "edit the file by hand, or write `[deps.core]` with one line each"
        );
    }
}
