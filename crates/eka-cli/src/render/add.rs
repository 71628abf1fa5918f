//! `eka add` and `eka remove` as text.

use atom::manifest::{GitAt, PinSource};
use eka::add::Report;

use super::{esc, lock};
use crate::session::Text;

pub(crate) fn text(report: &Report, done: &str) -> Text {
    let mut note = String::new();
    for dep in &report.deps {
        let (set, id, req) = (esc(&dep.set), esc(&dep.id), esc(&dep.req));
        note.push_str(&format!("{done} `{id} = \"{req}\"` in [deps.{set}]\n"));
    }
    for pin in &report.pins {
        let (name, source) = (esc(&pin.name), esc(source(&pin.source)));
        note.push_str(&format!("{done} the pin `{name}` ({source})\n"));
    }
    note.push_str(&lock::one(&report.lock));
    Text {
        out: String::new(),
        note,
    }
}

/// `git https://example.org/repo, ref main`.
pub(crate) fn source(source: &PinSource) -> String {
    match source {
        PinSource::Tar { url } => format!("tar {url}"),
        PinSource::Url { url } => format!("url {url}"),
        PinSource::Git { url, at } => {
            let url = url.public();
            match at {
                GitAt::Head => format!("git {url}"),
                GitAt::Ref(it) => format!("git {url}, ref {it}"),
                GitAt::Rev(it) => format!("git {url}, rev {it}"),
                GitAt::Version(it) => format!("git {url}, version {it}"),
            }
        }
    }
}
