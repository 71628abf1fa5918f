//! `eka.refs/1`.

use eka::refs::{Reference, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// The path to the store.
    store: &'a str,
    references: Vec<One<'a>>,
}

#[derive(Debug, Serialize)]
struct One<'a> {
    name: &'a str,
    /// How often it occurs.
    hits: u64,
    /// The first 1,000 of them.
    places: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    /// `null` for standard input.
    file: Option<String>,
    part: &'static str,
    /// In bytes.
    offset: u64,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.refs/1",
            store: &report.store,
            references: report.references.iter().map(One::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(reference: &'a Reference) -> Self {
        let places = reference.places.iter().map(|it| Place {
            file: it.file.as_ref().map(|it| it.display().to_string()),
            part: it.part.as_str(),
            offset: it.offset,
        });
        Self {
            name: &reference.name,
            hits: reference.n_hits,
            places: places.collect(),
        }
    }
}
