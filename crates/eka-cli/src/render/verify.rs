//! `eka verify` as text.

use eka::verify::{Report, Verified};

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let n_lies = report.versions.iter().flat_map(lies).count();
    let note = match (report.versions.len(), n_lies) {
        (0, _) => "there is nothing to verify\n".to_owned(),
        (n, 0) => format!(
            "all {} claims of {n} {} hold\n",
            report.n_claims(),
            if n == 1 { "version" } else { "versions" }
        ),
        // The error says it.
        _ => String::new(),
    };
    Text {
        out: report.versions.iter().map(one).collect(),
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

fn lies(version: &Verified) -> impl Iterator<Item = ()> {
    version
        .claims
        .iter()
        .filter(|(_, it)| it.is_err())
        .map(drop)
}
