//! `eka.info/1`.

use eka::info::{Dependency, Report};
use serde::Serialize;

use super::versions::Version;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    id: &'a str,
    version: String,
    description: Option<&'a str>,
    license: Option<&'a str>,
    homepage: Option<&'a str>,
    tags: &'a [String],
    repository: String,
    root: String,
    digest: String,
    rev: String,
    spec: String,
    src: String,
    /// The atom's folder in the source commit.
    path: &'a str,
    nar: String,
    store_path: &'a str,
    yanked: bool,
    deprecated: bool,
    dependencies: Vec<One<'a>>,
    pins: Vec<&'a str>,
    /// All that match, the newest first.
    versions: Vec<Version>,
}

#[derive(Debug, Serialize)]
struct One<'a> {
    /// The set's name in the manifest.
    set: &'a str,
    /// Where the set lies; `null` for the repository of the atom itself.
    origin: Option<String>,
    id: &'a str,
    requirement: String,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        let (manifest, commit) = (report.manifest(), &report.spec.commit);
        Self {
            schema: "eka.info/1",
            id: report.id.as_str(),
            version: report.chosen.version.to_string(),
            description: manifest.description.as_deref(),
            license: manifest.license.as_deref(),
            homepage: manifest.homepage.as_deref(),
            tags: &manifest.tags,
            repository: report.repository.to_string(),
            root: report.root.to_string(),
            digest: report.digest.to_string(),
            rev: report.rev().to_string(),
            spec: report.spec.id.to_string(),
            src: commit.src.to_string(),
            path: commit.path.as_str(),
            nar: commit.nar.to_string(),
            store_path: &report.store_path,
            yanked: report.chosen.is_yanked(),
            deprecated: report.chosen.is_deprecated(),
            dependencies: report.dependencies().map(One::of).collect(),
            pins: manifest.pins.keys().map(|it| it.as_str()).collect(),
            versions: report.versions.iter().map(Version::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(dep: Dependency<'a>) -> Self {
        Self {
            set: dep.set.as_str(),
            origin: dep.origin.map(ToString::to_string),
            id: dep.id.as_str(),
            requirement: dep.req.to_string(),
        }
    }
}
