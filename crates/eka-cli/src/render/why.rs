//! `eka why` as text.

use std::fmt::Write as _;

use eka::why::{Asked, Hold, Newer, Report, Why};

use super::esc;
use super::outdated::{asker, asks};
use crate::session::Text;

/// A blank line stands between two versions.
pub(crate) fn text(report: &Report) -> Text {
    let atoms: Vec<String> = report.atoms.iter().map(one).collect();
    Text {
        out: atoms.join("\n"),
        note: String::new(),
    }
}

fn one(why: &Why) -> String {
    let mut out = format!(
        "{} {} ({})\n",
        esc(&why.id),
        esc(&why.version),
        esc(&why.origin)
    );
    out.push_str(&asked(&why.asked));
    newer(&why.newer, &mut out).expect("a string takes all text");
    out
}

/// Who asks, for what, and by which way.
fn asked(asked: &[Asked]) -> String {
    if asked.is_empty() {
        return "nobody asks for it\n".to_owned();
    }
    let names: Vec<String> = asked.iter().map(|it| asker(&it.ask.by)).collect();
    let reqs = asked.iter().map(|it| match &it.ask.req {
        Some(req) => esc(req).to_string(),
        None => "?".to_owned(),
    });
    let reqs: Vec<String> = reqs.collect();
    let width = |all: &[String]| all.iter().map(|it| it.chars().count()).max().unwrap_or(0);
    let (names_width, reqs_width) = (width(&names), width(&reqs));
    let mut out = String::from("asked for by\n");
    for ((name, req), it) in names.iter().zip(&reqs).zip(asked) {
        let path: Vec<String> = it
            .path
            .iter()
            .map(|(id, version)| format!("{} {}", esc(id), esc(version)))
            .collect();
        // A way of one step is the asker alone.
        let path = if path.len() > 1 {
            path.join(" → ")
        } else {
            String::new()
        };
        let line = format!("  {name:<names_width$}  {req:<reqs_width$}  {path}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn newer(newer: &Newer, out: &mut String) -> std::fmt::Result {
    match newer {
        Newer::None => writeln!(out, "it is the newest version"),
        Newer::Patched => writeln!(out, "it is whatever the patch puts in its place"),
        Newer::Local => writeln!(out, "it is whatever the work tree holds"),
        Newer::Free { newest, command } => {
            writeln!(
                out,
                "{} is newer, and nothing is in its way: `{}`",
                esc(newest),
                esc(command)
            )
        }
        Newer::Held {
            newest,
            instead,
            why,
        } => {
            writeln!(out, "not {}, since", esc(newest))?;
            hold(why, out)?;
            match instead {
                Some((version, command)) => {
                    writeln!(out, "{} can be had: `{}`", esc(version), esc(command))
                }
                None => Ok(()),
            }
        }
        _ => writeln!(out, "whether there is a newer version is not known"),
    }
}

fn hold(why: &Hold, out: &mut String) -> std::fmt::Result {
    match why {
        Hold::Unsolvable(refusal) => {
            let lines = refusal.lines.iter();
            lines
                .into_iter()
                .try_for_each(|it| writeln!(out, "  {}", esc(it)))?;
            let help = refusal.help.iter();
            help.into_iter()
                .try_for_each(|it| writeln!(out, "  help: {}", esc(it)))
        }
        Hold::Beside(by) => {
            let by: Vec<String> = by.iter().map(asks).collect();
            writeln!(
                out,
                "  it would stand beside an older one, which is asked for by {}",
                by.join(", ")
            )
        }
    }
}
