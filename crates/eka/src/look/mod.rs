//! What the commands that look share: the lock as it is, some atoms of it, who asks for them, and
//! what their origins have now.

mod asks;
mod offers;

pub(crate) use asks::Asks;
pub use asks::{Ask, Asker};
pub(crate) use offers::Offers;

use std::path::PathBuf;

use atom::lock::{Graph, Lock, LockedAtom, Place, SetRef};
use atom::near::nearest;
use atom::uri::{Aliases, Repository, Uri, Wanted};
use atom::url::RepoUrl;
use atom::{Id, Requirement};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::error::Error;
use crate::lock::{Opened, Scene};

/// How many names a message lists at most.
const MAX_NAMES: usize = 12;

/// Why a lock does not show what is asked for.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum LookError {
    /// The lock holds no such atom.
    #[error("the lock holds no atom `{text}`")]
    #[diagnostic(code(eka::look::not_locked), help("{}", instead(near.as_ref(), known)))]
    NotLocked {
        /// What was asked for.
        text: String,
        /// The id that is nearest to it.
        near: Option<Id>,
        /// What there is, each once.
        known: Vec<String>,
    },
    /// A repository or a git ref was named.
    #[error("`{text}` is not an atom")]
    #[diagnostic(
        code(eka::look::not_an_atom),
        help("name an atom by its id, as `zlib` or `zlib@^1`, or as `gh:owner/repo::zlib`")
    )]
    NotAnAtom {
        /// What was given.
        text: String,
    },
}

/// A lock that does not answer its manifest.
#[derive(Debug, Error, Diagnostic)]
#[error("`{}` does not answer the manifest; what it holds is shown", path.display())]
#[diagnostic(
    severity(warning),
    code(eka::look::stale),
    help("`eka lock` brings it up to date, and `eka lock --locked` tells what differs")
)]
struct Stale {
    path: PathBuf,
}

/// Some atoms of a lock: `<id>[@<requirement>]`, of whatever set; `<set>.<id>`, by the manifest's
/// name for it; `<id>#<first 8 of digest>`; or a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    text: String,
    id: Id,
    req: Option<Requirement>,
    of: Of,
}

/// Of which set the selected atoms are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    Any,
    Here,
    Named(String),
    Digest(String),
    At(RepoUrl),
}

impl Selector {
    pub(crate) fn parse(text: &str, aliases: &Aliases) -> Result<Self, Error> {
        let (bare, of) = short(text).unwrap_or_else(|| (text.to_owned(), Of::Any));
        let uri = Uri::parse(&bare, aliases)?;
        let Wanted::Atom { id, req } = uri.wanted else {
            let text = text.to_owned();
            return Err(LookError::NotAnAtom { text }.into());
        };
        let of = match uri.repository {
            Repository::At(url) => Of::At(url),
            Repository::Here if text.starts_with("::") => Of::Here,
            Repository::Here => of,
        };
        let text = text.to_owned();
        Ok(Self { text, id, req, of })
    }

    /// All atoms of an id.
    pub(crate) fn of_id(id: Id) -> Self {
        let (text, req, of) = (id.to_string(), None, Of::Any);
        Self { text, id, req, of }
    }

    /// The atoms of a lock that are meant, by their numbers.
    pub(crate) fn find(&self, graph: &Graph<'_>) -> Vec<usize> {
        let set = |it: &LockedAtom| match it.set() {
            SetRef::Root(root) => graph.lock().set(&root),
            SetRef::Here => None,
        };
        let is_of = |it: &LockedAtom| match &self.of {
            Of::Any => true,
            Of::Here => it.set() == SetRef::Here,
            Of::Named(name) => {
                set(it).is_some_and(|it| it.names.iter().any(|it| it.as_str() == name))
            }
            Of::Digest(short) => it.digest().is_some_and(|it| it.short() == *short),
            Of::At(url) => set(it).is_some_and(|it| {
                let mut places = std::iter::once(&it.origin).chain(&it.mirrors);
                places.any(|it| it.key() == url.key())
            }),
        };
        let named = graph.named(&self.id, self.req.as_ref());
        named.filter(|it| is_of(&graph.atoms()[*it])).collect()
    }

    /// The error that no lock has it; `known` are the ids that there are.
    pub(crate) fn not_locked(&self, known: Vec<Id>) -> LookError {
        let mut ids = known;
        ids.sort();
        ids.dedup();
        let near = nearest(self.id.as_str(), ids.iter().map(Id::as_str));
        let near = near
            .filter(|it| *it != self.id.as_str())
            .and_then(|it| it.parse().ok());
        LookError::NotLocked {
            text: self.text.clone(),
            near,
            known: ids.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Splits `<set>.<id>[@…]` or `<id>#<digest>[@…]` into an id and what it is of.
fn short(text: &str) -> Option<(String, Of)> {
    let (name, req) = match text.split_once('@') {
        Some((name, req)) => (name, format!("@{req}")),
        None => (text, String::new()),
    };
    if name.contains(['/', ':']) {
        return None;
    }
    if let Some((id, digest)) = name.split_once('#') {
        return Some((format!("{id}{req}"), Of::Digest(digest.to_owned())));
    }
    let (set, id) = name.rsplit_once('.')?;
    Some((format!("{id}{req}"), Of::Named(set.to_owned())))
}

/// Tells where a lock does not answer its manifest: what is shown may not be what one expects.
pub(crate) fn warn_if_stale(
    ctx: &Context<'_>,
    scene: &mut Scene<'_>,
    opened: &Opened,
) -> Result<(), Error> {
    if !opened.changes(scene)?.is_empty() {
        let path = opened.lock_path();
        ctx.warn(Stale { path });
    }
    Ok(())
}

/// Where a locked atom comes from, in a few words.
pub(crate) fn origin(lock: &Lock, place: &Place) -> String {
    let root = match place {
        Place::Local { path } => return format!("::{path}"),
        Place::Published { root, .. } => root,
        Place::Patched(it) => return format!("patched: {}", it.from),
    };
    match lock.set(root) {
        Some(set) if set.names.is_empty() => set.origin.to_string(),
        Some(set) => {
            let names: Vec<&str> = set.names.iter().map(|it| it.as_str()).collect();
            names.join(", ")
        }
        None => SetRef::Root(*root).to_string(),
    }
}

fn instead(near: Option<&Id>, known: &[String]) -> String {
    if let Some(near) = near {
        return format!("did you mean `{near}`?");
    }
    let shown: Vec<String> = known
        .iter()
        .take(MAX_NAMES)
        .map(|it| format!("`{it}`"))
        .collect();
    match known.len().saturating_sub(MAX_NAMES) {
        0 if shown.is_empty() => "it holds nothing: `eka add` brings an atom".to_owned(),
        0 => format!("it holds: {}", shown.join(", ")),
        more => format!("it holds: {} and {more} more", shown.join(", ")),
    }
}

impl LookError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> crate::exit::Exit {
        match self {
            Self::NotLocked { .. } => crate::exit::Exit::No,
            Self::NotAnAtom { .. } => crate::exit::Exit::Usage,
        }
    }
}
