//! `eka nar`.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use eka::Exit;
use eka::nar::{Algorithm, Extent, HashRequest, Input, Of, Place};

use crate::cli::Format;
use crate::failure::Failure;
use crate::session::Session;
use crate::ui::Stream;
use crate::{json, render};

/// Make, read and unpack NARs, as Nix has them
///
/// A NAR is a file, a folder with all below it, or a link, as one stream of bytes; each tree has
/// one. Nothing here needs Nix, or a store.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Pack(Pack),
    Unpack(Unpack),
    Ls(Ls),
    Cat(Cat),
    Hash(Hash),
}

/// Write the NAR of a file, a folder with all below it, or a link, as `nix-store --dump` does
///
/// A NAR knows names, contents, targets of links, and whether a file can be run; owners, dates and
/// other permissions do not count. Sockets, pipes and devices are refused.
#[derive(Debug, ClapArgs)]
struct Pack {
    /// What to pack; a link is not followed
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Write to FILE, which must not be there; `-` is stdout [default: -]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Write the tree of a NAR, as `nix-store --restore` does
///
/// All of it is written or nothing: it grows beside its place, and nothing is overwritten. Files
/// are 0644 or 0755, folders 0755. What a NAR may hold is bounded by `limits.unpacked-bytes`,
/// `limits.entries` and `limits.depth`.
#[derive(Debug, ClapArgs)]
#[command(allow_missing_positional = true)]
struct Unpack {
    /// The NAR; `-` is stdin
    #[arg(value_name = "FILE", default_value = "-")]
    nar: PathBuf,

    /// Where the tree shall be; nothing may be there
    #[arg(value_name = "DIR")]
    place: PathBuf,
}

/// List what lies in a NAR
///
/// A folder's entries, or the file or link itself, with the words of `nix nar ls`.
#[derive(Debug, ClapArgs)]
struct Ls {
    /// The NAR; `-` is stdin
    #[arg(value_name = "FILE")]
    nar: PathBuf,

    /// A path in it
    #[arg(value_name = "PATH", default_value = "/")]
    path: String,

    /// List all below a folder
    #[arg(short = 'R', long)]
    recursive: bool,

    /// Show permissions, sizes in bytes, and targets of links
    #[arg(short, long)]
    long: bool,
}

/// Write the contents of a file in a NAR
///
/// On a terminal what it could obey is escaped.
#[derive(Debug, ClapArgs)]
struct Cat {
    /// The NAR; `-` is stdin
    #[arg(value_name = "FILE")]
    nar: PathBuf,

    /// The path of the file in it
    #[arg(value_name = "PATH")]
    path: String,
}

/// Print the hash of the NAR of a path, as `nix hash path` does
///
/// By default as SRI, such as `sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`.
#[derive(Debug, ClapArgs)]
struct Hash {
    /// What to hash; `-` is a NAR on stdin
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// PATH is a NAR itself: check and hash it as it is
    #[arg(long)]
    nar: bool,

    /// The algorithm
    #[arg(long = "type", value_name = "ALGORITHM", default_value = "sha256")]
    algorithm: HashType,

    #[command(flatten)]
    base: Base,
}

/// How a hash is printed.
#[derive(Debug, Clone, Copy, ClapArgs)]
#[group(id = "nar-base", multiple = false)]
struct Base {
    /// Print hexadecimal digits
    #[arg(long)]
    base16: bool,

    /// Print Nix's base32
    #[arg(long)]
    base32: bool,

    /// Print base64
    #[arg(long)]
    base64: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HashType {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let done = match args.what {
        What::Pack(args) => pack(&args, session),
        What::Unpack(args) => unpack(args, session),
        What::Ls(args) => ls(args, session),
        What::Cat(args) => cat(args, session),
        What::Hash(args) => hash(args, session),
    };
    match done {
        // Whoever read had enough.
        Err(Failure::Eka(error)) if matches!(&*error, eka::Error::Nar(error) if error.is_closed_pipe()) => {
            Ok(Exit::Done)
        }
        done => done,
    }
}

fn pack(args: &Pack, session: &Session<'_>) -> Result<Exit, Failure> {
    let file = args.output.as_deref().filter(|it| it.as_os_str() != "-");
    if let Some(file) = file {
        let packed = eka::nar::pack_to(&session.ctx, &args.path, file)?;
        return session.answer(Default::default, || json::nar::Shape::packed(file, packed));
    }
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return Err(Failure::NarTerminal);
    }
    eka::nar::pack(&session.ctx, &args.path, &mut out)?;
    Ok(Exit::Done)
}

fn unpack(args: Unpack, session: &Session<'_>) -> Result<Exit, Failure> {
    let from = input(args.nar);
    let stdin = &mut io::stdin().lock();
    let unpacked = eka::nar::unpack(&session.ctx, &from, stdin, &args.place)?;
    session.answer(Default::default, || {
        json::nar::Shape::unpacked(&args.place, unpacked)
    })
}

fn ls(args: Ls, session: &Session<'_>) -> Result<Exit, Failure> {
    let place = Place {
        nar: input(args.nar),
        path: args.path,
    };
    let extent = if args.recursive {
        Extent::Whole
    } else {
        Extent::Names
    };
    let stdin = &mut io::stdin().lock();
    match session.ui.format() {
        Format::Text => {
            let listed = eka::nar::list(&session.ctx, &place, extent, stdin)?;
            session.answer(|| render::nar::text(&listed, args.long), || ())
        }
        Format::Json => {
            let listing = eka::nar::listing(&session.ctx, &place, extent, stdin)?;
            session.answer(Default::default, || {
                json::listing::Shape::of(json::listing::NAR, &listing)
            })
        }
    }
}

fn cat(args: Cat, session: &Session<'_>) -> Result<Exit, Failure> {
    let place = Place {
        nar: input(args.nar),
        path: args.path,
    };
    let stdin = &mut io::stdin().lock();
    eka::nar::cat(&session.ctx, &place, stdin, &mut Stream::stdout())?;
    Ok(Exit::Done)
}

fn hash(args: Hash, session: &Session<'_>) -> Result<Exit, Failure> {
    let of = match input(args.path) {
        Input::Path(path) if !args.nar => Of::Tree(path),
        nar => Of::Nar(nar),
    };
    let request = HashRequest {
        of,
        algorithm: match args.algorithm {
            HashType::Md5 => Algorithm::Md5,
            HashType::Sha1 => Algorithm::Sha1,
            HashType::Sha256 => Algorithm::Sha256,
            HashType::Sha512 => Algorithm::Sha512,
        },
    };
    let hashed = eka::nar::hash(&session.ctx, &request, &mut io::stdin().lock())?;
    let printed = match args.base {
        Base { base16: true, .. } => hashed.hash.base16(),
        Base { base32: true, .. } => hashed.hash.base32(),
        Base { base64: true, .. } => hashed.hash.base64(),
        _ => hashed.hash.sri(),
    };
    session.answer(
        || render::nar::hash(&printed),
        || json::nar_hash::Shape::of(&printed, &hashed),
    )
}

fn input(path: PathBuf) -> Input {
    if path.as_os_str() == "-" {
        Input::Stdin
    } else {
        Input::Path(path)
    }
}
