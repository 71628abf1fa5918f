//! What is said of an answer beside the answer: marks on what was chosen, and atoms of which there
//! are several versions.

use atom::lock::duplicates::{self, Duplicate, Wanted};
use miette::Diagnostic;
use thiserror::Error;

use crate::context::Context;
use crate::notice::{Deprecated, Yanked};
use crate::resolve::{Answered, Mark, MarkKind};

/// Of more who want a version the rest is counted.
const MAX_WANTERS: usize = 3;

/// An atom is there in several versions.
#[derive(Debug, Error, Diagnostic)]
#[error("`{}` is taken in {} versions: {}", duplicate.id, duplicate.versions.len(), wanted(duplicate))]
#[diagnostic(
    severity(warning),
    code(eka::lock::duplicate),
    help(
        "no one version fits all of them; `duplicates = \"deny\"` under `[atom]` of `atom.toml` forbids it"
    )
)]
struct Several {
    duplicate: Duplicate,
}

/// Says it as warnings, each once.
pub(super) fn answered(ctx: &Context<'_>, answered: &Answered) {
    for mark in &answered.marks {
        marked(ctx, mark);
    }
    let mut known: Vec<Duplicate> = Vec::new();
    for duplicate in answered.locks.iter().flat_map(duplicates::of) {
        if !known.contains(&duplicate) {
            known.push(duplicate.clone());
            ctx.warn(Several { duplicate });
        }
    }
}

fn marked(ctx: &Context<'_>, mark: &Mark) {
    let (id, version) = (mark.atom.id.clone(), mark.version.clone());
    let notice = mark.notice.clone();
    match mark.kind {
        MarkKind::Yanked => ctx.warn(Yanked {
            id,
            version,
            notice,
        }),
        MarkKind::Deprecated => ctx.warn(Deprecated {
            id,
            version,
            notice,
        }),
    }
}

/// `1.3.1 for view@1.0.0, 2.0.0 for the manifest (^2)`.
fn wanted(duplicate: &Duplicate) -> String {
    let one = |it: &Wanted| {
        let mut by: Vec<String> = it
            .by
            .iter()
            .take(MAX_WANTERS)
            .map(|it| format!("{it}"))
            .collect();
        let n_others = it.by.len() - by.len();
        if n_others > 0 {
            by.push(format!("{n_others} more"));
        }
        format!("{} for {}", it.version, by.join(" and "))
    };
    let all: Vec<String> = duplicate.versions.iter().map(one).collect();
    all.join(", ")
}
