//! What was published, and what was not.

use atom::url::RepoUrl;
use atom::{AtomPath, Digest, Id, NarHash, ObjectId, Root, Version};
use atom_git::content::Cut;
use atom_git::publish::{self, Candidate, Facts, Ready, Refusal, Step, Verdict};

use super::{Place, Request, Run, Since, Work, line};
use crate::error::Error;
use crate::exit::Exit;

/// What was published where.
#[derive(Debug)]
pub struct Report {
    /// The commit.
    pub commit: ObjectId,
    /// Whether it was done, or only said.
    pub run: Run,
    /// Each remote that answered.
    pub remotes: Vec<RemoteReport>,
    /// Each that could not be published to, beside others.
    pub failed: Vec<Failed>,
}

/// One remote that answered.
#[derive(Debug)]
pub struct RemoteReport {
    /// What the user calls it.
    pub name: String,
    /// Where it is pushed to.
    pub url: RepoUrl,
    /// The root of its set.
    pub root: Root,
    /// What became of it.
    pub outcome: Outcome,
    /// How many commits go along that none of its branches and tags shows.
    pub n_commits: usize,
    /// The atoms, in the order of their folders; under `--changed` those that are new or odd alone.
    pub atoms: Vec<Published>,
    /// How many atoms `--changed` passed by.
    pub n_unchanged: usize,
}

/// What became of one remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It got what it lacked (or would, in a dry run).
    Done,
    /// There was nothing to do.
    Nothing,
    /// Something is refused, so it got nothing.
    Refused,
}

/// A remote that got nothing.
#[derive(Debug)]
pub struct Failed {
    /// What the user calls it.
    pub name: String,
    /// Where.
    pub url: RepoUrl,
    /// Why.
    pub error: Error,
}

/// One atom at one remote.
#[derive(Debug)]
pub struct Published {
    /// The atom.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// Its folder.
    pub path: AtomPath,
    /// Its identity.
    pub digest: Digest,
    /// The atom commit.
    pub commit: ObjectId,
    /// The spec commit.
    pub spec: ObjectId,
    /// The source commit that the spec names.
    pub src: ObjectId,
    /// The hash of its NAR.
    pub nar: NarHash,
    /// What became of it.
    pub state: State,
    /// Its size and what is odd, where it is new anywhere.
    pub facts: Option<Facts>,
    /// What lies in its folder and is no part of it.
    pub cut: Vec<Cut>,
    /// What a consumer runs to depend on it.
    pub add: String,
}

/// What became of one atom.
#[derive(Debug)]
pub enum State {
    /// It was not there, and is now.
    New,
    /// It was there.
    Present,
    /// It was there in part, and is whole now.
    Completed,
    /// It is not published.
    Refused(Box<Refusal>),
    /// It could be published, and is not because of another.
    Held,
}

impl Report {
    /// What it means for the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let refused = |it: &&RemoteReport| it.outcome == Outcome::Refused;
        let n_bad = self.failed.len() + self.remotes.iter().filter(refused).count();
        if n_bad == 0 {
            return Exit::Done;
        }
        if n_bad < self.failed.len() + self.remotes.len() {
            return Exit::Partial;
        }
        let contradiction = self.refusals().any(|it| it.kind.is_integrity());
        match (contradiction, self.remotes.is_empty(), self.failed.first()) {
            (true, _, _) => Exit::Integrity,
            (false, true, Some(failed)) => failed.error.exit(),
            _ => Exit::No,
        }
    }

    /// Every refusal.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        let atoms = self.remotes.iter().flat_map(|it| &it.atoms);
        atoms.filter_map(|it| match &it.state {
            State::Refused(refusal) => Some(&**refusal),
            _ => None,
        })
    }
}

/// Puts the report together; where there is one remote and it failed, that is an error.
pub(super) fn report(
    work: &Work<'_>,
    places: &[Place],
    candidates: &[Candidate],
    facts: &[Option<Facts>],
    jobs: Vec<Result<(publish::Remote, Ready), Error>>,
) -> Result<Report, Error> {
    let mut report = Report {
        commit: work.atoms.commit(),
        run: work.request.run,
        remotes: Vec::new(),
        failed: Vec::new(),
    };
    for (place, job) in places.iter().zip(jobs) {
        match job {
            Ok((_, ready)) => {
                let remote = remote(work.request, place, ready, candidates, facts);
                report.remotes.push(remote);
            }
            Err(error) if places.len() == 1 => return Err(error),
            Err(error) => report.failed.push(Failed {
                name: place.name.clone(),
                url: place.url.clone(),
                error,
            }),
        }
    }
    Ok(report)
}

fn remote(
    request: &Request,
    place: &Place,
    ready: Ready,
    candidates: &[Candidate],
    facts: &[Option<Facts>],
) -> RemoteReport {
    let outcome = if ready.plan.refusals().next().is_some() {
        Outcome::Refused
    } else if ready.is_to_push() {
        Outcome::Done
    } else {
        Outcome::Nothing
    };
    let mut n_unchanged = 0;
    let mut atoms = Vec::new();
    for (at, step) in ready.plan.steps.into_iter().enumerate() {
        let candidate = &candidates[at];
        if request.changed == Some(Since::Published) && matches!(step.verdict, Verdict::Present) {
            n_unchanged += 1;
            continue;
        }
        let facts = facts[at].clone();
        atoms.push(published(place, step, candidate, facts, outcome));
    }
    RemoteReport {
        name: place.name.clone(),
        url: place.url.clone(),
        root: ready.root,
        outcome,
        n_commits: ready.n_commits,
        atoms,
        n_unchanged,
    }
}

fn published(
    place: &Place,
    step: Step,
    candidate: &Candidate,
    facts: Option<Facts>,
    outcome: Outcome,
) -> Published {
    let held = outcome == Outcome::Refused;
    Published {
        digest: step.atom.digest(),
        add: line::add(&place.public, &step.atom.id, &step.version),
        id: step.atom.id,
        version: step.version,
        path: candidate.path.clone(),
        commit: step.commit,
        spec: step.spec_commit,
        src: step.src,
        nar: candidate.nar,
        state: match step.verdict {
            Verdict::Refused(refusal) => State::Refused(refusal),
            Verdict::Present => State::Present,
            Verdict::New | Verdict::Completed if held => State::Held,
            Verdict::New => State::New,
            Verdict::Completed => State::Completed,
        },
        facts,
        cut: candidate.cut.clone(),
    }
}
