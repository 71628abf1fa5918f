//! Why a remote does not get an atom.

use std::fmt;

use atom::{AtomPath, Id, ObjectId, Root, Version};
use miette::Diagnostic;
use thiserror::Error;

/// Why one version is not published to one remote.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("`{id}@{version}` {kind}")]
#[diagnostic(forward(kind))]
pub struct Refusal {
    /// The atom.
    pub id: Id,
    /// The version.
    pub version: Version,
    /// Why.
    pub kind: RefusalKind,
}

/// Why a version is not published.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The version is published with another content.
    #[error("is published already, with another content: {}{}", from(src.as_ref()), differing(ours, theirs, paths))]
    #[diagnostic(
        code(eka::publish::differs),
        help(
            "a published version never changes: raise `version` in the `atom.toml` of `{path}`, commit, and publish that"
        )
    )]
    Differs {
        /// The atom commit that would be published.
        ours: ObjectId,
        /// The one that is.
        theirs: ObjectId,
        /// The source that it was cut from, where the remote says.
        src: Option<ObjectId>,
        /// The atom's folder.
        path: AtomPath,
        /// Which files differ, where both are known here; not all of many.
        paths: Vec<String>,
    },
    /// The version was deleted for ever.
    #[error("was deleted there, and may never be published again")]
    #[diagnostic(
        code(eka::publish::tombstone),
        help("raise the version: a deleted one stays deleted, lest it mean two things")
    )]
    Tombstone,
    /// Another version is the same but for its build metadata.
    #[error("differs from the published `{other}` in build metadata alone")]
    #[diagnostic(
        code(eka::publish::build_metadata),
        help("raise the version before the `+`: what follows it does not make another version")
    )]
    Build {
        /// The other version.
        other: Version,
    },
    /// The id would be taken for another one of the set.
    #[error("looks like `{other}`, which is another atom of the same set")]
    #[diagnostic(
        code(eka::publish::look_alike),
        help("choose an id that nobody takes for `{other}`")
    )]
    LooksLike {
        /// The other id.
        other: Id,
    },
    /// A ref by whose name ours cannot be.
    #[error("has no place there: the ref `{other}` is in the way")]
    #[diagnostic(
        code(eka::publish::in_the_way),
        help(
            "it is no ref of an atom: whoever may should delete it there, by `git push <remote> :{other}`"
        )
    )]
    InTheWay {
        /// Its name.
        other: String,
    },
    /// The spec that the remote has cannot be had or read.
    #[error("is there in part, with a spec `{spec}` that cannot be read")]
    #[diagnostic(
        code(eka::publish::unread_spec),
        help("see by `eka verify` what is wrong with it, and publish another version")
    )]
    UnreadSpec {
        /// The spec commit.
        spec: ObjectId,
    },
    /// There is a source and no spec.
    #[error("is there in part, from the source `{src}`")]
    #[diagnostic(
        code(eka::publish::src_taken),
        help("complete it by `eka publish --rev {src}`, or publish another version")
    )]
    SrcTaken {
        /// The source commit.
        src: ObjectId,
    },
    /// The spec's source is not here, so that it cannot be sent.
    #[error("lacks its `src` ref there, and its source `{src}` is not here")]
    #[diagnostic(
        code(eka::publish::src_not_here),
        help("bring the branch that holds it, by `git fetch`, and run the command again")
    )]
    SrcNotHere {
        /// The source commit.
        src: ObjectId,
    },
    /// The `src` ref is not what the spec says.
    #[error("was changed there: its `src` is `{found}`, and its spec says `{expected}`")]
    #[diagnostic(
        code(eka::publish::src_moved),
        help(
            "somebody moved the ref: have its owner put it back, and trust nothing else there until then"
        )
    )]
    SrcMoved {
        /// What the spec says.
        expected: ObjectId,
        /// What the ref is.
        found: ObjectId,
    },
    /// The spec names our atom commit, and claims something else of it.
    #[error("has a spec there, `{spec}`, that does not fit its own atom")]
    #[diagnostic(
        code(eka::publish::spec_lies),
        help("do not use this version; tell whoever publishes there")
    )]
    SpecLies {
        /// The spec commit.
        spec: ObjectId,
    },
}

/// Why a remote gets nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum RemoteRefusal {
    /// The set has no root yet.
    #[error("`{remote}` has no root yet")]
    #[diagnostic(
        code(eka::publish::no_root),
        help("post it once for all, by `eka init --remote {name}`")
    )]
    NoRoot {
        /// The remote's URL.
        remote: String,
        /// What to call it on the command line.
        name: String,
    },
    /// The commit does not descend from the set's root.
    #[error("`{remote}` has the root `{root}`, which commit `{commit}` does not descend from")]
    #[diagnostic(
        code(eka::publish::foreign_root),
        help(
            "that remote is another project's, or the history was rewritten: publish a commit that descends from the root"
        )
    )]
    ForeignRoot {
        /// The remote's URL.
        remote: String,
        /// Its root.
        root: Root,
        /// The commit that was to be published.
        commit: ObjectId,
    },
    /// The source would take commits along that the remote does not show.
    #[error("no branch or tag of `{remote}` leads to `{src}`: publishing would upload {}", commits(*n_commits))]
    #[diagnostic(
        code(eka::publish::private_history),
        help("push the branch first, or allow it by `--with-history`")
    )]
    PrivateHistory {
        /// The remote's URL.
        remote: String,
        /// The source commit.
        src: ObjectId,
        /// How many commits would go.
        n_commits: usize,
    },
    /// Whether the remote has the source cannot be told.
    #[error(
        "whether a branch or tag of `{remote}` leads to `{src}` cannot be told: `{tip}` is not here, and it does not send it"
    )]
    #[diagnostic(
        code(eka::publish::unknown_history),
        help(
            "run `git fetch`, push the branch, or allow all of its history to go by `--with-history`"
        )
    )]
    UnknownHistory {
        /// The remote's URL.
        remote: String,
        /// The source commit.
        src: ObjectId,
        /// A tip that is not known here.
        tip: ObjectId,
    },
}

impl Refusal {
    /// The source of what is published in its place.
    #[must_use]
    pub const fn other_src(&self) -> Option<ObjectId> {
        match self.kind {
            RefusalKind::Differs { src, .. } => src,
            RefusalKind::SrcTaken { src } => Some(src),
            _ => None,
        }
    }
}

impl RefusalKind {
    /// Whether the remote contradicts itself, rather than us.
    #[must_use]
    pub const fn is_integrity(&self) -> bool {
        matches!(self, Self::SrcMoved { .. } | Self::SpecLies { .. })
    }
}

fn from(src: Option<&ObjectId>) -> String {
    src.map_or_else(
        || "of unknown source".to_owned(),
        |it| format!("cut from `{it}`"),
    )
}

fn differing<'a>(
    ours: &'a ObjectId,
    theirs: &'a ObjectId,
    paths: &'a [String],
) -> impl fmt::Display + 'a {
    fmt::from_fn(move |f| {
        write!(f, "; it is `{theirs}`, this is `{ours}`")?;
        match paths {
            [] => Ok(()),
            paths => {
                let paths: Vec<_> = paths.iter().map(|it| format!("`{it}`")).collect();
                write!(f, "; differing are {}", paths.join(", "))
            }
        }
    })
}

fn commits(n: usize) -> String {
    match n {
        1 => "1 commit that nobody there can see yet".to_owned(),
        n => format!("{n} commits that nobody there can see yet"),
    }
}
