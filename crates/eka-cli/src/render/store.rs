//! `eka store` as text.

use eka::store::{AddReport, CopyReport, Keeper, Kept, Known, Registered, Released, VerifyReport};

use super::esc;
use crate::session::Text;

/// The paths, a line each.
pub(crate) fn added(report: &AddReport) -> Text {
    let is_there = |it: &&eka::store::Added| it.registered != Registered::New;
    let n_there = report.added.iter().filter(is_there).count();
    let n_new = report.added.len() - n_there;
    let parts = [(n_new, "added"), (n_there, "there already")];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
    Text {
        out: lines(report.added.iter().map(|it| &it.path)),
        note: parts.join(", "),
    }
}

/// A block of lines for each path, with the words of a narinfo.
pub(crate) fn info(known: &[Known]) -> Text {
    let blocks: Vec<String> = known.iter().map(block).collect();
    Text {
        out: blocks.join("\n"),
        note: String::new(),
    }
}

fn block(it: &Known) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        out.push_str(&format!("{name}: {}\n", esc(value)));
    };
    line("StorePath", &it.path);
    line("NarHash", &it.nar_hash.sri());
    line("NarSize", &it.nar_size.to_string());
    for path in &it.references {
        line("Reference", path);
    }
    if let Some(path) = &it.deriver {
        line("Deriver", path);
    }
    for signature in &it.signatures {
        line("Sig", signature);
    }
    if let Some(ca) = &it.ca {
        line("CA", ca);
    }
    out
}

/// The paths, a line each, and how much they are.
pub(crate) fn closure(known: &[Known]) -> Text {
    let sum = known
        .iter()
        .fold(0u64, |sum, it| sum.saturating_add(it.nar_size));
    let n_paths = known.len();
    let paths = if n_paths == 1 { "path" } else { "paths" };
    Text {
        out: lines(known.iter().map(|it| &it.path)),
        note: format!("{n_paths} {paths}, {sum} bytes as NARs"),
    }
}

/// The paths that are new where they were copied to, a line each; and those that are there
/// otherwise.
pub(crate) fn copied(report: &CopyReport) -> Text {
    let n_differing = report.differing.len();
    let parts = [
        (report.brought.len(), "brought"),
        (report.sent.len(), "sent"),
        (report.n_known, "there already"),
        (n_differing, "there with another NAR, and left so"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
    let new = match &report.sent[..] {
        [] => &report.brought,
        _ => &report.sent,
    };
    Text {
        out: lines(new.iter()),
        note: match &parts[..] {
            [] => "nothing to copy".to_owned(),
            parts => parts.join(", "),
        },
    }
}

/// Each blob that is not sound, and the paths that have it.
pub(crate) fn verified(report: &VerifyReport) -> Text {
    let mut out = String::new();
    for it in &report.faults {
        let repaired = if it.is_repaired { "; repaired" } else { "" };
        out.push_str(&format!(
            "{}: {}{repaired}\n",
            esc(&it.blob),
            esc(&it.fault)
        ));
        for path in &it.paths {
            out.push_str(&format!("  {}\n", esc(path)));
        }
    }
    let (n_paths, n_blobs) = (report.n_paths, report.n_blobs);
    Text {
        out,
        note: format!(
            "{n_paths} paths, {n_blobs} blobs, {} bytes read",
            report.n_bytes
        ),
    }
}

/// Who keeps what, a line each, as `nix-store --gc --print-roots` prints it.
pub(crate) fn roots(kept: &[Kept]) -> Text {
    let line = |it: &Kept| {
        let absent = if it.is_there { "" } else { " (not there)" };
        format!("{} -> {}{absent}\n", esc(keeper(&it.by)), esc(&it.path))
    };
    Text {
        out: kept.iter().map(line).collect(),
        note: String::new(),
    }
}

/// What is no root any more.
pub(crate) fn released(released: &[Released]) -> Text {
    let line = |it: &Released| {
        let paths = if it.n_paths == 1 { "path" } else { "paths" };
        format!(
            "{} keeps {} {paths} no more\n",
            esc(keeper(&it.root)),
            it.n_paths
        )
    };
    Text {
        out: String::new(),
        note: released.iter().map(line).collect(),
    }
}

/// What keeps something, in words.
pub(super) fn keeper(it: &Keeper) -> String {
    match it {
        Keeper::Name(name) => name.clone(),
        Keeper::Link(path) => path.display().to_string(),
        Keeper::Session(id) => format!("process {id}"),
    }
}

fn lines<'a>(paths: impl Iterator<Item = &'a String>) -> String {
    paths.map(|it| format!("{}\n", esc(it))).collect()
}
