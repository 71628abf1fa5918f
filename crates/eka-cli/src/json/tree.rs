//! `eka.tree/1`.

use std::collections::BTreeSet;

use atom::lock::{Graph, LockedAtom, LockedPin, LockedPinSource, Names, Place};
use eka::tree::{Node, Report, Tree};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    trees: Vec<One<'a>>,
}

/// A lock. Flat, so that a part of it is one look away and nothing stands twice.
#[derive(Debug, Serialize)]
struct One<'a> {
    /// The atom that the lock belongs to.
    id: &'a str,
    version: String,
    lock: String,
    /// Those that the text shows, in the order of the lock.
    atoms: Vec<Atom<'a>>,
    pins: Vec<Pin<'a>>,
}

#[derive(Debug, Serialize)]
struct Atom<'a> {
    /// How others name it: `<id>@<version>`, and a part of its digest where two share both.
    name: String,
    id: &'a str,
    version: String,
    /// The set's root, or `::`.
    set: String,
    /// What the manifest calls the set.
    set_names: Vec<&'a str>,
    origin: Option<String>,
    /// The folder of an atom of the work tree.
    path: Option<&'a str>,
    digest: Option<String>,
    rev: Option<String>,
    nar: Option<String>,
    /// What the manifest itself asks of it.
    asked: Vec<String>,
    needs: Vec<String>,
    needed_by: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Pin<'a> {
    pin: &'a str,
    kind: &'static str,
    url: String,
    commit: Option<String>,
    hash: String,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.tree/1",
            trees: report.trees.iter().map(One::of).collect(),
        }
    }
}

impl<'a> One<'a> {
    fn of(tree: &'a Tree) -> Self {
        let (graph, names) = (tree.graph(), Names::of(&tree.lock.atoms));
        let shown: BTreeSet<Node> = tree.lines.iter().map(|it| it.node).collect();
        let atoms = shown.iter().filter_map(|it| match it {
            Node::Atom(at) => Some(Atom::of(&graph, &names, *at)),
            _ => None,
        });
        let pins = shown.iter().filter_map(|it| match it {
            Node::Pin(at) => Some(Pin::of(&tree.lock.pins[*at])),
            _ => None,
        });
        Self {
            id: tree.id.as_str(),
            version: tree.version.to_string(),
            lock: tree.path.to_string_lossy().into_owned(),
            atoms: atoms.collect(),
            pins: pins.collect(),
        }
    }
}

impl<'a> Atom<'a> {
    fn of(graph: &Graph<'a>, names: &Names<'a>, at: usize) -> Self {
        let atom: &'a LockedAtom = &graph.atoms()[at];
        let all = |atoms: &[usize]| {
            let atoms = atoms.iter().map(|it| &graph.atoms()[*it]);
            atoms.map(|it| names.dep_ref(it).to_string()).collect()
        };
        let place = match &atom.place {
            Place::Local { .. } | Place::Patched(_) => None,
            Place::Published { root, rev, nar, .. } => Some((graph.lock().set(root), rev, nar)),
        };
        let set = place.and_then(|it| it.0);
        let set_names = set.map_or(&[][..], |it| &it.names);
        Self {
            name: names.dep_ref(atom).to_string(),
            id: atom.id.as_str(),
            version: atom.version.to_string(),
            set: atom.set().to_string(),
            set_names: set_names.iter().map(|it| it.as_str()).collect(),
            origin: set.map(|it| it.origin.to_string()),
            path: match &atom.place {
                Place::Local { path } => Some(path.as_str()),
                Place::Published { .. } | Place::Patched(_) => None,
            },
            digest: atom.digest().map(ToString::to_string),
            rev: place.map(|it| it.1.to_string()),
            nar: place.map(|it| it.2.to_string()),
            asked: graph
                .asked(at)
                .iter()
                .map(|it| it.req.to_string())
                .collect(),
            needs: all(graph.needs(at)),
            needed_by: all(graph.needed_by(at)),
        }
    }
}

impl<'a> Pin<'a> {
    fn of(pin: &'a LockedPin) -> Self {
        let (kind, url, commit, hash) = match &pin.source {
            LockedPinSource::Git { git, rev, nar, .. } => (
                "git",
                git.to_string(),
                Some(rev.to_string()),
                nar.to_string(),
            ),
            LockedPinSource::Tar { tar, nar } => ("tar", tar.to_string(), None, nar.to_string()),
            LockedPinSource::Url { url, hash } => ("url", url.to_string(), None, hash.to_string()),
        };
        Self {
            pin: pin.name.as_str(),
            kind,
            url,
            commit,
            hash,
        }
    }
}
