//! `eka add`.

use eka::Exit;
use eka::add::Add;
use eka::pins;

use super::{choosing, locking};
use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Depend on atoms, or pin what is none: add them to `atom.toml`, and lock them
///
/// A pin is an input that is no atom: a git repository, an archive or a file. Comments and layout of the manifest stay as they are. Both files are written, or neither.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Atoms, as `gh:owner/repo::id@^1`, or `::id` for one of this repository; plain refs to pin,
    /// as `gh:owner/repo^^main`
    #[arg(required_unless_present_any = ["git", "tar", "url"], value_name = "URI")]
    uris: Vec<String>,

    /// Call the set NAME in `[sets]`, where it is new [default: the repository's name]
    #[arg(long, value_name = "NAME")]
    set: Option<String>,

    /// Call the pin NAME in `[pins]` [default for a URI: the repository's name]
    #[arg(long, value_name = "NAME")]
    pin: Option<String>,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    at: At,

    #[command(flatten)]
    choosing: choosing::Args,

    #[command(flatten)]
    locking: locking::Args,
}

/// Where a pin comes from.
#[derive(Debug, clap::Args)]
#[group(
    id = "source",
    multiple = false,
    requires = "pin",
    conflicts_with = "uris"
)]
struct Source {
    /// Pin a commit of a git repository: what its `HEAD` is, unless another is named
    #[arg(long, value_name = "URL")]
    git: Option<String>,

    /// Pin an archive, unpacked
    #[arg(long, value_name = "URL")]
    tar: Option<String>,

    /// Pin a file
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Which commit of a git repository is pinned.
#[derive(Debug, clap::Args)]
#[group(id = "at", multiple = false)]
struct At {
    /// Pin what this branch, tag or full ref name is
    #[arg(long, value_name = "REF", requires = "git")]
    r#ref: Option<String>,

    /// Pin this commit
    #[arg(long, value_name = "COMMIT", requires = "git")]
    rev: Option<String>,

    /// Pin the newest tag that is a version and matches
    #[arg(long, value_name = "REQUIREMENT", requires = "git")]
    version: Option<String>,
}

pub(crate) fn run(args: Args, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let locking = args.locking.apply(session)?;
    let request = Add {
        uris: args.uris,
        set: args.set,
        pin: args.source.into_asked(args.pin.as_deref(), args.at),
        pin_name: args.pin,
        locking,
        choosing: args.choosing.choosing(),
    };
    let report = eka::add::add(&session.ctx, &request)?;
    session.answer(
        || render::add::text(&report, "added"),
        || json::add::Shape::of("eka.add/1", &report),
    )
}

impl Source {
    fn into_asked(self, name: Option<&str>, at: At) -> Option<pins::Asked> {
        let At {
            r#ref,
            rev,
            version,
        } = at;
        let at = match (r#ref, rev, version) {
            (Some(it), ..) => pins::At::Ref(it),
            (_, Some(it), _) => pins::At::Rev(it),
            (.., Some(it)) => pins::At::Version(it),
            _ => pins::At::Head,
        };
        let source = match (self.git, self.tar, self.url) {
            (Some(it), ..) => pins::Source::Git(it, at),
            (_, Some(it), _) => pins::Source::Tar(it),
            (.., Some(it)) => pins::Source::Url(it),
            _ => return None,
        };
        let name = name.unwrap_or_default().to_owned();
        Some(pins::Asked { name, source })
    }
}
