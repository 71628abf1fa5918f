//! `eka lock --check`: whether the lock is what remotes and manifests say, as one checks it in CI.

use std::collections::BTreeMap;

use atom::ObjectId;
use atom::commit::SpecCommit;
use atom::lock::{Lock, LockedAtom, Place};
use atom_git::remote::VersionRefs;
use miette::Diagnostic;
use thiserror::Error;

use super::{
    Choosing, Locked, Opened, Outcome, Report, Scene, Scope, folders, must_be_current, solve,
};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch::{
    Bringer, Examiner, Look, Need, Shown, Subject, Voice, Wanted, against_lock, agree, tell,
    vanished,
};
use crate::files::Access;
use crate::pins;
use crate::remotes::Remotes;

/// What is said of a lock that does not answer its manifest.
const BY: &str = "--check";

/// Why a lock does not pass.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum CheckError {
    /// The lock is not what the manifests lead to.
    #[error("`{path}` is not what the manifests lead to{}", lines(differences))]
    #[diagnostic(
        code(eka::lock::not_the_answer),
        help("see who changed the lock, and how; `eka lock` in a clone without it makes it anew")
    )]
    NotTheAnswer {
        /// The lock.
        path: String,
        /// What differs, a line each.
        differences: Vec<String>,
    },
}

/// Checks one lock, or all of the repository; nothing is written.
///
/// Each lock answers its manifest; each locked commit is what its ref shows at the origin, or at a
/// mirror where the origin fails or shows nothing; each spec shown has the locked spec's tree and
/// names the locked commit; and resolving again leads to the same lock. Newer releases, a yank and
/// a dead remote beside a live one change nothing.
///
/// # Errors
///
/// [`LockError::OutOfDate`](super::LockError::OutOfDate), [`CheckError`], [`Error::Lie`] for a claim
/// that does not hold, and what keeps remotes from answering.
pub fn check(ctx: &Context<'_>, scope: Scope) -> Result<Report, Error> {
    let mut scene = Scene::new(ctx)?;
    let folders = folders(&mut scene, scope)?;
    let mut opened = Vec::new();
    for folder in &folders {
        opened.push(Opened::open(ctx, folder, Access::Read)?);
    }
    for it in &opened {
        let changes = it.changes(&mut scene)?;
        must_be_current(ctx, it, BY, changes)?;
    }
    let none = Lock::default();
    let locks: Vec<&Lock> = opened
        .iter()
        .map(|it| it.lock.as_ref().unwrap_or(&none))
        .collect();
    let wanted: Vec<Wanted<'_>> = locks.iter().flat_map(|it| Wanted::all(it)).collect();
    if !wanted.is_empty() {
        shown(ctx, scene.remotes()?, &wanted)?;
        answered(&mut scene, &opened)?;
    }
    for (it, lock) in opened.iter().zip(&locks) {
        if !lock.pins.is_empty() {
            pins::check(ctx, scene.remotes()?, &it.manifest, lock)?;
        }
    }
    let locks = opened.iter().zip(&locks);
    let locks = locks.map(|(it, lock)| Locked::of(it, lock, Outcome::Current));
    Ok(Report {
        locks: locks.collect(),
    })
}

/// Whether each lock is what its manifest leads to: by itself, or solved with the others.
fn answered(scene: &mut Scene<'_>, opened: &[Opened]) -> Result<(), Error> {
    let together = match solve(scene, opened, Choosing::default()) {
        Ok(answers) => answers,
        // Together there need be no answer where each was locked by itself.
        Err(error) if opened.len() > 1 && error.exit() == Exit::No => Vec::new(),
        Err(error) => return Err(error),
    };
    let none = Lock::default();
    for (at, it) in opened.iter().enumerate() {
        let lock = it.lock.as_ref().unwrap_or(&none);
        let mut found = together.get(at).map(|it| differences(lock, it));
        let is_good = |it: &Option<Vec<String>>| it.as_ref().is_some_and(Vec::is_empty);
        if !is_good(&found) && opened.len() > 1 {
            let alone = solve(scene, std::slice::from_ref(it), Choosing::default())?;
            found = alone.first().map(|it| differences(lock, it));
        }
        if !is_good(&found) {
            let path = it.lock_path().display().to_string();
            let differences = found.unwrap_or_default();
            return Err(CheckError::NotTheAnswer { path, differences }.into());
        }
    }
    Ok(())
}

/// Whether remotes show what is locked.
fn shown(ctx: &Context<'_>, remotes: &Remotes<'_>, wanted: &[Wanted<'_>]) -> Result<(), Error> {
    let progress = |it: atom_git::crawl::Progress<'_>| tell(ctx, &it);
    let bringer = Bringer::new(ctx, remotes, &progress);
    // The resolution that follows asks the same remotes, and tells of those that fail.
    let mut bringer = bringer.with_voice(Voice::Silent);
    let shown = bringer.bring(wanted, Need::Spec, Look::Always)?;
    let mut checker = Checker {
        examiner: Examiner::new(ctx, remotes.cache()),
        remotes,
        bringer,
    };
    for (it, shown) in wanted.iter().zip(shown) {
        ctx.check_interrupt()?;
        checker.one(it, &shown)?;
    }
    Ok(())
}

struct Checker<'a> {
    examiner: Examiner<'a>,
    remotes: &'a Remotes<'a>,
    bringer: Bringer<'a>,
}

impl Checker<'_> {
    /// The spec of the lock, and the one that is shown.
    fn one(&mut self, it: &Wanted<'_>, shown: &Shown) -> Result<(), Error> {
        let Some((url, refs)) = &shown.at else {
            return Err(vanished(it).into());
        };
        let Some(now) = refs.spec else {
            return Err(vanished(it).into());
        };
        let subject = shown.subject(*it);
        if subject.spec != it.spec {
            // Nobody has the lock's: what its tree must be, the content tells.
            return self.by_content(it);
        }
        let locked = self.spec(it, &subject)?;
        if now == it.spec {
            return Ok(());
        }
        self.remotes.at(url.clone()).fetch(&[now])?;
        let refs = VersionRefs {
            spec: Some(now),
            ..*refs
        };
        let other = self.spec(it, &Subject::locked(*it, now, refs))?;
        let by = format!("the spec {now} at `{url}`");
        let trees = (&locked.tree, &other.tree);
        let said = ("the lock's spec", trees.0);
        Ok(agree(&it.name(), "spec's tree", said, (&by, trees.1))?)
    }

    /// A spec whose claims hold against each other and the lock.
    fn spec(&mut self, it: &Wanted<'_>, subject: &Subject<'_>) -> Result<SpecCommit, Error> {
        let mut read = self.examiner.spec(subject, None);
        if read.is_err() && !self.examiner.rehash_spec(subject)? {
            self.remotes.cache().forget(&[subject.spec])?;
            self.bringer.bring(&[*it], Need::Spec, Look::IfMissing)?;
            read = self.examiner.spec(subject, None);
        }
        let spec = read?;
        // The atom commit is looked at where it is here; `fetch` and `verify` bring it.
        if !self.remotes.cache().objects().contains(subject.rev) {
            let by = format!("the spec {}", spec.id);
            against_lock(it, &spec.commit.nar, &by)?;
            return Ok(spec.commit);
        }
        let atom = self.examiner.atom(subject)?;
        let by = format!("the atom commit {}", subject.rev);
        against_lock(it, &atom.nar, &by)?;
        self.examiner.spec(subject, Some(&atom))?;
        Ok(spec.commit)
    }

    fn by_content(&mut self, it: &Wanted<'_>) -> Result<(), Error> {
        let shown = self.bringer.bring(&[*it], Need::Content, Look::Always)?;
        for shown in shown {
            let seen = self.examiner.examine(&shown.subject(*it));
            if let Some(lie) = seen.lie() {
                return Err(lie.into());
            }
        }
        Ok(())
    }
}

/// What two locks say otherwise of the same question. Another spec commit is none: those were
/// compared by what they hold.
fn differences(lock: &Lock, answer: &Lock) -> Vec<String> {
    let mut found = Vec::new();
    let atoms = |it: &Lock| -> BTreeMap<String, LockedAtom> {
        let named = it.atoms.iter().map(|atom| (key(atom), atom.clone()));
        named.collect()
    };
    let (old, new) = (atoms(lock), atoms(answer));
    for (key, atom) in &old {
        match new.get(key) {
            None => found.push(format!("- {key} (nothing needs it)")),
            Some(other) => found.extend(atom_differences(key, atom, other)),
        }
    }
    let missing = new.keys().filter(|it| !old.contains_key(*it));
    found.extend(missing.map(|key| format!("+ {key} (needed, and not in the lock)")));
    if lock.requires != answer.requires {
        found.push("~ what is required (other than the manifest says)".to_owned());
    }
    for set in &lock.sets {
        let root = set.root;
        match answer.sets.iter().find(|it| it.root == root) {
            Some(other) if other == set => {}
            Some(other) => found.push(format!(
                "~ the set {root} (the lock has the origin `{}`, the manifests lead to `{}`)",
                set.origin, other.origin
            )),
            None => found.push(format!("- the set {root} (no atom is of it)")),
        }
    }
    found
}

fn key(atom: &LockedAtom) -> String {
    match &atom.place {
        Place::Local { .. } | Place::Patched(_) => atom.name(),
        Place::Published { root, .. } => format!("{} of {root}", atom.name()),
    }
}

fn atom_differences(key: &str, lock: &LockedAtom, answer: &LockedAtom) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, first: String, second: String| {
        if first != second {
            found.push(format!(
                "~ {key} (the lock has the {what} {first}, the manifests lead to {second})"
            ));
        }
    };
    let deps = |it: &LockedAtom| {
        let deps: Vec<String> = it.deps.iter().map(ToString::to_string).collect();
        format!("[{}]", deps.join(", "))
    };
    differ("dependencies", deps(lock), deps(answer));
    let claims = |it: &LockedAtom| match &it.place {
        Place::Published {
            digest, rev, nar, ..
        } => (Some(*rev), digest.to_string(), nar.to_string()),
        Place::Local { path } => (None::<ObjectId>, String::new(), path.to_string()),
        Place::Patched(it) => (None, it.digest.to_string(), it.from.to_string()),
    };
    let (old, new) = (claims(lock), claims(answer));
    let commit = |it: Option<ObjectId>| it.map_or_else(String::new, |it| it.to_string());
    differ("commit", commit(old.0), commit(new.0));
    differ("digest", old.1, new.1);
    differ("nar or folder", old.2, new.2);
    found
}

impl CheckError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NotTheAnswer { .. } => Exit::Integrity,
        }
    }
}

fn lines(differences: &[String]) -> String {
    differences.iter().map(|it| format!("\n    {it}")).collect()
}
