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
    let line = |it: &Locked| format!("checked `{}` ({})\n", esc(it.path.display()), count(it));
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
    let empty = lock.n_atoms + lock.n_pins == 0;
    let count = count(lock);
    match &lock.outcome {
        Outcome::Current if empty => "nothing to lock\n".to_owned(),
        Outcome::Current => format!("`{path}` is up to date ({count})\n"),
        Outcome::Written { moves } => {
            let mut text = match empty {
                true => format!("removed `{path}`: there is nothing to lock\n"),
                false => format!("wrote `{path}` ({count})\n"),
            };
            for it in moves {
                text.push_str(&format!("  {}\n", esc(it)));
            }
            text
        }
    }
}

/// `2 atoms`, `1 pin`, or both.
fn count(lock: &Locked) -> String {
    let some = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    match (lock.n_atoms, lock.n_pins) {
        (n, 0) => some(n, "atom"),
        (0, n) => some(n, "pin"),
        (atoms, pins) => format!("{}, {}", some(atoms, "atom"), some(pins, "pin")),
    }
}
