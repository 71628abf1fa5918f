//! `eka.store-roots-remove/1`.

use eka::store::Released;
use serde::Serialize;

use super::store_roots::{kind, name};

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    roots: Vec<One>,
}

/// A root that is none any more.
#[derive(Debug, Serialize)]
struct One {
    /// `name` or `link`.
    kind: &'static str,
    root: String,
    /// How many it kept.
    paths: usize,
}

impl Shape {
    pub(crate) fn of(released: &[Released]) -> Self {
        let one = |it: &Released| One {
            kind: kind(&it.root),
            root: name(&it.root),
            paths: it.n_paths,
        };
        Self {
            schema: "eka.store-roots-remove/1",
            roots: released.iter().map(one).collect(),
        }
    }
}
