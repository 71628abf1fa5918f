//! `eka diff`.

use std::io::IsTerminal as _;

use eka::Exit;
use eka::diff::{Change, FileDiff, Report, Request};

use crate::cli::Format;
use crate::failure::Failure;
use crate::session::Session;
use crate::ui::{self, Drawn, Reader};
use crate::{json, render};

/// Show how the source of two versions differs
///
/// Each version is given as `gh:owner/repo::zlib@1.2.0`, as `::zlib@1.2.0` for this repository, or
/// as `zlib@1.2.0` for an atom of the lock or the manifest. A whole version is that version; `@1`
/// or `@^1.2` is the newest that matches. Both contents are brought and checked as `eka fetch`
/// does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The first version; with `--from-lock`, what the locked version is compared with [default
    /// there: the newest]
    #[arg(value_name = "ATOM@VERSION")]
    from: String,

    /// The second version; `@2.0.0` is one of the same atom
    #[arg(
        value_name = "ATOM@VERSION",
        required_unless_present = "from_lock",
        conflicts_with = "from_lock"
    )]
    to: Option<String>,

    /// Compare the version that the lock holds with the one given, or with the newest
    #[arg(long)]
    from_lock: bool,

    #[command(flatten)]
    extent: Extent,
}

/// How much is shown.
#[derive(Debug, Default, Clone, Copy, clap::Args)]
#[group(id = "diff-extent", multiple = false)]
pub(crate) struct Extent {
    /// Show how many lines of each file differ
    #[arg(long)]
    stat: bool,

    /// Show the names of the files that differ
    #[arg(long)]
    name_only: bool,

    /// Write all bytes as they are, as `git apply` reads them; never to a terminal
    #[arg(long)]
    raw: bool,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let extent = args.extent;
    if extent.raw && std::io::stdout().is_terminal() {
        return Err(Failure::RawTerminal);
    }
    let request = match args.to {
        Some(to) => {
            let from = args.from;
            Request::Two { from, to }
        }
        None => Request::FromLock { to: args.from },
    };
    let report = eka::diff::diff(&session.ctx, &request)?;
    session.ui.clear();
    match session.ui.format() {
        Format::Json => {
            let depth = if extent.name_only {
                json::diff::Depth::Names
            } else if extent.stat {
                json::diff::Depth::Counts
            } else {
                json::diff::Depth::Lines
            };
            let look = |it: &Change| looked(session, &report, it);
            let difference = json::diff::Difference::of(&report, depth, look)?;
            session.json_line(&json::diff::Shape::of(difference))?;
        }
        Format::Text => {
            let escaped = show(session, &report, extent)?;
            session.ui.note(&render::diff::note(&report, escaped));
        }
    }
    Ok(Exit::Done)
}

/// Shows all files that differ, one at a time; returns whether anything is shown escaped.
fn show(session: &Session<'_>, report: &Report, extent: Extent) -> Result<bool, Failure> {
    let mut drawn = Drawn::new(session.ui.ink());
    let width = render::diff::width(report);
    for change in &report.changes {
        let reader = if extent.name_only {
            render::diff::name(change, &mut drawn);
            drawn.flush()?
        } else {
            let file = looked(session, report, change)?;
            if extent.raw {
                ui::stdout_bytes(&render::diff::bytes(&file))?
            } else if extent.stat {
                render::diff::stat(&file, width, &mut drawn);
                drawn.flush()?
            } else {
                render::diff::patch(&file, &mut drawn);
                drawn.flush()?
            }
        };
        if reader == Reader::Gone {
            break;
        }
    }
    Ok(drawn.escaped)
}

/// Shows several differences, each under the versions that it is between.
pub(super) fn show_all(session: &Session<'_>, reports: &[Report]) -> Result<(), Failure> {
    session.ui.clear();
    for report in reports {
        let mut drawn = Drawn::new(session.ui.ink());
        render::diff::title(report, &mut drawn);
        if drawn.flush()? == Reader::Gone {
            break;
        }
        let escaped = show(session, report, Extent::default())?;
        session.ui.note(&render::diff::escaped(escaped));
    }
    Ok(())
}

/// The same for `--format json`.
pub(super) fn as_json<'a>(
    session: &Session<'_>,
    reports: &'a [Report],
) -> Result<Vec<json::diff::Difference<'a>>, Failure> {
    let all = reports.iter().map(|report| {
        let look = |it: &Change| looked(session, report, it);
        json::diff::Difference::of(report, json::diff::Depth::Lines, look)
    });
    all.collect()
}

fn looked(session: &Session<'_>, report: &Report, change: &Change) -> Result<FileDiff, Failure> {
    session.ctx.check_interrupt().map_err(eka::Error::from)?;
    Ok(report.look(change)?)
}
