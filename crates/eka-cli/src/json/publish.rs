//! `eka.publish/1`.

use eka::publish::{CutWhy, Outcome, Published, RemoteReport, Report, Run, State};
use miette::Diagnostic as _;
use serde::Serialize;

use crate::render::publish::state;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    commit: String,
    dry_run: bool,
    remotes: Vec<Remote<'a>>,
    /// URLs that could not be published to; why is on stderr.
    failed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Remote<'a> {
    remote: &'a str,
    url: String,
    root: String,
    /// `done`, `nothing` or `refused`; in a dry run `done` is what would be.
    outcome: &'static str,
    /// How many commits go along that no branch or tag there shows.
    history: usize,
    /// How many atoms `--changed` passed by.
    unchanged: usize,
    atoms: Vec<Atom<'a>>,
}

#[derive(Debug, Serialize)]
struct Atom<'a> {
    id: &'a str,
    version: String,
    path: &'a str,
    /// `new`, `present`, `completed`, `refused`, or `held` because another is refused.
    state: &'static str,
    digest: String,
    /// The atom commit.
    atom: String,
    /// The spec commit.
    spec: String,
    /// The source commit.
    src: String,
    nar: String,
    /// Of an atom that is new at one of the remotes.
    files: Option<usize>,
    bytes: Option<u64>,
    cut: Vec<Cut<'a>>,
    /// What a consumer runs.
    add: &'a str,
    refusal: Option<Refusal>,
}

#[derive(Debug, Serialize)]
struct Cut<'a> {
    path: &'a str,
    /// `atom` or `empty`.
    why: &'static str,
}

#[derive(Debug, Serialize)]
struct Refusal {
    code: String,
    message: String,
    /// What the remote's version was cut from, where another content is published.
    src: Option<String>,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.publish/1",
            commit: report.commit.to_string(),
            dry_run: report.run == Run::Dry,
            remotes: report.remotes.iter().map(Remote::of).collect(),
            failed: report.failed.iter().map(|it| it.url.to_string()).collect(),
        }
    }
}

impl<'a> Remote<'a> {
    fn of(remote: &'a RemoteReport) -> Self {
        Self {
            remote: &remote.name,
            url: remote.url.to_string(),
            root: remote.root.to_string(),
            outcome: match remote.outcome {
                Outcome::Done => "done",
                Outcome::Nothing => "nothing",
                Outcome::Refused => "refused",
            },
            history: remote.n_commits,
            unchanged: remote.n_unchanged,
            atoms: remote.atoms.iter().map(Atom::of).collect(),
        }
    }
}

impl<'a> Atom<'a> {
    fn of(it: &'a Published) -> Self {
        let cut = it.cut.iter().map(|cut| Cut {
            path: &cut.path,
            why: match cut.why {
                CutWhy::Atom => "atom",
                CutWhy::Empty => "empty",
            },
        });
        Self {
            id: it.id.as_str(),
            version: it.version.to_string(),
            path: it.path.as_str(),
            state: state(&it.state),
            digest: it.digest.to_string(),
            atom: it.commit.to_string(),
            spec: it.spec.to_string(),
            src: it.src.to_string(),
            nar: it.nar.to_string(),
            files: it.facts.as_ref().map(|it| it.n_files),
            bytes: it.facts.as_ref().map(|it| it.bytes),
            cut: cut.collect(),
            add: &it.add,
            refusal: match &it.state {
                State::Refused(refusal) => Some(Refusal {
                    code: refusal.code().map(|it| it.to_string()).unwrap_or_default(),
                    message: refusal.to_string(),
                    src: refusal.other_src().map(|it| it.to_string()),
                }),
                _ => None,
            },
        }
    }
}
