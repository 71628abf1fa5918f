//! `eka drv` as text.

use eka::drv::{Inhash, Output, Shown};
use serde_json::Value;

use super::esc;
use crate::session::Text;

/// Part by part; what has lines of its own stands below its name, further in.
pub(crate) fn show(report: &Shown) -> Text {
    let it = &report.derivation;
    let mut out = format!("{}\n", esc(report.full(&report.path)));
    let mut part = |title: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            out += &format!("\n{title}\n{}", entries.concat());
        }
    };
    let outputs = it.outputs.iter();
    let outputs = outputs.map(|(name, it)| format!("  {}  {}\n", esc(name), place(report, it)));
    part("outputs", outputs.collect());
    let named = [("system", &it.system), ("builder", &it.builder)];
    let mut run: Vec<_> = named.iter().map(|(name, it)| entry(name, it)).collect();
    run.extend(it.args.iter().map(|it| entry("argument", it)));
    part("run", run);
    let drvs = it.input_drvs.iter().map(|(path, names)| {
        let names: Vec<_> = names.iter().map(|it| esc(it).to_string()).collect();
        format!("  {}  {}\n", esc(report.full(path)), names.join(" "))
    });
    part("input derivations", drvs.collect());
    let srcs = it.input_srcs.iter();
    part(
        "sources",
        srcs.map(|it| format!("  {}\n", esc(report.full(it))))
            .collect(),
    );
    let env = it
        .env
        .iter()
        .map(|(name, value)| match attributes(name, value) {
            Some(text) => entry("__json", text.as_bytes()),
            None => entry(&String::from_utf8_lossy(name), value),
        });
    part("variables", env.collect());
    Text {
        out,
        note: String::new(),
    }
}

/// The hash alone.
pub(crate) fn inhash(report: &Inhash) -> Text {
    Text {
        out: format!("{}\n", report.text()),
        note: String::new(),
    }
}

fn place(report: &Shown, output: &Output) -> String {
    match output {
        Output::InputAddressed(path) => report.full(path),
        Output::Fixed { path, method, hash } => {
            let by = hash.algorithm();
            format!("{}  {method}{by}:{}", report.full(path), hash.base32())
        }
        Output::Floating { method, algorithm } => {
            format!("named by its content, {method}{algorithm}")
        }
        Output::Impure { method, algorithm } => {
            format!("named by its content, {method}{algorithm}, built anew each time")
        }
        Output::Deferred => "named by its inputs once they are built".to_owned(),
    }
}

/// A name and a text, which may have lines.
fn entry(name: &str, text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    if !text.trim_end_matches('\n').contains('\n') {
        let space = if text.is_empty() { "" } else { " " };
        return format!("  {}:{space}{}\n", esc(name), esc(&text));
    }
    let lines = text.split('\n').map(|it| format!("    {}\n", esc(it)));
    format!("  {}:\n{}", esc(name), lines.collect::<String>())
}

/// Structured attributes, over several lines.
fn attributes(name: &[u8], value: &[u8]) -> Option<String> {
    let value: Value = (name == b"__json").then(|| serde_json::from_slice(value).ok())??;
    serde_json::to_string_pretty(&value).ok()
}
