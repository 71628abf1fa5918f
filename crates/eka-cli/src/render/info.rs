//! `eka info` as text.

use std::fmt::Display;

use eka::info::Report;

use super::esc;
use super::versions::marks;
use crate::session::Text;

/// One `<name>: <value>` a line, in an order of its own; what the atom does not say is left out.
pub(crate) fn text(report: &Report) -> Text {
    let mut out = String::new();
    let mut line = |name: &str, value: &dyn Display| {
        out.push_str(&format!("{name}: {}\n", esc(value)));
    };
    let (manifest, commit) = (report.manifest(), &report.spec.commit);
    line("id", &report.id);
    let version = &report.chosen.version;
    line("version", &format!("{version}{}", marks(&report.chosen)));
    let texts = [
        ("description", &manifest.description),
        ("license", &manifest.license),
        ("homepage", &manifest.homepage),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            line(name, text);
        }
    }
    if !manifest.tags.is_empty() {
        line("tags", &manifest.tags.join(", "));
    }
    line("repository", &report.repository);
    line("root", &report.root);
    line("digest", &report.digest);
    line("rev", &report.rev());
    line("spec", &report.spec.id);
    line("src", &commit.src);
    line("path", &commit.path);
    line("nar", &commit.nar);
    line("store path", &report.store_path);
    for dep in report.dependencies() {
        match dep.origin {
            Some(origin) => line("depends on", &format!("{origin}::{}@{}", dep.id, dep.req)),
            None => line("depends on", &format!("::{}@{}", dep.id, dep.req)),
        }
    }
    for name in manifest.pins.keys() {
        line("pin", name);
    }
    let versions = report.versions.iter();
    let versions: Vec<_> = versions.map(|it| it.version.to_string()).collect();
    line("versions", &versions.join(", "));
    Text {
        out,
        note: String::new(),
    }
}
