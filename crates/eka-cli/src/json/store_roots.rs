//! `eka.store-roots/1`.

use eka::store::{Keeper, Kept};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    roots: Vec<One<'a>>,
}

/// A root, and a path that it keeps.
#[derive(Debug, Serialize)]
struct One<'a> {
    /// `name`, `link` or `process`.
    kind: &'static str,
    root: String,
    path: &'a str,
    /// Whether it is in the store.
    there: bool,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(kept: &'a [Kept]) -> Self {
        let one = |it: &'a Kept| One {
            kind: kind(&it.by),
            root: name(&it.by),
            path: &it.path,
            there: it.is_there,
        };
        Self {
            schema: "eka.store-roots/1",
            roots: kept.iter().map(one).collect(),
        }
    }
}

/// `name`, `link` or `process`.
pub(super) const fn kind(it: &Keeper) -> &'static str {
    match it {
        Keeper::Name(_) => "name",
        Keeper::Link(_) => "link",
        Keeper::Session(_) => "process",
    }
}

/// The name, where the link lies, or the id of the process's session.
pub(super) fn name(it: &Keeper) -> String {
    match it {
        Keeper::Name(name) | Keeper::Session(name) => name.clone(),
        Keeper::Link(path) => path.display().to_string(),
    }
}
