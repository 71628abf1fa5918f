//! `eka store`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use eka::Exit;
use eka::nar::Extent;
use eka::store::{AddRequest, Compression, CopyRequest, Repair, RootsRequest, VerifyRequest};

use crate::cli::Format;
use crate::failure::Failure;
use crate::session::Session;
use crate::ui::Stream;
use crate::{json, render};

/// Keep, look at and copy Nix's store paths in a store of your own
///
/// It lies in `eka/store` of `XDG_DATA_HOME`, unless `EKA_STORE` or `store.path` says otherwise,
/// and needs neither root nor Nix. Its paths have the names that Nix gives them, `/nix/store/…`; a
/// STORE-PATH may be given in full or by its last part.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Add(Add),
    Info(Info),
    Closure(Closure),
    Ls(Ls),
    Cat(Cat),
    Copy(Copy),
    Verify(Verify),
    Roots(Roots),
}

/// Add files, folders or links, under the paths that `nix-store --add` gives them
///
/// Nothing keeps them but that they are new: see `eka store roots` and `eka gc`.
#[derive(Debug, ClapArgs)]
struct Add {
    /// What to add; a link is not followed
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// The name in the store [default: the last part of PATH]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Tell what is registered of paths
#[derive(Debug, ClapArgs)]
struct Info {
    /// The paths
    #[arg(value_name = "STORE-PATH", required = true)]
    paths: Vec<String>,
}

/// Print paths and all that they refer to, what is referred to first
#[derive(Debug, ClapArgs)]
struct Closure {
    /// The paths
    #[arg(value_name = "STORE-PATH", required = true)]
    paths: Vec<String>,
}

/// List what lies in a path
///
/// A folder's entries, or the file or link itself, with the words of `nix store ls`.
#[derive(Debug, ClapArgs)]
struct Ls {
    /// The path, or one below it
    #[arg(value_name = "STORE-PATH")]
    path: String,

    /// From there on
    #[arg(value_name = "SUB", default_value = "")]
    below: String,

    /// List all below a folder
    #[arg(short = 'R', long)]
    recursive: bool,

    /// Show permissions, sizes in bytes, and targets of links
    #[arg(short, long)]
    long: bool,
}

/// Write the contents of a file
///
/// Each byte is verified before it is written. On a terminal what it could obey is escaped.
#[derive(Debug, ClapArgs)]
struct Cat {
    /// The file
    #[arg(value_name = "STORE-PATH/SUB")]
    path: String,
}

/// Copy paths and all that they refer to, from binary caches to the store, or on to a cache
///
/// What is missing here comes from the caches of `store.caches`, or from CACHE alone, each path
/// signed by a key that is trusted for its cache, or named by its content. With `--to` all of it
/// goes to a cache, which Nix reads too.
#[derive(Debug, ClapArgs)]
struct Copy {
    /// The paths
    #[arg(value_name = "STORE-PATH", required = true)]
    paths: Vec<String>,

    /// Bring what is missing from CACHE: `https://…`, `s3://…` or `file:///…`, with keys behind it
    /// as in `store.caches`
    #[arg(long, value_name = "CACHE")]
    from: Option<String>,

    /// Copy to the cache at URL, which is made where there is none: `s3://…` or `file:///…`
    #[arg(long, value_name = "URL")]
    to: Option<String>,

    /// How files are compressed that go to a cache [default: zstd]
    #[arg(long, value_name = "COMPRESSION", requires = "to")]
    compression: Option<CompressionType>,

    /// Sign with the secret key in FILE [default: that of `store.secret-key`, if any]
    #[arg(long, value_name = "FILE", requires = "to")]
    key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CompressionType {
    None,
    Gzip,
    Xz,
    Zstd,
}

/// Read all bytes, and hold them to what they should be
#[derive(Debug, ClapArgs)]
struct Verify {
    /// Look at these alone, without what they refer to [default: all that is registered]
    #[arg(value_name = "STORE-PATH")]
    paths: Vec<String>,

    /// Bring what is missing or damaged again, from the caches of `store.caches`
    #[arg(long)]
    repair: bool,
}

/// List what keeps paths from `eka gc`, add to it, or take from it
#[derive(Debug, ClapArgs)]
struct Roots {
    #[command(subcommand)]
    what: Option<RootsWhat>,
}

#[derive(Debug, Subcommand)]
enum RootsWhat {
    /// List what keeps paths
    List,
    Add(RootsAdd),
    Remove(RootsRemove),
}

/// Keep paths by a name, or by a link for as long as it points at its path
#[derive(Debug, ClapArgs)]
struct RootsAdd {
    /// The name, such as `backup`; paths are added to those that it keeps
    #[arg(value_name = "NAME", required_unless_present = "link")]
    name: Option<String>,

    /// What it keeps, with all that this refers to
    #[arg(value_name = "STORE-PATH", required_unless_present = "link")]
    paths: Vec<String>,

    /// A symbolic link to a path of the store, such as `result`
    #[arg(long, value_name = "LINK", conflicts_with_all = ["name", "paths"])]
    link: Option<PathBuf>,
}

/// Let go of what roots keep
#[derive(Debug, ClapArgs)]
struct RootsRemove {
    /// Names, or links, which stay where they are
    #[arg(value_name = "ROOT", required = true)]
    roots: Vec<String>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let done = match args.what {
        What::Add(args) => add(args, session),
        What::Info(args) => info(&args, session),
        What::Closure(args) => closure(&args, session),
        What::Ls(args) => ls(&args, session),
        What::Cat(args) => cat(&args, session),
        What::Copy(args) => copy(args, session),
        What::Verify(args) => verify(args, session),
        What::Roots(args) => roots(args, session),
    };
    match done {
        // Whoever read had enough.
        Err(Failure::Eka(error)) if matches!(&*error, eka::Error::Store(error) if error.is_closed_pipe()) => {
            Ok(Exit::Done)
        }
        done => done,
    }
}

fn add(args: Add, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = AddRequest {
        paths: args.paths,
        name: args.name,
    };
    let report = eka::store::add(&session.ctx, &request)?;
    session.answer(
        || render::store::added(&report),
        || json::store_add::Shape::of(&report),
    )
}

fn info(args: &Info, session: &Session<'_>) -> Result<Exit, Failure> {
    let known = eka::store::info(&session.ctx, &args.paths)?;
    session.answer(
        || render::store::info(&known),
        || json::store::Shape::info(&known),
    )
}

fn closure(args: &Closure, session: &Session<'_>) -> Result<Exit, Failure> {
    let known = eka::store::closure(&session.ctx, &args.paths)?;
    session.answer(
        || render::store::closure(&known),
        || json::store::Shape::closure(&known),
    )
}

fn ls(args: &Ls, session: &Session<'_>) -> Result<Exit, Failure> {
    let extent = if args.recursive {
        Extent::Whole
    } else {
        Extent::Names
    };
    match session.ui.format() {
        Format::Text => {
            let listed = eka::store::list(&session.ctx, &args.path, &args.below, extent)?;
            session.answer(|| render::nar::text(&listed, args.long), || ())
        }
        Format::Json => {
            let listing = eka::store::listing(&session.ctx, &args.path, &args.below, extent)?;
            session.answer(Default::default, || {
                json::listing::Shape::of(json::listing::STORE, &listing)
            })
        }
    }
}

fn cat(args: &Cat, session: &Session<'_>) -> Result<Exit, Failure> {
    eka::store::cat(&session.ctx, &args.path, &mut Stream::stdout())?;
    Ok(Exit::Done)
}

fn copy(args: Copy, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = CopyRequest {
        paths: args.paths,
        from: args.from,
        to: args.to,
        compression: args.compression.map(|it| match it {
            CompressionType::None => Compression::None,
            CompressionType::Gzip => Compression::Gzip,
            CompressionType::Xz => Compression::Xz,
            CompressionType::Zstd => Compression::Zstd,
        }),
        key: args.key,
    };
    let report = eka::store::copy(&session.ctx, &request)?;
    session.answer(
        || render::store::copied(&report),
        || json::store_copy::Shape::of(&report),
    )
}

fn verify(args: Verify, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = VerifyRequest {
        paths: args.paths,
        repair: if args.repair {
            Repair::FromCaches
        } else {
            Repair::No
        },
    };
    let report = eka::store::verify(&session.ctx, &request)?;
    let exit = session.answer(
        || render::store::verified(&report),
        || json::store_verify::Shape::of(&report),
    )?;
    match report.into_error() {
        Some(error) => Err(error.into()),
        None => Ok(exit),
    }
}

fn roots(args: Roots, session: &Session<'_>) -> Result<Exit, Failure> {
    let kept = match args.what {
        None | Some(RootsWhat::List) => eka::store::roots(&session.ctx)?,
        Some(RootsWhat::Add(args)) => {
            let request = match (args.link, args.name) {
                (Some(link), _) => RootsRequest::Link(link),
                (None, name) => RootsRequest::Name {
                    name: name.unwrap_or_default(),
                    paths: args.paths,
                },
            };
            eka::store::keep(&session.ctx, &request)?
        }
        Some(RootsWhat::Remove(args)) => {
            let released = eka::store::release(&session.ctx, &args.roots)?;
            return session.answer(
                || render::store::released(&released),
                || json::store_roots_remove::Shape::of(&released),
            );
        }
    };
    session.answer(
        || render::store::roots(&kept),
        || json::store_roots::Shape::of(&kept),
    )
}
