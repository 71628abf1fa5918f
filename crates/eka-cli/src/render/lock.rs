//! `eka lock` as text.

use eka::lock::{Locked, Outcome, Report};

use super::esc;
use crate::session::Text;

pub(crate) fn text(report: &Report) -> Text {
    let note = report.locks.iter().map(one).collect();
    Text {
        out: String::new(),
        note,
    }
}

/// What `--check` found good.
pub(crate) fn checked(report: &Report) -> Text {
    let line = |it: &Locked| {
        let atoms = match it.n_atoms {
            1 => "1 atom".to_owned(),
            n => format!("{n} atoms"),
        };
        format!("checked `{}` ({atoms})\n", esc(it.path.display()))
    };
    Text {
        out: String::new(),
        note: report.locks.iter().map(line).collect(),
    }
}

/// What git's merge driver made; its files have names of no meaning.
pub(crate) fn merged(report: &Report) -> Text {
    let line = |it: &Locked| match it.n_atoms {
        1 => "merged the lock (1 atom)\n".to_owned(),
        n => format!("merged the lock ({n} atoms)\n"),
    };
    Text {
        out: String::new(),
        note: report.locks.iter().map(line).collect(),
    }
}

/// What became of one lock, and what changed in it.
pub(crate) fn one(lock: &Locked) -> String {
    let path = esc(lock.path.display());
    let atoms = match lock.n_atoms {
        1 => "1 atom".to_owned(),
        n => format!("{n} atoms"),
    };
    match &lock.outcome {
        Outcome::Current if lock.n_atoms == 0 => "nothing to lock\n".to_owned(),
        Outcome::Current => format!("`{path}` is up to date ({atoms})\n"),
        Outcome::Written { moves } => {
            let mut text = match lock.n_atoms {
                0 => format!("removed `{path}`: there is nothing to lock\n"),
                _ => format!("wrote `{path}` ({atoms})\n"),
            };
            for it in moves {
                text.push_str(&format!("  {}\n", esc(it)));
            }
            text
        }
    }
}
