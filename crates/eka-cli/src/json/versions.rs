//! `eka.versions/1`.

use eka::versions::{Atom, Listed, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    repository: String,
    root: String,
    atoms: Vec<One<'a>>,
}

#[derive(Debug, Serialize)]
struct One<'a> {
    id: &'a str,
    digest: String,
    /// The newest first.
    versions: Vec<Version>,
}

/// A version and the commits that its refs hold.
#[derive(Debug, Serialize)]
pub(crate) struct Version {
    version: String,
    rev: Option<String>,
    spec: Option<String>,
    src: Option<String>,
    signed: bool,
    yanked: bool,
    /// Why, as far as it is known.
    yank_reason: Option<String>,
    deprecated: bool,
    /// Why, as far as it is known.
    deprecation_reason: Option<String>,
    /// The URI of what to use instead of a deprecated version.
    successor: Option<String>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.versions/1",
            repository: report.repository.to_string(),
            root: report.root.to_string(),
            atoms: report.atoms.iter().map(One::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(atom: &'a Atom) -> Self {
        Self {
            id: atom.id.as_str(),
            digest: atom.digest.to_string(),
            versions: atom.versions.iter().map(Version::of).collect(),
        }
    }
}

impl Version {
    pub(crate) fn of(listed: &Listed) -> Self {
        let refs = &listed.refs;
        Self {
            version: listed.version.to_string(),
            rev: refs.atom.map(|it| it.to_string()),
            spec: refs.spec.map(|it| it.to_string()),
            src: refs.src.map(|it| it.to_string()),
            signed: refs.sig.is_some(),
            yanked: listed.is_yanked(),
            yank_reason: listed.yank.reason.clone(),
            deprecated: listed.is_deprecated(),
            deprecation_reason: listed.deprecation.reason.clone(),
            successor: listed.deprecation.successor.clone(),
        }
    }
}
