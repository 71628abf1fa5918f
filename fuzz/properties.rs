//! What holds of every format, whatever the bytes: reading never panics, and what is read is
//! printed back.
//!
//! Both the fuzz targets and the ordinary tests of the atom crate run these.

use std::str::from_utf8;

use atom::Id;
use atom::commit::{AtomCommit, SpecCommit};
use atom::lock::merge::{both_sides, merge};
use atom::lock::{Lock, Remains};
use atom::manifest::{Manifest, is_atom};
use atom::notice::{Deprecation, Yank};
use atom::refname::AtomRef;
use atom::uri::{Aliases, Repository, Uri};
use atom::url::RepoUrl;

/// An id prints as it was read.
pub(crate) fn id(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<Id>() {
        drop(id.check_own());
        assert_eq!(id.to_string(), text);
    }
}

/// What a URI prints as is read as the same; what reaches a transport is harmless.
pub(crate) fn uri(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    let aliases = Aliases::builtin();
    if let Ok(uri) = Uri::parse(text, &aliases) {
        let printed = uri.to_string();
        if let Repository::At(url) = &uri.repository {
            harmless(url);
            assert_eq!(url.public().as_git(), url.public().to_string());
        }
        if !printed.contains("***") {
            assert_eq!(Uri::parse(&printed, &aliases), Ok(uri));
        }
    }
    if let Ok(url) = RepoUrl::parse(text) {
        harmless(&url);
        assert_eq!(RepoUrl::parse(url.as_git()), Ok(url));
    }
}

fn harmless(url: &RepoUrl) {
    let git = url.as_git();
    assert!(!git.starts_with('-') && !git.contains(char::is_control));
    assert!(
        !git.replacen(url.host().unwrap_or_default(), "", 1)
            .contains("::")
    );
}

/// The name of an atom's ref prints as it was read.
pub(crate) fn refname(bytes: &[u8]) {
    if let Some(name) = AtomRef::parse(bytes) {
        assert_eq!(name.to_string().as_bytes(), bytes);
    }
}

/// An atom commit prints as it was read.
pub(crate) fn atom_commit(bytes: &[u8]) {
    if let Ok(commit) = AtomCommit::parse(bytes) {
        assert_eq!(commit.print(), bytes);
    }
}

/// A spec commit prints as it was read.
pub(crate) fn spec_commit(bytes: &[u8]) {
    if let Ok(commit) = SpecCommit::parse(bytes) {
        assert_eq!(commit.print(), bytes);
    }
}

/// A yank and a deprecation print as they were read.
pub(crate) fn notice(bytes: &[u8]) {
    if let Ok(yank) = Yank::parse(bytes) {
        assert_eq!(yank.print(), bytes);
    }
    if let Ok(notice) = Deprecation::parse(bytes) {
        assert_eq!(notice.print(), bytes);
    }
}

/// What may be published, anybody can read.
pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    let own = Manifest::parse_own(text);
    let foreign = Manifest::parse_foreign(text);
    if Manifest::parse_for_publish(text).is_ok() {
        assert!(own.is_ok() && foreign.is_ok());
    }
    if own.is_ok() || foreign.is_ok() {
        assert!(matches!(is_atom(text), Ok(Some(_))));
    }
}

/// A lock prints to one text, which is read as the same lock and prints as itself.
pub(crate) fn lock(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(lock) = Lock::parse(text) {
        let printed = lock.print();
        let read = Lock::parse(&printed).expect("what is printed can be read");
        assert_eq!(read.print(), printed);
        assert_eq!(read, lock.canonical());
    }
}

/// Three locks between lines `----` merge in either order to the same lock, which prints as itself;
/// what one side alone changed is taken whole; and two sides between markers are read back.
pub(crate) fn lock_merge(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    drop(Remains::parse(text));
    let texts: Vec<&str> = text.split("----\n").collect();
    let [Ok(base), Ok(ours), Ok(theirs)] = [0, 1, 2].map(|at| {
        let text = texts.get(at).copied().unwrap_or_default();
        Lock::parse(text)
    }) else {
        return;
    };
    let merged = merge(&base, &ours, &theirs);
    assert_eq!(merged.clone().ok(), merge(&base, &theirs, &ours).ok());
    if let Ok(lock) = merged {
        assert_eq!(Lock::parse(&lock.print()), Ok(lock));
    }
    assert_eq!(merge(&base, &ours, &base), Ok(ours.clone().canonical()));
    assert_eq!(merge(&base, &base, &theirs), Ok(theirs.clone().canonical()));
    let sides = both_sides(&ours.print(), &theirs.print());
    let read = Remains {
        ours: ours.canonical(),
        theirs: Some(theirs.canonical()),
    };
    assert_eq!(Remains::parse(&sides), Ok(read));
}
