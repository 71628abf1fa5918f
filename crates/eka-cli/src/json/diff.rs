//! `eka.diff/1`.

use eka::diff::{Body, Change, FileDiff, Kind, Point, Report, Side};
use serde::Serialize;

use crate::failure::Failure;
use crate::render;

/// The most text of patches in one answer, in bytes.
const MAX_PATCHES: usize = 64 << 20;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    #[serde(flatten)]
    one: Difference<'a>,
}

/// What differs between two versions.
#[derive(Debug, Serialize)]
pub(crate) struct Difference<'a> {
    from: Version<'a>,
    to: Version<'a>,
    /// In the order of git.
    files: Vec<File<'a>>,
}

#[derive(Debug, Serialize)]
struct Version<'a> {
    id: &'a str,
    version: String,
    repository: String,
    root: String,
    rev: String,
    nar: String,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    path: &'a str,
    /// `added`, `removed`, `changed`, `mode` or `type`.
    change: &'static str,
    old: Option<Blob>,
    new: Option<Blob>,
    /// `text`, `binary`, `large`, `same`, or `omitted`.
    shown: &'static str,
    added: Option<usize>,
    removed: Option<usize>,
    patch: Option<String>,
}

#[derive(Debug, Serialize)]
struct Blob {
    mode: String,
    blob: String,
}

/// How much of each file is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Its name.
    Names,
    /// How many lines differ.
    Counts,
    /// The lines too.
    Lines,
}

impl<'a> Shape<'a> {
    pub(crate) const fn of(one: Difference<'a>) -> Self {
        let schema = "eka.diff/1";
        Self { schema, one }
    }
}

impl<'a> Difference<'a> {
    pub(crate) fn of(
        report: &'a Report,
        depth: Depth,
        look: impl Fn(&Change) -> Result<FileDiff, Failure>,
    ) -> Result<Self, Failure> {
        let mut room = MAX_PATCHES;
        let mut files = Vec::new();
        for change in &report.changes {
            let looked = match depth {
                Depth::Names => None,
                Depth::Counts | Depth::Lines if room == 0 => None,
                Depth::Counts | Depth::Lines => Some(look(change)?),
            };
            let file = File::of(change, looked.as_ref(), depth);
            room = room.saturating_sub(file.patch.as_ref().map_or(0, String::len));
            files.push(file);
        }
        Ok(Self {
            from: Version::of(&report.from),
            to: Version::of(&report.to),
            files,
        })
    }
}

impl<'a> Version<'a> {
    fn of(point: &'a Point) -> Self {
        Self {
            id: point.id.as_str(),
            version: point.version.to_string(),
            repository: point.repository.to_string(),
            root: point.root.to_string(),
            rev: point.rev.to_string(),
            nar: point.nar.to_string(),
        }
    }
}

impl<'a> File<'a> {
    fn of(change: &'a Change, looked: Option<&FileDiff>, depth: Depth) -> Self {
        let text = looked.and_then(|it| match &it.body {
            Body::Text(text) => Some(text),
            _ => None,
        });
        let patch = looked.filter(|_| text.is_some() && depth == Depth::Lines);
        Self {
            path: &change.path,
            change: match change.kind() {
                Kind::Added => "added",
                Kind::Removed => "removed",
                Kind::Changed => "changed",
                Kind::Mode => "mode",
                Kind::Type => "type",
            },
            old: change.old.map(Blob::of),
            new: change.new.map(Blob::of),
            shown: match looked.map(|it| &it.body) {
                None => "omitted",
                Some(Body::Same) => "same",
                Some(Body::Text(_)) => "text",
                Some(Body::Binary { .. }) => "binary",
                Some(Body::Large { .. }) => "large",
            },
            added: text.map(|it| it.n_added),
            removed: text.map(|it| it.n_removed),
            patch: patch.map(|it| String::from_utf8_lossy(&render::diff::bytes(it)).into_owned()),
        }
    }
}

impl Blob {
    fn of(side: Side) -> Self {
        Self {
            mode: String::from_utf8_lossy(side.mode.digits()).into_owned(),
            blob: side.id.to_string(),
        }
    }
}
