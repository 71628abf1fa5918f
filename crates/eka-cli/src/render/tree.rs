//! `eka tree` as text.

use atom::lock::{GitAsked, LockedPin, LockedPinSource};
use eka::tree::{Line, Node, Report, Tree};

use super::esc;
use crate::session::Text;

/// The deepest level that is drawn with its branches: below it stands its number, so that a tree
/// takes no more room than it has lines.
const DEEPEST: usize = 100;

/// A blank line stands between two trees.
pub(crate) fn text(report: &Report) -> Text {
    let trees: Vec<String> = report.trees.iter().map(one).collect();
    let note = match trees.is_empty() {
        true => "there is nothing to show".to_owned(),
        false => String::new(),
    };
    Text {
        out: trees.join("\n"),
        note,
    }
}

fn one(tree: &Tree) -> String {
    let mut out = String::new();
    // Whether nothing more comes at each level above.
    let mut ended: Vec<bool> = Vec::new();
    for line in &tree.lines {
        if line.level > DEEPEST {
            out.push_str(&format!("… {} ", line.level));
            finish(tree, line, &mut out);
            continue;
        }
        ended.truncate(line.level.saturating_sub(1));
        for end in &ended {
            out.push_str(if *end { "    " } else { "│   " });
        }
        if line.level > 0 {
            out.push_str(if line.last {
                "└── "
            } else {
                "├── "
            });
            ended.push(line.last);
        }
        finish(tree, line, &mut out);
    }
    out
}

fn finish(tree: &Tree, line: &Line, out: &mut String) {
    out.push_str(&name(tree, line));
    out.push_str(if line.repeated { " (*)\n" } else { "\n" });
}

fn name(tree: &Tree, line: &Line) -> String {
    match line.node {
        Node::Top => format!("{} {}", esc(&tree.id), esc(&tree.version)),
        Node::Atom(at) => {
            let atom = &tree.lock.atoms[at];
            let origin = tree.origin(atom);
            format!("{} {} ({})", esc(&atom.id), esc(&atom.version), esc(origin))
        }
        Node::Pin(at) => {
            let pin = &tree.lock.pins[at];
            format!("pin {} ({})", esc(&pin.name), esc(place(pin)))
        }
    }
}

/// Where a pin comes from; a commit by as much of it as people read.
fn place(pin: &LockedPin) -> String {
    match &pin.source {
        LockedPinSource::Git {
            git, asked, rev, ..
        } => {
            let rev = rev.to_string();
            let rev = &rev[..12];
            match asked {
                GitAsked::Commit => format!("{git} {rev}"),
                GitAsked::Ref(name) => format!("{git}^^{name} {rev}"),
                GitAsked::Version(req) => format!("{git} {req} {rev}"),
            }
        }
        LockedPinSource::Tar { tar, .. } => tar.to_string(),
        LockedPinSource::Url { url, .. } => url.to_string(),
    }
}
