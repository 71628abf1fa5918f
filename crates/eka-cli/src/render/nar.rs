//! `eka nar ls` and `eka nar hash` as text.

use eka::nar::{FileKind, Listed, Node};

use super::esc;
use crate::session::Text;

/// A line each, as `nix nar ls` prints them.
pub(crate) fn text(listed: &[Listed], long: bool) -> Text {
    let line = |it: &Listed| {
        let path = String::from_utf8_lossy(&it.path);
        if !long {
            return format!("{}\n", esc(path));
        }
        let (mode, size, target) = match &it.node {
            Node::Folder => ("dr-xr-xr-x", 0, None),
            Node::File { kind, size } => match kind {
                FileKind::Regular => ("-r--r--r--", *size, None),
                FileKind::Executable => ("-r-xr-xr-x", *size, None),
            },
            Node::Link(target) => ("lrwxrwxrwx", 0, Some(String::from_utf8_lossy(target))),
        };
        let target = target.map(|it| format!(" -> {}", esc(it)));
        let target = target.unwrap_or_default();
        format!("{mode} {size:>20} {}{target}\n", esc(path))
    };
    Text {
        out: listed.iter().map(line).collect(),
        note: String::new(),
    }
}

/// The hash alone.
pub(crate) fn hash(printed: &str) -> Text {
    Text {
        out: format!("{}\n", esc(printed)),
        note: String::new(),
    }
}
