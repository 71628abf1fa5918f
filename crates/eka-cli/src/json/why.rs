//! `eka.why/1`.

use eka::why::{Asked, Hold, Newer, Report};
use serde::Serialize;

use super::outdated::Demand;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    /// The atom that the lock belongs to.
    id: &'a str,
    lock: String,
    atoms: Vec<Atom<'a>>,
}

/// One locked version.
#[derive(Debug, Serialize)]
struct Atom<'a> {
    id: &'a str,
    version: String,
    origin: &'a str,
    asked_by: Vec<Way<'a>>,
    /// `newest`, `free`, `held`, `local`, `patched` or `unknown`.
    state: &'static str,
    newest: Option<String>,
    possible: Option<String>,
    command: Option<&'a str>,
    why_not: Option<Refusal<'a>>,
}

#[derive(Debug, Serialize)]
struct Way<'a> {
    #[serde(flatten)]
    one: Demand<'a>,
    path: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Refusal<'a> {
    message: Option<String>,
    help: Vec<&'a str>,
    held_by: Vec<Demand<'a>>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.why/1",
            id: report.id.as_str(),
            lock: report.path.to_string_lossy().into_owned(),
            atoms: report.atoms.iter().map(Atom::of).collect(),
        }
    }
}

impl<'a> Atom<'a> {
    fn of(why: &'a eka::why::Why) -> Self {
        let mut atom = Self {
            id: why.id.as_str(),
            version: why.version.to_string(),
            origin: &why.origin,
            asked_by: why.asked.iter().map(Way::of).collect(),
            state: "unknown",
            newest: None,
            possible: None,
            command: None,
            why_not: None,
        };
        match &why.newer {
            Newer::None => {
                atom.state = "newest";
                atom.newest = Some(why.version.to_string());
            }
            Newer::Local => atom.state = "local",
            Newer::Patched => atom.state = "patched",
            Newer::Free { newest, command } => {
                atom.state = "free";
                atom.newest = Some(newest.to_string());
                atom.possible = Some(newest.to_string());
                atom.command = Some(command);
            }
            Newer::Held {
                newest,
                instead,
                why,
            } => {
                atom.state = "held";
                atom.newest = Some(newest.to_string());
                atom.possible = instead.as_ref().map(|it| it.0.to_string());
                atom.command = instead.as_ref().map(|it| it.1.as_str());
                atom.why_not = Some(Refusal::of(why));
            }
            _ => {}
        }
        atom
    }
}

impl<'a> Way<'a> {
    fn of(asked: &'a Asked) -> Self {
        let path = asked.path.iter();
        Self {
            one: Demand::of(&asked.ask),
            path: path
                .map(|(id, version)| format!("{id}@{version}"))
                .collect(),
        }
    }
}

impl<'a> Refusal<'a> {
    fn of(hold: &'a Hold) -> Self {
        match hold {
            Hold::Unsolvable(refusal) => Self {
                message: Some(refusal.lines.join("\n")),
                help: refusal.help.iter().map(String::as_str).collect(),
                held_by: Vec::new(),
            },
            Hold::Beside(by) => Self {
                message: None,
                help: Vec::new(),
                held_by: by.iter().map(Demand::of).collect(),
            },
        }
    }
}
