//! The one canonical text of a lock.

use std::fmt::{self, Display, Write as _};

use super::{DepRef, GitAsked, Lock, LockedAtom, LockedPin, LockedPinSource, LockedSet, Place};
use super::{Patched, PatchedFrom, Require, SetRef};
use crate::document::print::basic_string;

/// Prints the lock in canonical order, whatever order its parts are in.
pub(super) fn print(lock: &Lock) -> String {
    let lock = lock.clone().canonical();
    let mut out = String::new();
    write(&lock, &mut out).expect("a string takes whatever is written to it");
    out
}

fn write(lock: &Lock, out: &mut String) -> fmt::Result {
    writeln!(out, "version = {}", Lock::VERSION)?;
    lock.requires.iter().try_for_each(|it| require(it, out))?;
    lock.sets.iter().try_for_each(|it| set(it, out))?;
    lock.atoms.iter().try_for_each(|it| atom(it, out))?;
    lock.pins.iter().try_for_each(|it| pin(it, out))
}

fn require(require: &Require, out: &mut String) -> fmt::Result {
    header("require", out)?;
    line("id", &require.id, out)?;
    line("req", &require.req, out)?;
    line("set", &require.set, out)
}

fn set(set: &LockedSet, out: &mut String) -> fmt::Result {
    header("set", out)?;
    line("root", &set.root, out)?;
    list("names", &set.names, out)?;
    line("origin", &set.origin.public(), out)?;
    let mirrors: Vec<_> = set.mirrors.iter().map(|it| it.public()).collect();
    list("mirrors", &mirrors, out)
}

fn atom(atom: &LockedAtom, out: &mut String) -> fmt::Result {
    header("atom", out)?;
    line("id", &atom.id, out)?;
    line("version", &atom.version, out)?;
    match &atom.place {
        Place::Published {
            root,
            digest,
            rev,
            spec,
            nar,
        } => {
            line("digest", digest, out)?;
            line("set", root, out)?;
            line("rev", rev, out)?;
            line("spec", spec, out)?;
            line("nar", nar, out)?;
        }
        Place::Local { path } => {
            line("set", &SetRef::Here, out)?;
            line("path", path, out)?;
        }
        Place::Patched(it) => patched(it, out)?,
    }
    list::<DepRef>("deps", &atom.deps, out)
}

fn patched(it: &Patched, out: &mut String) -> fmt::Result {
    line("digest", &it.digest, out)?;
    line("set", &it.root, out)?;
    match &it.from {
        PatchedFrom::Folder { path } => line("folder", path, out),
        PatchedFrom::Repository {
            set,
            rev,
            spec,
            nar,
        } => {
            line("origin", &set.origin.public(), out)?;
            line("root", &set.root, out)?;
            line("rev", rev, out)?;
            line("spec", spec, out)?;
            line("nar", nar, out)
        }
    }
}

fn pin(pin: &LockedPin, out: &mut String) -> fmt::Result {
    header("pin", out)?;
    line("name", &pin.name, out)?;
    match &pin.source {
        LockedPinSource::Git {
            git,
            asked,
            rev,
            nar,
        } => {
            line("git", &git.public(), out)?;
            match asked {
                GitAsked::Commit => {}
                GitAsked::Ref(it) => line("ref", it, out)?,
                GitAsked::Version(it) => line("version", it, out)?,
            }
            line("rev", rev, out)?;
            line("nar", nar, out)
        }
        LockedPinSource::Tar { tar, nar } => {
            line("tar", tar, out)?;
            line("nar", nar, out)
        }
        LockedPinSource::Url { url, hash } => {
            line("url", url, out)?;
            line("hash", hash, out)
        }
    }
}

fn header(name: &str, out: &mut String) -> fmt::Result {
    write!(out, "\n[[{name}]]\n")
}

fn line(key: &str, value: &impl Display, out: &mut String) -> fmt::Result {
    write!(out, "{key} = ")?;
    basic_string(&value.to_string(), out)?;
    out.write_char('\n')
}

/// Writes an array one item a line; none at all where it is empty.
fn list<T: Display>(key: &str, items: &[T], out: &mut String) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "{key} = [")?;
    for item in items {
        out.write_str("    ")?;
        basic_string(&item.to_string(), out)?;
        out.write_str(",\n")?;
    }
    out.write_str("]\n")
}
