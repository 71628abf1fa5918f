//! `eka fetch` as text.

use eka::fetch::{Outcome, Report};

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let line = |path: &std::path::Path| format!("{}\n", esc(path.display()));
    let count = |wanted| {
        let atoms = report.atoms.iter().map(|it| it.outcome);
        let pins = report.pins.iter().map(|it| it.outcome);
        atoms.chain(pins).filter(|it| *it == wanted).count()
    };
    let parts = [
        (count(Outcome::New), "brought"),
        (count(Outcome::Present), "there already"),
        (count(Outcome::Local), "in the work tree"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
    let note = match &parts[..] {
        [] => "the lock holds nothing to fetch\n".to_owned(),
        parts => format!("{}\n", parts.join(", ")),
    };
    let of_pins = report.pins.iter().map(|it| it.path.as_path());
    let paths = report.atoms.iter().map(|it| it.path.as_path());
    let paths = paths.chain(of_pins);
    Text {
        out: paths.map(line).collect(),
        note,
    }
}
