//! `eka.import/1`.

use atom::lock::{GitAsked, LockedPinSource};
use eka::import::{Format, Imported, Report, State};
use serde::Serialize;

use super::lock::One;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    manifest: String,
    file: String,
    /// `flake.lock` or `npins`.
    format: &'static str,
    pins: Vec<Pin>,
    left_out: Vec<LeftOut>,
    lock: One,
}

/// One pin.
#[derive(Debug, Serialize)]
struct Pin {
    name: String,
    from: String,
    /// `new`, `present` or `replaced`.
    state: &'static str,
    /// `git`, `tar` or `url`.
    kind: &'static str,
    url: String,
    r#ref: Option<String>,
    version: Option<String>,
    rev: Option<String>,
    hash: String,
    note: Option<String>,
}

/// One input that is no pin.
#[derive(Debug, Serialize)]
struct LeftOut {
    from: String,
    why: String,
}

impl Pin {
    fn of(pin: &Imported) -> Self {
        let (mut r#ref, mut version, mut commit) = (None, None, None);
        let (kind, url, hash) = match &pin.locked {
            LockedPinSource::Tar { tar, nar } => ("tar", tar.to_string(), nar.to_string()),
            LockedPinSource::Url { url, hash } => ("url", url.to_string(), hash.to_string()),
            LockedPinSource::Git {
                git,
                asked,
                rev,
                nar,
            } => {
                commit = Some(rev.to_string());
                match asked {
                    GitAsked::Commit => {}
                    GitAsked::Ref(it) => r#ref = Some(it.clone()),
                    GitAsked::Version(it) => version = Some(it.to_string()),
                }
                ("git", git.public().to_string(), nar.to_string())
            }
        };
        Self {
            name: pin.name.to_string(),
            from: pin.from.clone(),
            state: match pin.state {
                State::New => "new",
                State::Present => "present",
                State::Replaced => "replaced",
            },
            kind,
            url,
            r#ref,
            version,
            rev: commit,
            hash,
            note: pin.note.clone(),
        }
    }
}

impl Shape {
    pub(crate) fn of(report: &Report) -> Self {
        let left_out = report.left_out.iter().map(|it| LeftOut {
            from: it.from.clone(),
            why: it.why.clone(),
        });
        Self {
            schema: "eka.import/1",
            manifest: report.manifest.to_string_lossy().into_owned(),
            file: report.file.to_string_lossy().into_owned(),
            format: match report.format {
                Format::Flake => "flake.lock",
                Format::Npins => "npins",
            },
            pins: report.pins.iter().map(Pin::of).collect(),
            left_out: left_out.collect(),
            lock: One::of(&report.lock),
        }
    }
}
