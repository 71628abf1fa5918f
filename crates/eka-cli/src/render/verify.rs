//! `eka verify` as text.

use eka::verify::{Report, Verified};

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let of_pins = report.pins.iter().flat_map(|it| &it.claims);
    let n_lies = report.versions.iter().flat_map(lies).count()
        + of_pins.filter(|(_, it)| it.is_err()).count();
    let note = match (report.versions.len() + report.pins.len(), n_lies) {
        (0, _) => "there is nothing to verify\n".to_owned(),
        (n, 0) => format!(
            "all {} claims of {} hold\n",
            report.n_claims(),
            subjects(n - report.pins.len(), report.pins.len())
        ),
        // The error says it.
        _ => String::new(),
    };
    let versions = report.versions.iter().map(one);
    let pins = report.pins.iter().map(one_pin);
    Text {
        out: versions.chain(pins).collect(),
        note,
    }
}

/// `zlib@1.3.1 atom spec content files nar`; a claim that does not hold is preceded by `!`.
fn one(version: &Verified) -> String {
    let claims = version.claims.iter().map(|(claim, result)| {
        let sign = if result.is_ok() { "" } else { "!" };
        format!(" {sign}{}", claim.name())
    });
    format!("{}{}\n", esc(version.name()), claims.collect::<String>())
}

/// `pin nixpkgs source hash`; a claim that does not hold is preceded by `!`.
fn one_pin(pin: &eka::pins::Verified) -> String {
    let claims = pin.claims.iter().map(|(claim, result)| {
        let sign = if result.is_ok() { "" } else { "!" };
        format!(" {sign}{}", claim.name())
    });
    format!("pin {}{}\n", esc(&pin.name), claims.collect::<String>())
}

/// `1 version and 2 pins`.
fn subjects(n_versions: usize, n_pins: usize) -> String {
    let some = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let parts = [some(n_versions, "version"), some(n_pins, "pin")];
    parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" and ")
}

fn lies(version: &Verified) -> impl Iterator<Item = ()> {
    version
        .claims
        .iter()
        .filter(|(_, it)| it.is_err())
        .map(drop)
}
