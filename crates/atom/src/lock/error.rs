//! What can be wrong with a lock.

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use crate::document::{Fault, TomlFault, help_of};
use crate::download::DownloadError;
use crate::uri::UriError;
use crate::{AtomPathError, Digest, DigestError, IdError, NameError, NarHashError};
use crate::{ObjectIdError, VersionError};

const REWRITE: &str = "run `eka lock` to write it anew";

/// Every fault of one lock, in the order of its text.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[error("the lock is not valid: {}", crate::document::count(faults.len()))]
#[diagnostic(code(eka::lock::invalid))]
#[non_exhaustive]
pub struct LockFaults {
    /// Each fault; never none.
    #[related]
    pub faults: Vec<LockFault>,
}

/// Why a value of a lock cannot be read.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[non_exhaustive]
pub enum LockValueError {
    /// An id.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Id(#[from] IdError),
    /// A name of a set or a pin.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Name(#[from] NameError),
    /// A version or a requirement.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Version(#[from] VersionError),
    /// A root, or the id of a commit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    ObjectId(#[from] ObjectIdError),
    /// A digest.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Digest(#[from] DigestError),
    /// A NAR's hash.
    #[error(transparent)]
    #[diagnostic(transparent)]
    NarHash(#[from] NarHashError),
    /// A folder.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] AtomPathError),
    /// A repository's URL.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Url(#[from] UriError),
    /// The URL or the hash of a file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Download(#[from] DownloadError),
    /// How an atom names another.
    #[error("`{text}` is not `<id>@<version>`, nor `<id>@<version>#<first 8 of digest>`")]
    #[diagnostic(code(eka::lock::dependency), help("{REWRITE}"))]
    DepRef {
        /// What was given.
        text: String,
    },
    /// A ref that git would not take.
    #[error("`{text}` is not a ref")]
    #[diagnostic(code(eka::lock::git_ref), help("{REWRITE}"))]
    GitRef {
        /// What was given.
        text: String,
    },
}

/// One fault of a lock.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[non_exhaustive]
pub enum LockFault {
    /// It is not TOML within bounds, or a table is not of its shape.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toml(#[from] TomlFault),
    /// A later `eka` wrote it.
    #[error("the lock has version `{found}`, and this `eka` reads version `1`")]
    #[diagnostic(
        code(eka::lock::newer),
        help(
            "a newer `eka` wrote it: use that one, or remove the file and run `eka lock` to write it anew in version `1`"
        )
    )]
    Newer {
        /// Its version.
        found: i64,
        /// The version.
        #[label("not known here")]
        span: SourceSpan,
    },
    /// The version is none that ever was.
    #[error("the lock has version `{found}`, which never was")]
    #[diagnostic(code(eka::lock::version), help("{REWRITE}"))]
    NoSuchVersion {
        /// Its version.
        found: i64,
        /// The version.
        #[label("versions begin at `1`")]
        span: SourceSpan,
    },
    /// A value cannot be read.
    #[error("`{key}`: {error}")]
    #[diagnostic(code(eka::lock::value), help("{}", help_of(error)))]
    Value {
        /// The key, from the top.
        key: String,
        /// Why.
        error: LockValueError,
        /// The value, unless it may hold a secret.
        #[label("not read")]
        span: Option<SourceSpan>,
    },
    /// A URL carries credentials. It has no place, for what has a place is drawn with its line.
    #[error("`{key}` carries credentials")]
    #[diagnostic(
        code(eka::lock::credentials),
        help(
            "take the user and the password out, and leave them to git's credential helper: locks are committed"
        )
    )]
    Credentials {
        /// The key, from the top.
        key: String,
    },
    /// A set is named that no `[[set]]` declares.
    #[error("no `[[set]]` has the root `{root}`")]
    #[diagnostic(code(eka::lock::undeclared_set), help("{REWRITE}"))]
    UndeclaredSet {
        /// The root.
        root: String,
        /// Where it is named.
        #[label("of this set nothing is known")]
        span: SourceSpan,
    },
    /// One set, requirement, atom or pin stands twice.
    #[error("{what} stands twice")]
    #[diagnostic(
        code(eka::lock::duplicate),
        help("keep one of the two, or run `eka lock` to write the lock anew")
    )]
    Duplicate {
        /// What: `` atom `zlib@1.3.1` ``.
        what: String,
        /// The second.
        #[label("already given")]
        span: SourceSpan,
    },
    /// A dependency that no `[[atom]]` answers.
    #[error("`{from}` depends on `{to}`, which the lock does not have")]
    #[diagnostic(code(eka::lock::dangling), help("{REWRITE}"))]
    Dangling {
        /// The dependant.
        from: String,
        /// The dependency.
        to: String,
        /// The dependency.
        #[label("no `[[atom]]` is this")]
        span: SourceSpan,
    },
    /// A dependency that two atoms answer, where a digest would tell them apart.
    #[error("`{from}` depends on `{to}`, and the lock has several of that name")]
    #[diagnostic(
        code(eka::lock::ambiguous),
        help("{REWRITE}, which adds `#` and the first 8 characters of the digest")
    )]
    Ambiguous {
        /// The dependant.
        from: String,
        /// The dependency.
        to: String,
        /// The dependency.
        #[label("which one?")]
        span: SourceSpan,
    },
    /// Two atoms whose id, version and first 8 characters of the digest are equal: a matter of
    /// integrity, since nothing but intent makes them so.
    #[error("two atoms of the lock are called `{name}`")]
    #[diagnostic(
        code(eka::lock::equal_names),
        help(
            "their digests begin alike, which does not happen by chance: find out who published the second set, and depend on one of the two"
        )
    )]
    EqualNames {
        /// What both are called.
        name: String,
        /// The second.
        #[label("differs from an atom above in the rest of its digest")]
        span: SourceSpan,
    },
    /// An atom's digest is not that of its set and id: a matter of integrity.
    #[error("the digest of `{id}` is not that of its set and id")]
    #[diagnostic(
        code(eka::lock::digest),
        help(
            "of this set and id it is `{expected}`; the lock was changed by hand: take it from git again, or remove it and run `eka lock`"
        )
    )]
    WrongDigest {
        /// The atom.
        id: String,
        /// What the digest would be.
        expected: Digest,
        /// The digest.
        #[label("not the digest of (`set`, `id`)")]
        span: SourceSpan,
    },
    /// An atom that somebody's patch put elsewhere, in a lock that others read.
    #[error("`{id}` is patched, and a lock that is committed holds no patched atom")]
    #[diagnostic(
        code(eka::lock::patched),
        help(
            "take the patch out of `[patch]` in `.eka/local.toml`, run `eka lock` and commit the lock"
        )
    )]
    Patched {
        /// The atom.
        id: String,
        /// What stands in for it.
        #[label("only on somebody's own machine")]
        span: SourceSpan,
    },
    /// A pin that names no source, or several.
    #[error("{pin} names {found} sources")]
    #[diagnostic(code(eka::lock::pin_source), help("{REWRITE}"))]
    PinSource {
        /// The pin: `` pin `nixpkgs` ``, or what can be said of it.
        pin: String,
        /// How many.
        found: usize,
        /// The pin's table.
        #[label("one of `git`, `tar` and `url`")]
        span: SourceSpan,
    },
    /// A pin that asks for a ref and a version at once.
    #[error("{pin} has a `ref` and a `version`")]
    #[diagnostic(code(eka::lock::pin_revision), help("{REWRITE}"))]
    PinRevision {
        /// The pin: `` pin `nixpkgs` ``, or what can be said of it.
        pin: String,
        /// The pin's table.
        #[label("one of the two")]
        span: SourceSpan,
    },
}

impl LockFaults {
    /// Takes the faults; none where there are none.
    pub(super) fn of(faults: Vec<LockFault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self { faults })
    }

    /// Whether it is only that atoms are patched.
    #[must_use]
    pub fn is_patched(&self) -> bool {
        let patched = |it: &LockFault| matches!(it, LockFault::Patched { .. });
        self.faults.iter().all(patched)
    }

    /// Whether one of them is a matter of integrity (exit code 5), not of form (2).
    #[must_use]
    pub fn is_integrity(&self) -> bool {
        let integrity = |it: &LockFault| {
            matches!(
                it,
                LockFault::EqualNames { .. } | LockFault::WrongDigest { .. }
            )
        };
        self.faults.iter().any(integrity)
    }
}

impl LockFault {
    /// Whether nothing of the lock may be used because of it: it is no TOML, it is of another
    /// version, or it lies.
    pub(super) const fn leaves_no_remains(&self) -> bool {
        match self {
            Self::Toml(it) => !matches!(
                it,
                TomlFault::Missing { .. }
                    | TomlFault::DuplicateKey { .. }
                    | TomlFault::WrongType { .. }
                    | TomlFault::UnknownKey { .. }
            ),
            Self::Newer { .. } | Self::EqualNames { .. } | Self::WrongDigest { .. } => true,
            _ => false,
        }
    }
}

impl Fault for LockFault {
    fn is_of_absence(&self) -> bool {
        matches!(
            self,
            Self::Toml(TomlFault::Missing { .. })
                | Self::UndeclaredSet { .. }
                | Self::Dangling { .. }
                | Self::PinSource { found: 0, .. }
        )
    }
}
