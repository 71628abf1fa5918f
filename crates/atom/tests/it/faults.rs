//! Reads golden files of texts and the faults that they have, and prints faults as those files do.

use miette::Diagnostic;

use crate::vectors::bytes;

/// One text of a golden file.
pub(crate) struct Case {
    /// What the text shows; before it, where there are several, the rules to read it by.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
    /// Its faults, as [`draw`] prints them.
    pub(crate) faults: String,
}

/// Reads `==== <name>`, the text, `----`, the faults, and so on.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    let all = String::from_utf8(bytes(file)).unwrap();
    let cases: Vec<Case> = all
        .split("==== ")
        .filter(|it| !it.is_empty())
        .map(|it| {
            let (name, rest) = it.split_once('\n').unwrap();
            let (text, faults) = rest.split_once("----\n").unwrap();
            Case {
                name: name.to_owned(),
                text: text.to_owned(),
                faults: faults.to_owned(),
            }
        })
        .collect();
    assert!(!cases.is_empty(), "{file} has no cases");
    cases
}

/// Prints a fault: code, message, each label with its place and what stands there, and help.
pub(crate) fn draw(fault: &dyn Diagnostic, text: &str) -> String {
    let code = fault.code().expect("every fault has a code");
    let mut out = format!("{code}: {fault}\n");
    for label in fault.labels().into_iter().flatten() {
        let (start, end) = (label.offset(), label.offset() + label.len());
        let line = text[..start].matches('\n').count() + 1;
        let column = text[..start]
            .chars()
            .rev()
            .take_while(|it| *it != '\n')
            .count()
            + 1;
        let there = text[start..end].replace('\n', "⏎");
        let label = label.label().expect("every span has a label");
        out.push_str(&format!("  {line}:{column} {there} ({label})\n"));
    }
    if let Some(help) = fault.help() {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}

/// Prints all faults of one text.
pub(crate) fn draw_all<E: Diagnostic>(faults: &E, text: &str) -> String {
    let related = faults
        .related()
        .expect("faults of a text are related errors");
    related.map(|it| draw(it, text)).collect()
}
