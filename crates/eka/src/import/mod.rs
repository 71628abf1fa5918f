//! `eka import`: makes pins of what a `flake.lock` or npins holds, locked as it is there.

mod error;
mod found;
mod flake;
mod npins;

pub use error::ImportError;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use atom::Name;
use atom::lock::diff::{self, answers_pin};
use atom::lock::{Lock, LockedPin, LockedPinSource};
use atom::manifest::{self, Manifest, Pin, PinSource};
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::error::Error;
use crate::files::{Access, MANIFEST, read_text};
use crate::lock::{Choosing, Locked, Locking, Opened, Scene, must_be_current};
use crate::project;
use found::{Found, Input};

/// The lock of a flake.
pub const FLAKE: &str = "flake.lock";
/// Where npins keeps its pins.
pub const NPINS: &str = "npins/sources.json";

/// The largest file, in bytes.
const MAX_BYTES: u64 = 1 << 24;

/// What to import.
#[derive(Debug, Clone)]
pub struct Request {
    /// The file, or the folder that it is in; the atom's own where none is named.
    pub path: Option<PathBuf>,
    /// Which inputs of a flake.
    pub extent: Extent,
    /// What becomes of other pins of the same name.
    pub taken: Taken,
    /// Whether the lock may change.
    pub locking: Locking,
}

/// Which inputs of a flake are meant. Of npins it is all in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Its own.
    Root,
    /// Those of its inputs as well.
    All,
}

/// What becomes of pins that have a name of the file, and are others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// They stay, and nothing is imported.
    Refused,
    /// They are replaced.
    Replaced,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The manifest.
    pub manifest: PathBuf,
    /// The file.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// Each pin of it, in the order of the file.
    pub pins: Vec<Imported>,
    /// What is no pin.
    pub left_out: Vec<LeftOut>,
    /// What became of the lock.
    pub lock: Locked,
}

/// What kind of file it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `flake.lock`.
    Flake,
    /// The `sources.json` of npins.
    Npins,
}

/// One pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name.
    pub name: Name,
    /// What the file calls it.
    pub from: String,
    /// What the manifest says of where it comes from.
    pub source: PinSource,
    /// What the lock says.
    pub locked: LockedPinSource,
    /// What was done.
    pub state: State,
    /// What is otherwise than one may think.
    pub note: Option<String>,
}

/// What was done for one pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The manifest had none of that name.
    New,
    /// The manifest had it already; what the lock had of it stays.
    Present,
    /// It replaced another.
    Replaced,
}

/// One input that is no pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What the file calls it.
    pub from: String,
    /// Why.
    pub why: String,
}

/// Adds pins for what the file holds to the manifest around the current folder, and locks them to
/// what they are locked to there; nothing is fetched for them.
///
/// # Errors
///
/// [`ImportError`], and what a resolution and the files may fail with; manifest and lock stay as
/// they were then.
pub fn import(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let folder = project::find_atom(&ctx.dir)?;
    let file = file(ctx, request.path.as_deref(), &folder)?;
    let (format, found) = read(&file, request.extent)?;
    let opened = Opened::open(ctx, &folder, Access::Write)?;
    let mut edit = Edit::of(&opened, request.taken);
    for found in found {
        edit.take(found);
    }
    if !edit.taken.is_empty() {
        let names = edit.taken;
        return Err(ImportError::Taken { names }.into());
    }
    let left_out = edit.left_out;
    if edit.pins.is_empty() {
        let path = file;
        return Err(ImportError::Nothing { path, left_out }.into());
    }
    let lock = write(&mut scene, &opened, (edit.text, edit.lock), request.locking)?;
    Ok(Report {
        manifest: opened.folder.path().join(MANIFEST),
        file,
        format,
        pins: edit.pins,
        left_out,
        lock,
    })
}

/// The file that is meant.
fn file(ctx: &Context<'_>, named: Option<&Path>, atom: &Path) -> Result<PathBuf, ImportError> {
    let folder = match named.map(|it| ctx.dir.join(it)) {
        Some(path) if !path.is_dir() => return Ok(path),
        Some(folder) => folder,
        None => atom.to_owned(),
    };
    let (flake, npins) = (folder.join(FLAKE), folder.join(NPINS));
    match (flake.is_file(), npins.is_file()) {
        (true, true) => Err(ImportError::TwoFiles { folder }),
        (true, false) => Ok(flake),
        (false, true) => Ok(npins),
        (false, false) => Err(ImportError::NoFile { folder }),
    }
}

/// Reads a file of either format, told apart by what it holds.
fn read(path: &Path, extent: Extent) -> Result<(Format, Vec<Found>), ImportError> {
    let text = read_text(path, MAX_BYTES).map_err(|source| {
        let path = path.to_owned();
        ImportError::Unreadable { path, source }
    })?;
    let known = |found: u64, versions: &std::ops::RangeInclusive<u64>| {
        if versions.contains(&found) {
            return Ok(());
        }
        Err(ImportError::Version {
            path: path.to_owned(),
            found,
            from: *versions.start(),
            to: *versions.end(),
        })
    };
    // The version comes first: what a later one holds need not be of the shape.
    let head: Head = parse(path, &text)?;
    if head.nodes.is_some() {
        known(head.version, &flake::VERSIONS)?;
        let file: flake::File = parse(path, &text)?;
        Ok((Format::Flake, file.found(extent)))
    } else if head.pins.is_some() {
        known(head.version, &npins::VERSIONS)?;
        let file: npins::File = parse(path, &text)?;
        Ok((Format::Npins, file.found()))
    } else {
        Err(ImportError::Format {
            path: path.to_owned(),
            reason: "it has neither `nodes` nor `pins`".to_owned(),
        })
    }
}

/// What tells the formats and their versions apart.
#[derive(serde::Deserialize)]
struct Head {
    version: u64,
    nodes: Option<serde::de::IgnoredAny>,
    pins: Option<serde::de::IgnoredAny>,
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|error| ImportError::Format {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Manifest and lock on the way to what they will be.
struct Edit<'a> {
    manifest: &'a Manifest,
    replace: Taken,
    text: String,
    lock: Lock,
    names: BTreeSet<Name>,
    pins: Vec<Imported>,
    left_out: Vec<LeftOut>,
    /// Other pins of the manifest that stand in the way.
    taken: Vec<Name>,
}

impl<'a> Edit<'a> {
    fn of(opened: &'a Opened, replace: Taken) -> Self {
        Self {
            manifest: &opened.manifest,
            replace,
            text: opened.texts.manifest.clone(),
            lock: opened.lock.clone().unwrap_or_default(),
            names: BTreeSet::new(),
            pins: Vec::new(),
            left_out: Vec::new(),
            taken: Vec::new(),
        }
    }

    fn take(&mut self, found: Found) {
        let from = found.name;
        let added = found.pin.and_then(|input| self.add(&from, input));
        if let Err(why) = added {
            self.left_out.push(LeftOut { from, why });
        }
    }

    fn add(&mut self, from: &str, input: Input) -> Result<(), String> {
        let name = self.name(from)?;
        let (source, locked) = (input.source, input.locked);
        let before = self.manifest.pins.get(&name);
        let state = match before {
            None => State::New,
            Some(it) if it.source == source => State::Present,
            Some(_) if self.replace == Taken::Replaced => State::Replaced,
            Some(_) => {
                self.taken.push(name);
                return Ok(());
            }
        };
        if state != State::Present {
            let none = || Pin {
                source: source.clone(),
                entry: None,
                args: BTreeMap::new(),
            };
            let pin = Pin {
                source: source.clone(),
                ..before.cloned().unwrap_or_else(none)
            };
            let text = manifest::add_pin(&self.text, &name, &pin);
            self.text = text.map_err(|error| error.to_string())?;
        }
        let locked = self.lock(&name, &source, locked, state);
        self.names.insert(name.clone());
        self.pins.push(Imported {
            name,
            from: from.to_owned(),
            source,
            locked,
            state,
            note: input.note,
        });
        Ok(())
    }

    /// What the lock says of a pin from here on: what it said already of one that is there.
    fn lock(
        &mut self,
        name: &Name,
        source: &PinSource,
        locked: LockedPinSource,
        state: State,
    ) -> LockedPinSource {
        let old = self.lock.pins.iter().find(|it| it.name == *name);
        let stays = old.filter(|it| state == State::Present && answers_pin(source, &it.source));
        if let Some(old) = stays {
            return old.source.clone();
        }
        self.lock.pins.retain(|it| it.name != *name);
        let (name, source) = (name.clone(), locked.clone());
        self.lock.pins.push(LockedPin { name, source });
        locked
    }

    /// What a pin is called: as in the file, as far as names of pins allow.
    fn name(&self, from: &str) -> Result<Name, String> {
        let kept = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
        let name: String = from.to_ascii_lowercase().chars().map(kept).collect();
        let name = name.trim_start_matches(|it: char| !it.is_ascii_lowercase());
        let name: String = name.trim_end_matches('-').chars().take(60).collect();
        let name = match name.as_str() {
            "" => "pin",
            name => name,
        };
        let numbered = (2..1000).map(|n| format!("{name}-{n}"));
        let names = std::iter::once(name.to_owned()).chain(numbered);
        names
            .filter_map(|it| it.parse().ok())
            .find(|it| !self.names.contains(it))
            .ok_or_else(|| "too many have that name".to_owned())
    }
}

/// Writes manifest and lock. Where the lock answered before, no remote is asked.
fn write(
    scene: &mut Scene<'_>,
    opened: &Opened,
    (text, lock): (String, Lock),
    locking: Locking,
) -> Result<Locked, Error> {
    let manifest = scene.edited(opened, &text)?;
    if let Locking::Locked { by } = locking {
        let old = opened.lock.clone().unwrap_or_default();
        must_be_current(scene.ctx, opened, by, diff::of_manifest(&manifest, &old))?;
    }
    let lock = if opened.changes_of(scene, &manifest, &lock)?.is_empty() {
        lock.canonical()
    } else {
        let mut top = opened.edited(text.clone(), manifest);
        top.lock.get_or_insert_default().pins = lock.pins;
        let options = Choosing::default().options("eka lock".to_owned());
        let mut locks = scene.resolve(vec![top], &options)?;
        locks.pop().expect("one top has one lock")
    };
    let outcome = opened.replace(Some(text), &lock)?;
    Ok(Locked::of(opened, &lock, outcome))
}
