//! The three-way merge of locks: what only one side changed is taken from it, and the whole is a
//! lock that holds together, or none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{DepRef, GitAsked, Lock, LockedAtom, LockedPin, LockedPinSource, LockedSet, Names};
use super::{Require, SetRef};
use crate::{Digest, Id, Name, Root, Version};

/// Why two locks have no merge that could be made without resolving.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clash {
    /// Both sides changed a requirement.
    Require(Id),
    /// Both sides changed what is locked of an atom.
    Atom(Id),
    /// Both sides changed a set, or one needs what the other no longer has.
    Set(Root),
    /// Both sides changed a pin.
    Pin(Name),
    /// What one side asks for, or depends on, the other has changed.
    Needs(Id),
    /// The parts fit, and the whole is no valid lock.
    Whole,
}

/// Merges two locks that were made from `base`. A lock without anything stands for none.
///
/// The answer does not depend on which side is which. It answers the merge of the manifests, where
/// those merge line by line; whoever needs to be sure asks [`super::diff`].
///
/// # Errors
///
/// [`Clash`], where a resolution has to decide.
pub fn merge(base: &Lock, ours: &Lock, theirs: &Lock) -> Result<Lock, Clash> {
    let [base, ours, theirs] = [base, ours, theirs].map(|it| it.clone().canonical());
    if ours == theirs || base == theirs {
        return Ok(ours);
    }
    if base == ours {
        return Ok(theirs);
    }
    let sides = [&base, &ours, &theirs];
    let mut lock = Lock {
        requires: requires(sides)?,
        pins: pins(sides)?,
        ..Lock::default()
    };
    lock.atoms = reached(&lock.requires, &Graphs::of(sides)?)?;
    lock.sets = sets(sides, &lock.atoms)?;
    let lock = lock.canonical();
    match Lock::parse(&lock.print()) {
        Ok(it) if it == lock => Ok(lock),
        _ => Err(Clash::Whole),
    }
}

/// Writes two texts as git would where none of their lines are alike: [`super::Remains`] reads it.
#[must_use]
pub fn both_sides(ours: &str, theirs: &str) -> String {
    let ended = |it: &str| match it {
        "" => String::new(),
        it if it.ends_with('\n') => it.to_owned(),
        it => format!("{it}\n"),
    };
    let (ours, theirs) = (ended(ours), ended(theirs));
    format!("<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n")
}

/// What became of one thing on both sides.
enum Change<T> {
    /// One of them left it as it was, or both did the same.
    To(T),
    /// One side took it away, and the other left it or made it this.
    Removed(T),
    /// Both changed it.
    Both(T, T),
}

/// Compares one thing's three states; nothing where it is on neither side.
fn change<T: PartialEq>([base, ours, theirs]: [Option<T>; 3]) -> Option<Change<T>> {
    Some(match (ours, theirs) {
        (None, None) => return None,
        (Some(ours), Some(theirs)) => {
            if ours == theirs || base.as_ref() == Some(&theirs) {
                Change::To(ours)
            } else if base.as_ref() == Some(&ours) {
                Change::To(theirs)
            } else {
                Change::Both(ours, theirs)
            }
        }
        (Some(it), None) | (None, Some(it)) if base.is_some() => Change::Removed(it),
        (Some(it), None) | (None, Some(it)) => Change::To(it),
    })
}

/// The keys of three lists, each once.
fn keys<'a, T: 'a, K: Ord>(lists: [&'a [T]; 3], key: impl Fn(&'a T) -> K + Copy) -> BTreeSet<K> {
    lists.into_iter().flatten().map(key).collect()
}

fn requires(sides: [&Lock; 3]) -> Result<Vec<Require>, Clash> {
    let lists = sides.map(|it| &it.requires[..]);
    let key = |it: &Require| (it.id.clone(), it.set);
    let mut merged = Vec::new();
    for wanted in keys(lists, key) {
        let states = lists.map(|it| it.iter().find(|it| key(it) == wanted));
        let was = states[0];
        match change(states) {
            Some(Change::To(it)) => merged.push(it.clone()),
            // Taken away by one, and left as it was by the other.
            Some(Change::Removed(it)) if Some(it) == was => {}
            Some(Change::Removed(it) | Change::Both(it, _)) => {
                return Err(Clash::Require(it.id.clone()));
            }
            None => {}
        }
    }
    Ok(merged)
}

fn pins(sides: [&Lock; 3]) -> Result<Vec<LockedPin>, Clash> {
    let lists = sides.map(|it| &it.pins[..]);
    let mut merged = Vec::new();
    for name in keys(lists, |it| &it.name) {
        let states = lists.map(|it| it.iter().find(|it| it.name == *name));
        let was = states[0];
        match change(states) {
            Some(Change::To(it)) => merged.push(it.clone()),
            // A pin that was only moved asks for what it asked before.
            Some(Change::Removed(it))
                if was.is_some_and(|was| was == it || asks_alike(was, it)) => {}
            Some(Change::Removed(_) | Change::Both(..)) => {
                return Err(Clash::Pin(name.clone()));
            }
            None => {}
        }
    }
    Ok(merged)
}

fn asks_alike(a: &LockedPin, b: &LockedPin) -> bool {
    use LockedPinSource::{Git, Tar, Url};
    match (&a.source, &b.source) {
        (
            Git { git, asked, .. },
            Git {
                git: other_git,
                asked: other,
                ..
            },
        ) => git == other_git && asked == other && *asked != GitAsked::Commit,
        (Tar { tar, .. }, Tar { tar: other, .. }) => tar == other,
        (Url { url, .. }, Url { url: other, .. }) => url == other,
        _ => false,
    }
}

/// The sets of the atoms.
fn sets(sides: [&Lock; 3], atoms: &[LockedAtom]) -> Result<Vec<LockedSet>, Clash> {
    let roots = atoms.iter().filter_map(|it| match it.set() {
        SetRef::Here => None,
        SetRef::Root(root) => Some(root),
    });
    let roots: BTreeSet<Root> = roots.collect();
    let of_root = |root: Root| match change(sides.map(|it| it.set(&root))) {
        Some(Change::To(it)) => Ok(it.clone()),
        Some(Change::Both(ours, theirs)) => {
            let was = sides[0].set(&root).ok_or(Clash::Set(root))?;
            both_changed(was, ours, theirs).ok_or(Clash::Set(root))
        }
        // Its names are those of a manifest that had no use for it, or went.
        Some(Change::Removed(_)) | None => Err(Clash::Set(root)),
    };
    roots.into_iter().map(of_root).collect()
}

/// A set that both changed, each another part of it.
fn both_changed(was: &LockedSet, ours: &LockedSet, theirs: &LockedSet) -> Option<LockedSet> {
    fn part<T: PartialEq + Clone>(states: [&T; 3]) -> Option<T> {
        match change(states.map(Some)) {
            Some(Change::To(it)) => Some(it.clone()),
            _ => None,
        }
    }
    Some(LockedSet {
        root: was.root,
        names: part([&was.names, &ours.names, &theirs.names])?,
        origin: part([&was.origin, &ours.origin, &theirs.origin])?,
        mirrors: part([&was.mirrors, &ours.mirrors, &theirs.mirrors])?,
    })
}

/// One atom of a lock, whatever the lock calls it.
type Node = (Id, SetRef, Version);

/// An atom, and the atoms that it depends on.
#[derive(Debug, Clone)]
struct Vertex<'a> {
    atom: &'a LockedAtom,
    deps: BTreeSet<Node>,
}

/// The versions of one atom that one lock holds.
type Versions<'a> = BTreeMap<Version, Vertex<'a>>;

/// The atoms of one lock.
type Graph<'a> = BTreeMap<(Id, SetRef), Versions<'a>>;

struct Graphs<'a>([Graph<'a>; 3]);

impl<'a> Graphs<'a> {
    fn of(sides: [&'a Lock; 3]) -> Result<Self, Clash> {
        let [base, ours, theirs] = sides.map(graph);
        Ok(Self([base?, ours?, theirs?]))
    }

    /// The versions of an atom to take. One that a side took away counts if it is needed yet.
    fn versions(&self, atom: &(Id, SetRef)) -> Result<Versions<'a>, Clash> {
        match change(self.0.each_ref().map(|it| it.get(atom))) {
            None => Ok(Versions::new()),
            Some(Change::To(it) | Change::Removed(it)) => Ok(it.clone()),
            Some(Change::Both(..)) => Err(Clash::Atom(atom.0.clone())),
        }
    }
}

impl PartialEq for Vertex<'_> {
    /// Whatever the two locks call the dependencies.
    fn eq(&self, other: &Self) -> bool {
        (&self.atom.place, &self.deps) == (&other.atom.place, &other.deps)
    }
}

fn graph(lock: &Lock) -> Result<Graph<'_>, Clash> {
    let names = Names::of(&lock.atoms);
    let mut graph = Graph::new();
    for atom in &lock.atoms {
        let node = |it: &DepRef| {
            let found = names.find(it);
            found.map(node).ok_or_else(|| Clash::Needs(it.id.clone()))
        };
        let deps = atom.deps.iter().map(node).collect::<Result<_, _>>()?;
        let versions = graph.entry((atom.id.clone(), atom.set())).or_default();
        versions.insert(atom.version.clone(), Vertex { atom, deps });
    }
    Ok(graph)
}

fn node(atom: &LockedAtom) -> Node {
    (atom.id.clone(), atom.set(), atom.version.clone())
}

/// The atoms that the requirements lead to.
fn reached(requires: &[Require], graphs: &Graphs<'_>) -> Result<Vec<LockedAtom>, Clash> {
    let mut todo: Vec<Node> = Vec::new();
    for it in requires {
        let versions = graphs.versions(&(it.id.clone(), it.set))?;
        let fit = versions
            .into_keys()
            .filter(|version| it.req.matches(version));
        let before = todo.len();
        todo.extend(fit.map(|version| (it.id.clone(), it.set, version)));
        if todo.len() == before {
            return Err(Clash::Needs(it.id.clone()));
        }
    }
    let mut found: BTreeMap<Node, Vertex<'_>> = BTreeMap::new();
    while let Some(node) = todo.pop() {
        if found.contains_key(&node) {
            continue;
        }
        let mut versions = graphs.versions(&(node.0.clone(), node.1))?;
        let vertex = versions.remove(&node.2);
        let vertex = vertex.ok_or_else(|| Clash::Needs(node.0.clone()))?;
        todo.extend(vertex.deps.iter().cloned());
        found.insert(node, vertex);
    }
    let digest = |it: &Node| found.get(it).and_then(|it| it.atom.digest());
    let dep_ref = |it: &Node| DepRef {
        id: it.0.clone(),
        version: it.2.clone(),
        // The full spelling; `Lock::canonical` shortens it where nothing is ambiguous.
        short: digest(it).map(Digest::short),
    };
    let atoms = found.values().map(|it| LockedAtom {
        deps: it.deps.iter().map(dep_ref).collect(),
        ..it.atom.clone()
    });
    Ok(atoms.collect())
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Require(id) => write!(f, "both sides changed what is asked of `{id}`"),
            Self::Atom(id) => write!(f, "both sides changed what is locked of `{id}`"),
            Self::Set(root) => write!(f, "both sides changed the set {root}"),
            Self::Pin(name) => write!(f, "both sides changed the pin `{name}`"),
            Self::Needs(id) => {
                write!(
                    f,
                    "one side needs `{id}` as it was before the other changed it"
                )
            }
            Self::Whole => f.write_str("the two sides do not fit together"),
        }
    }
}
