//! `eka add` and `eka remove`: the manifest's dependencies, and the lock with them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use atom::manifest::{self, EditError, Manifest, SetPlace};
use atom::refname::{ATOMS_PREFIX, ROOT_REF};
use atom::uri::{Repository, Uri, UriError, Wanted};
use atom::url::RepoUrl;
use atom::{Id, IdError, Name, Requirement, Version, confusable};
use atom_git::remote::atoms::prefixes;
use atom_git::remote::{AtomListing, Fault, RemoteError, Session};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::{Context, Network};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Access;
use crate::lock::{Choosing, Locked, Locking, Opened, Scene, relock};
use crate::pins;
use crate::project;
use crate::resolve::{Options, quoted};

/// What to depend on.
#[derive(Debug, Clone)]
pub struct Add {
    /// Atom URIs, such as `gh:owner/repo::atom@^1`.
    pub uris: Vec<String>,
    /// What to call the set, where it is new.
    pub set: Option<String>,
    /// A pin to add, beside those that `<repository>^^<ref>` names.
    pub pin: Option<pins::Asked>,
    /// What to call the pin that a URI names; made of the repository's name where nothing is said.
    pub pin_name: Option<String>,
    /// Whether the lock may change.
    pub locking: Locking,
    /// Which versions are taken.
    pub choosing: Choosing,
}

/// What to depend on no longer.
#[derive(Debug, Clone)]
pub struct Remove {
    /// Ids, as the manifest has them; `<set>.<id>` where two sets have one; the name of a pin
    /// where no dependency has it.
    pub ids: Vec<String>,
    /// Pins, by name.
    pub pins: Vec<String>,
    /// Whether the lock may change.
    pub locking: Locking,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The manifest.
    pub manifest: PathBuf,
    /// The dependencies that were added or removed.
    pub deps: Vec<Edited>,
    /// The pins that were added or removed.
    pub pins: Vec<pins::Edited>,
    /// What became of the lock.
    pub lock: Locked,
}

/// One dependency of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The set's name.
    pub set: Name,
    /// The atom.
    pub id: Id,
    /// The requirement that stands, or stood, in the manifest.
    pub req: Requirement,
}

/// Why a dependency was neither added nor removed.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum AddError {
    /// The argument is no URI.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Uri(#[from] UriError),
    /// The URI names a whole set.
    #[error("`{uri}` names no atom")]
    #[diagnostic(
        code(eka::add::no_atom),
        help(
            "name one as `<repository>::<id>@<requirement>`, or a plain ref as `<repository>^^<ref>`; `eka versions {uri}` lists what there is"
        )
    )]
    NoAtom {
        /// The URI.
        uri: String,
    },
    /// The id is one that may be read, and should not be written.
    #[error("`{id}` is no id to depend on")]
    #[diagnostic(code(eka::add::id))]
    Id {
        /// The id.
        id: Id,
        /// The rule that it breaks.
        #[source]
        #[diagnostic_source]
        source: IdError,
    },
    /// The repository is no set.
    #[error("`{url}` is no set of atoms: it has no `refs/eka/root`")]
    #[diagnostic(
        code(eka::add::no_set),
        help("its owner makes it one by `eka init`; check the URL")
    )]
    NoSet {
        /// The repository.
        url: RepoUrl,
    },
    /// The set has no such atom.
    #[error("`{url}` has no atom `{id}`")]
    #[diagnostic(code(eka::add::not_found), help("{}", near_help(near)))]
    NotFound {
        /// The repository.
        url: RepoUrl,
        /// The atom.
        id: Id,
        /// Ids that it has, the most alike first.
        near: Vec<Id>,
    },
    /// The work tree has no such atom.
    #[error("the work tree has no atom `{id}`")]
    #[diagnostic(
        code(eka::add::no_local),
        help("`::` names atoms of this repository; one of another is `<repository>::{id}`")
    )]
    NoLocal {
        /// The atom.
        id: Id,
    },
    /// The name of a set is none, or taken.
    #[error("`{name}` cannot name the set `{url}`")]
    #[diagnostic(
        code(eka::add::set_name),
        help("a name is lower-case letters, digits and `-`, and names one set of the manifest")
    )]
    SetName {
        /// The name.
        name: String,
        /// The set.
        url: String,
    },
    /// No dependency of that id.
    #[error("the manifest has no dependency `{id}`")]
    #[diagnostic(code(eka::remove::not_found), help("it has {}", names(deps)))]
    NoDep {
        /// What was given.
        id: String,
        /// What there is.
        deps: Vec<String>,
    },
    /// Two sets have a dependency of that id.
    #[error("`{id}` is a dependency from several sets")]
    #[diagnostic(code(eka::remove::ambiguous), help("name one of {}", names(deps)))]
    Ambiguous {
        /// What was given.
        id: String,
        /// What it may mean.
        deps: Vec<String>,
    },
    /// Credentials of the URL open the set, and the manifest records none.
    #[error("`{url}` is closed to whoever gives no credentials, and the manifest records none")]
    #[diagnostic(
        code(eka::add::credentials),
        help(
            "give them to git, which eka asks as well: by a credential helper or `~/.netrc`; then add the set by its URL without them"
        )
    )]
    Credentials {
        /// The set, as the manifest would record it.
        url: RepoUrl,
        /// What it says to whoever gives none.
        #[source]
        source: Box<RemoteError>,
    },
    /// The manifest cannot be edited.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Edit(#[from] EditError),
}

/// Two ids that look alike.
#[derive(Debug, Error, Diagnostic)]
#[error("`{new}` looks like `{old}`, which is a dependency already")]
#[diagnostic(
    code(eka::add::look_alike),
    help("see that you mean the one that you typed")
)]
struct LookAlike {
    new: Id,
    old: Id,
}

impl AddError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NoSet { .. } | Self::NotFound { .. } | Self::NoLocal { .. } => Exit::No,
            Self::NoDep { .. } | Self::Ambiguous { .. } => Exit::No,
            Self::Credentials { .. } => Exit::Network,
            _ => Exit::Usage,
        }
    }
}

/// Adds dependencies to the manifest around the current folder, and locks them.
///
/// # Errors
///
/// [`AddError`], and what a resolution and the files may fail with; manifest and lock stay as
/// they were then.
pub fn add(ctx: &Context<'_>, request: &Add) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let opened = Opened::open(ctx, &project::find_atom(&ctx.dir)?, Access::Write)?;
    let mut text = opened.texts.manifest.clone();
    let (mut deps, mut pins) = (Vec::new(), Vec::new());
    if let Some(asked) = &request.pin {
        pins.push(pins::add(ctx, &opened.manifest, &mut text, asked)?);
    }
    for uri in &request.uris {
        let uri = Uri::parse(uri, &ctx.aliases).map_err(AddError::from)?;
        let no_atom = || AddError::NoAtom {
            uri: uri.to_string(),
        };
        let (id, req) = match (uri.wanted.clone(), uri.repository.clone()) {
            (Wanted::Atom { id, req }, _) => (id, req),
            (Wanted::Ref(name), Repository::At(url)) => {
                let manifest = scene.edited(&opened, &text)?;
                let at = (crate::here::absolute(ctx, url), name);
                let called = request.pin_name.as_deref();
                pins.push(add_ref(&manifest, &mut text, called, at)?);
                continue;
            }
            (Wanted::Set | Wanted::Ref(_), _) => return Err(no_atom().into()),
        };
        id.check_own().map_err(|source| AddError::Id {
            id: id.clone(),
            source,
        })?;
        let manifest = scene.edited(&opened, &text)?;
        look_alikes(ctx, &manifest, &id);
        let edited = match uri.repository {
            Repository::Here => add_local(&mut scene, &manifest, &mut text, (id, req))?,
            Repository::At(url) => {
                let url = crate::here::absolute(ctx, url);
                open_without_credentials(&mut scene, &url)?;
                let req = match req {
                    Some(req) => req,
                    None => newest(&mut scene, &url, &id)?,
                };
                let set = set_name(&manifest, &url, request.set.as_deref())?;
                text = manifest::add_dep(&text, &set, Some(&url), &id, &req)
                    .map_err(AddError::from)?;
                Edited { set, id, req }
            }
        };
        deps.push(edited);
    }
    let uris: Vec<String> = request.uris.iter().map(|it| quoted(it)).collect();
    let set = request
        .set
        .as_ref()
        .map(|it| format!(" --set {}", quoted(it)));
    let command = format!("eka add {}{}", uris.join(" "), set.unwrap_or_default());
    let options = request.choosing.options(command);
    write(
        &mut scene,
        &opened,
        Written { text, deps, pins },
        (request.locking, &options),
    )
}

/// Removes dependencies from the manifest around the current folder, and from its lock.
///
/// # Errors
///
/// As [`add`].
pub fn remove(ctx: &Context<'_>, request: &Remove) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let opened = Opened::open(ctx, &project::find_atom(&ctx.dir)?, Access::Write)?;
    let mut text = opened.texts.manifest.clone();
    let (mut deps, mut pins) = (Vec::new(), Vec::new());
    for name in &request.pins {
        pins.push(pins::remove(&opened.manifest, &mut text, name)?);
    }
    for id in &request.ids {
        let edited = match find(&opened.manifest, id) {
            Err(AddError::NoDep { .. }) if pins::by_name(&opened.manifest, id).is_some() => {
                pins.push(pins::remove(&opened.manifest, &mut text, id)?);
                continue;
            }
            found => found?,
        };
        text = manifest::remove_dep(&text, &edited.set, &edited.id).map_err(AddError::from)?;
        deps.push(edited);
    }
    let options = Choosing::default().options("eka lock".to_owned());
    write(
        &mut scene,
        &opened,
        Written { text, deps, pins },
        (request.locking, &options),
    )
}

/// An edited manifest, and what was edited.
struct Written {
    text: String,
    deps: Vec<Edited>,
    pins: Vec<pins::Edited>,
}

/// Adds the pin that a URI names.
fn add_ref(
    manifest: &Manifest,
    text: &mut String,
    called: Option<&str>,
    (url, name): (RepoUrl, String),
) -> Result<pins::Edited, Error> {
    let made = || {
        free(&from_path(url.path(), "pin"), |it| {
            manifest.pins.contains_key(it)
        })
    };
    let called = called.ok_or_else(made);
    pins::add_ref(manifest, text, called, (url.clone(), name))
}

/// Locks what the edited manifest asks for, and writes both files.
fn write(
    scene: &mut Scene<'_>,
    opened: &Opened,
    edited: Written,
    how: (Locking, &Options),
) -> Result<Report, Error> {
    let Written { text, deps, pins } = edited;
    let lock = relock(scene, opened, text, how)?;
    Ok(Report {
        manifest: opened.folder.path().join(crate::files::MANIFEST),
        deps,
        pins,
        lock,
    })
}

fn add_local(
    scene: &mut Scene<'_>,
    manifest: &Manifest,
    text: &mut String,
    (id, req): (Id, Option<Requirement>),
) -> Result<Edited, Error> {
    let local = scene.locals()?.get(&id);
    let local = local.ok_or_else(|| AddError::NoLocal { id: id.clone() })?;
    let req = req.unwrap_or_else(|| caret(&local.version));
    let here = manifest
        .sets
        .iter()
        .find(|(_, set)| set.place == SetPlace::Here);
    let set = match here {
        Some((name, _)) => name.clone(),
        None => free_name(manifest, "here"),
    };
    *text = manifest::add_local_dep(text, &set, &id, &req).map_err(AddError::from)?;
    Ok(Edited { set, id, req })
}

/// Refuses a set that is opened by credentials of the URL alone: nobody could lock it later.
fn open_without_credentials(scene: &mut Scene<'_>, url: &RepoUrl) -> Result<(), Error> {
    let public = url.public();
    if public == *url || scene.ctx.network != Network::Online {
        return Ok(());
    }
    let remotes = scene.remotes()?;
    let list = |url| {
        let session = Session::open(url, remotes.options());
        session.and_then(|mut it| it.list(&[ROOT_REF.to_owned()]))
    };
    match list(&public) {
        Err(source) if is_closed(&source.fault) => {
            // What they do not open either is told as it is.
            list(url)?;
            let (url, source) = (public, Box::new(source));
            Err(AddError::Credentials { url, source }.into())
        }
        _ => Ok(()),
    }
}

/// Whether credentials might help: hosts hide what is private.
const fn is_closed(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Unauthenticated { .. }
            | Fault::Forbidden { .. }
            | Fault::InsecureCredentials
            | Fault::NoRepository { .. }
    )
}

/// The requirement that takes the newest version there is, and what is compatible with it.
fn newest(scene: &mut Scene<'_>, url: &RepoUrl, id: &Id) -> Result<Requirement, Error> {
    scene
        .ctx
        .online(format!("looking for the newest version of `{id}`"))?;
    let remotes = scene.remotes()?;
    let mut session = Session::open(url, remotes.options())?;
    let listing = AtomListing::read(&session.list(&prefixes([id]))?);
    if listing.root.is_none() {
        return Err(AddError::NoSet { url: url.clone() }.into());
    }
    let versions = || {
        listing
            .existing(id)
            .filter(|(_, refs)| refs.yank.is_none())
            .map(|it| it.0)
    };
    let released = versions().filter(|it| it.pre.is_empty()).max();
    if let Some(version) = released.or_else(|| versions().max()) {
        return Ok(caret(version));
    }
    let all = AtomListing::read(&session.list(&[ATOMS_PREFIX.to_owned()])?);
    let near = nearest(id, all.versions.into_keys());
    Err(AddError::NotFound {
        url: url.clone(),
        id: id.clone(),
        near,
    }
    .into())
}

fn nearest(id: &Id, ids: impl Iterator<Item = Id>) -> Vec<Id> {
    let shared = |it: &Id| {
        let letters: BTreeSet<char> = id.as_str().chars().collect();
        it.as_str()
            .chars()
            .filter(|it| letters.contains(it))
            .count()
    };
    let mut ids: Vec<Id> = ids.collect();
    ids.sort_by_key(|it| std::cmp::Reverse(shared(it)));
    ids.truncate(5);
    ids
}

fn caret(version: &Version) -> Requirement {
    let text = format!("^{}.{}.{}", version.major, version.minor, version.patch);
    let text = if version.pre.is_empty() {
        text
    } else {
        format!("{text}-{}", version.pre)
    };
    text.parse()
        .expect("a version after a caret is a requirement")
}

/// What the manifest calls the set at `url`, or will.
fn set_name(manifest: &Manifest, url: &RepoUrl, wanted: Option<&str>) -> Result<Name, AddError> {
    let there = manifest
        .sets
        .iter()
        .find(|(_, set)| set.place.origin().is_some_and(|it| it.key() == url.key()));
    let refused = |name: &str| AddError::SetName {
        name: name.to_owned(),
        url: url.to_string(),
    };
    match (there, wanted) {
        (Some((name, _)), None) => Ok(name.clone()),
        (Some((name, _)), Some(wanted)) if name.as_str() == wanted => Ok(name.clone()),
        (Some(_), Some(wanted)) => Err(refused(wanted)),
        (None, Some(wanted)) => {
            let name: Name = wanted.parse().map_err(|_| refused(wanted))?;
            if manifest.sets.contains_key(&name) {
                return Err(refused(wanted));
            }
            Ok(name)
        }
        (None, None) => Ok(free_name(manifest, &from_path(url.path(), "set"))),
    }
}

/// A name made of the last part of a path, or `else_name`.
fn from_path(path: &str, else_name: &str) -> String {
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let last = last
        .strip_suffix(".git")
        .unwrap_or(last)
        .to_ascii_lowercase();
    let kept = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = last.chars().map(kept).collect();
    let name = name.trim_start_matches(|it: char| !it.is_ascii_lowercase());
    let name: String = name.trim_end_matches('-').chars().take(60).collect();
    if name.is_empty() {
        else_name.to_owned()
    } else {
        name
    }
}

/// The name, or the first of `name-2`, `name-3` and so on that no set has.
fn free_name(manifest: &Manifest, name: &str) -> Name {
    free(name, |it| manifest.sets.contains_key(it))
}

fn free(name: &str, taken: impl Fn(&Name) -> bool) -> Name {
    let names = std::iter::once(name.to_owned()).chain((2..).map(|it| format!("{name}-{it}")));
    names
        .filter_map(|it| it.parse::<Name>().ok())
        .find(|it| !taken(it))
        .expect("there are more numbers than names")
}

fn look_alikes(ctx: &Context<'_>, manifest: &Manifest, id: &Id) {
    for dep in &manifest.deps {
        if dep.id != *id && confusable(&dep.id, id).is_some() {
            ctx.warn(LookAlike {
                new: id.clone(),
                old: dep.id.clone(),
            });
        }
    }
}

/// The dependency that `<id>` or `<set>.<id>` names.
fn find(manifest: &Manifest, text: &str) -> Result<Edited, AddError> {
    let full = |it: &manifest::Dep| format!("{}.{}", it.set, it.id);
    let named = |it: &&manifest::Dep| it.id.as_str() == text || full(it) == text;
    let found: Vec<_> = manifest.deps.iter().filter(named).collect();
    match &found[..] {
        [dep] => Ok(Edited {
            set: dep.set.clone(),
            id: dep.id.clone(),
            req: dep.req.clone(),
        }),
        [] => Err(AddError::NoDep {
            id: text.to_owned(),
            deps: manifest.deps.iter().map(|it| it.id.to_string()).collect(),
        }),
        several => Err(AddError::Ambiguous {
            id: text.to_owned(),
            deps: several.iter().map(|it| full(it)).collect(),
        }),
    }
}

fn near_help(near: &[Id]) -> String {
    if near.is_empty() {
        return "the set is empty; check the URL".to_owned();
    }
    let near: Vec<String> = near.iter().map(|it| format!("`{it}`")).collect();
    format!("it has {}, among others", near.join(", "))
}

fn names(deps: &[String]) -> String {
    if deps.is_empty() {
        return "none".to_owned();
    }
    let deps: Vec<String> = deps.iter().map(|it| format!("`{it}`")).collect();
    deps.join(", ")
}
