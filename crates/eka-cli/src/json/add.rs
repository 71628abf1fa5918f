//! `eka.add/1` and `eka.remove/1`.

use atom::manifest::{GitAt, PinSource};
use eka::add::Report;
use serde::Serialize;

use super::lock::One;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    manifest: String,
    deps: Vec<Dep>,
    pins: Vec<Pin>,
    lock: One,
}

/// One dependency of the manifest.
#[derive(Debug, Serialize)]
struct Dep {
    set: String,
    id: String,
    req: String,
}

/// One pin of the manifest.
#[derive(Debug, Serialize)]
struct Pin {
    name: String,
    /// `git`, `tar` or `url`.
    kind: &'static str,
    url: String,
    /// What is asked of a git repository, beside its `HEAD`.
    r#ref: Option<String>,
    rev: Option<String>,
    version: Option<String>,
}

impl Pin {
    fn of(pin: &eka::pins::Edited) -> Self {
        let (kind, url, at) = match &pin.source {
            PinSource::Git { url, at } => ("git", url.public().to_string(), Some(at)),
            PinSource::Tar { url } => ("tar", url.to_string(), None),
            PinSource::Url { url } => ("url", url.to_string(), None),
        };
        let (mut r#ref, mut rev, mut version) = (None, None, None);
        match at {
            None | Some(GitAt::Head) => {}
            Some(GitAt::Ref(it)) => r#ref = Some(it.clone()),
            Some(GitAt::Rev(it)) => rev = Some(it.to_string()),
            Some(GitAt::Version(it)) => version = Some(it.to_string()),
        }
        Self {
            name: pin.name.to_string(),
            kind,
            url,
            r#ref,
            rev,
            version,
        }
    }
}

impl Shape {
    pub(crate) fn of(schema: &'static str, report: &Report) -> Self {
        let dep = |it: &eka::add::Edited| Dep {
            set: it.set.to_string(),
            id: it.id.to_string(),
            req: it.req.to_string(),
        };
        Self {
            schema,
            manifest: report.manifest.to_string_lossy().into_owned(),
            deps: report.deps.iter().map(dep).collect(),
            pins: report.pins.iter().map(Pin::of).collect(),
            lock: One::of(&report.lock),
        }
    }
}
