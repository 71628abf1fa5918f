//! What a repository's own configuration says of how remotes are reached.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gix::bstr::{BStr, ByteSlice as _};
use gix::config::{File, Source};

/// Copies what counts for transports out of a repository's own configuration, as text.
///
/// The user's and the system's configuration are read by git anyway. What is local to the
/// repository would be lost in another one: `actions/checkout` puts its token there.
pub(crate) fn print(config: &File) -> String {
    let mut out = String::new();
    for section in config.sections() {
        if !matches!(section.meta().source, Source::Local | Source::Worktree) {
            continue;
        }
        let header = section.header();
        let name = header.name().to_str_lossy().to_ascii_lowercase();
        let keys: Option<&[&str]> = match name.as_str() {
            "credential" | "http" | "protocol" | "ssh" | "url" => None,
            "core" => Some(&["askpass", "gitproxy", "sshcommand"]),
            _ => continue,
        };
        let mut lines = String::new();
        // A key that stands there twice is named twice.
        let names: BTreeSet<_> = section
            .value_names()
            .map(|it| it.to_ascii_lowercase())
            .collect();
        for key in names {
            if keys.is_none_or(|it| it.contains(&key.as_str())) {
                for value in section.values(&key) {
                    writeln!(lines, "\t{key} = {}", quote(value.as_ref())).expect("text grows");
                }
            }
        }
        match header.subsection_name() {
            _ if lines.is_empty() => {}
            Some(sub) => writeln!(out, "[{name} {}]\n{lines}", quote(sub)).expect("text grows"),
            None => writeln!(out, "[{name}]\n{lines}").expect("text grows"),
        }
    }
    out
}

fn quote(text: &BStr) -> String {
    let text = text.to_str_lossy();
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n").replace('\t', "\\t"))
}
