//! What can be wrong with a manifest.

use std::fmt;

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use crate::document::{Fault, TomlFault, help_of};
use crate::download::DownloadError;
use crate::uri::UriError;
use crate::{IdError, NameError, ObjectIdError, VersionError};

/// Every fault of one manifest, in the order of its text.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[error("the manifest is not valid: {}", crate::document::count(faults.len()))]
#[diagnostic(code(eka::manifest::invalid))]
#[non_exhaustive]
pub struct ManifestFaults {
    /// Each fault; never none.
    #[related]
    pub faults: Vec<ManifestFault>,
}

/// One fault of a manifest.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ManifestFault {
    /// It is not TOML within bounds, or a table is not of its shape.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toml(#[from] TomlFault),
    /// There is no `[atom]` table.
    #[error("the file has no `[atom]` table")]
    #[diagnostic(
        code(eka::manifest::no_atom),
        help("begin it with `[atom]`, `id = \"my-atom\"` and `version = \"0.1.0\"`")
    )]
    NoAtom,
    /// An id breaks its rule.
    #[error("{error}")]
    #[diagnostic(code(eka::manifest::id), help("{}", help_of(error)))]
    Id {
        /// The rule that it breaks.
        error: IdError,
        /// The id.
        #[label("not an id")]
        span: SourceSpan,
    },
    /// The name of a set, a pin, a fetch or an evaluator breaks its rule.
    #[error("{error}")]
    #[diagnostic(code(eka::manifest::name), help("{}", help_of(error)))]
    Name {
        /// The rule that it breaks.
        error: NameError,
        /// The name.
        #[label("not a name")]
        span: SourceSpan,
    },
    /// A version or a requirement cannot be read.
    #[error("`{key}`: {error}")]
    #[diagnostic(code(eka::manifest::version), help("{}", help_of(error)))]
    Version {
        /// Where, from the top.
        key: String,
        /// Why.
        error: VersionError,
        /// The text.
        #[label("not read")]
        span: SourceSpan,
    },
    /// A repository's URL cannot be read.
    #[error("`{key}`: {error}")]
    #[diagnostic(code(eka::manifest::url), help("{}", help_of(error)))]
    Url {
        /// Where, from the top.
        key: String,
        /// Why.
        error: UriError,
        /// The text, unless it may hold a secret.
        #[label("not a repository")]
        span: Option<SourceSpan>,
    },
    /// A URL carries credentials. It has no place, for what has a place is drawn with its line.
    #[error("`{key}` carries credentials")]
    #[diagnostic(
        code(eka::manifest::credentials),
        help(
            "take the user and the password out, and leave them to git's credential helper: manifests are published"
        )
    )]
    Credentials {
        /// Where, from the top.
        key: String,
    },
    /// Somebody else's manifest, or one to be published, names a place that readers refuse.
    #[error("`{key}` names `{place}`, which readers of a published atom refuse")]
    #[diagnostic(
        code(eka::manifest::not_public),
        help("a published atom names places by `https` or `ssh`, and its own repository by `::`")
    )]
    NotPublic {
        /// Where, from the top.
        key: String,
        /// The place.
        place: String,
        /// The URL.
        #[label("neither `https` nor `ssh`")]
        span: SourceSpan,
    },
    /// `::` has company.
    #[error("set `{set}` is this repository, and has other places too")]
    #[diagnostic(
        code(eka::manifest::here_and_elsewhere),
        help("write `{set} = \"::\"` alone: the work tree has no mirrors")
    )]
    HereAndElsewhere {
        /// The set.
        set: String,
        /// The other places.
        #[label("not with `::`")]
        span: SourceSpan,
    },
    /// A set without a place.
    #[error("set `{set}` names no place")]
    #[diagnostic(
        code(eka::manifest::empty_set),
        help("give its URL: `{set} = \"https://…\"`")
    )]
    EmptySet {
        /// The set.
        set: String,
        /// Its value.
        #[label("empty")]
        span: SourceSpan,
    },
    /// A set names one repository twice.
    #[error("set `{set}` names one repository twice")]
    #[diagnostic(
        code(eka::manifest::duplicate_url),
        help("keep one: places are equal where host and path are, whatever the scheme")
    )]
    DuplicateUrl {
        /// The set.
        set: String,
        /// The second.
        #[label("already given")]
        span: SourceSpan,
    },
    /// `[deps.<set>]` of a set that `[sets]` does not have.
    #[error("set `{set}` is not declared")]
    #[diagnostic(code(eka::manifest::undeclared_set), help("{}", undeclared_help(set, nearest.as_deref())))]
    UndeclaredSet {
        /// The set.
        set: String,
        /// The declared set that is most like it.
        nearest: Option<String>,
        /// Its name.
        #[label("no such set in `[sets]`")]
        span: SourceSpan,
    },
    /// One atom is asked for through two names of one set.
    #[error("`{id}` is asked for twice: `{first}` and `{second}` are the same set")]
    #[diagnostic(
        code(eka::manifest::duplicate_dep),
        help("keep one of `[deps.{first}]` and `[deps.{second}]`'s lines for `{id}`")
    )]
    DuplicateDep {
        /// The atom.
        id: String,
        /// One name of the set.
        first: String,
        /// The other.
        second: String,
        /// The second requirement.
        #[label("already asked for through `{first}`")]
        span: SourceSpan,
    },
    /// The atom depends on itself.
    #[error("`{id}` depends on itself through set `{set}`")]
    #[diagnostic(
        code(eka::manifest::depends_on_itself),
        help("remove the line: `{set}` is this repository, and `{id}` this atom")
    )]
    DependsOnItself {
        /// The atom.
        id: String,
        /// The set.
        set: String,
        /// The dependency.
        #[label("this atom")]
        span: SourceSpan,
    },
    /// A key takes one of a few words.
    #[error("`{key}` takes `{expected}`, not `{found}`")]
    #[diagnostic(code(eka::manifest::choice), help("write `{expected}`"))]
    Choice {
        /// The key, from the top.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What it has.
        found: String,
        /// The value.
        #[label("not one of them")]
        span: SourceSpan,
    },
    /// The licence is no SPDX expression.
    #[error("`{license}` is not an SPDX expression")]
    #[diagnostic(
        code(eka::manifest::license),
        help(
            "write identifiers joined by `OR`, `AND` and `WITH`, such as `MIT OR Apache-2.0`; a licence of your own is `LicenseRef-<name>`"
        )
    )]
    License {
        /// What was given.
        license: String,
        /// The value.
        #[label("not SPDX")]
        span: SourceSpan,
    },
    /// The homepage is no URL that a browser opens.
    #[error("`{url}` is not a homepage")]
    #[diagnostic(
        code(eka::manifest::homepage),
        help("give the whole URL, such as `https://example.org/hello`")
    )]
    Homepage {
        /// What was given.
        url: String,
        /// The value.
        #[label("neither `https://` nor `http://`")]
        span: SourceSpan,
    },
    /// A text that may not be empty is.
    #[error("`{key}` is empty")]
    #[diagnostic(code(eka::manifest::empty), help("{help}"))]
    Empty {
        /// The key, from the top.
        key: String,
        /// What to do.
        help: &'static str,
        /// The value.
        #[label("empty")]
        span: SourceSpan,
    },
    /// One text stands twice in a list of distinct ones.
    #[error("`{key}` has `{value}` twice")]
    #[diagnostic(code(eka::manifest::repeated), help("keep one"))]
    Repeated {
        /// The key, from the top.
        key: String,
        /// The text.
        value: String,
        /// The second.
        #[label("already given")]
        span: SourceSpan,
    },
    /// A file of the atom, or of a pin, is named by more than a path downwards.
    #[error("`{key}` leads out of its folder")]
    #[diagnostic(
        code(eka::manifest::path),
        help("name a file below, with `/` between the parts and without `..`: `nix/default.nix`")
    )]
    Path {
        /// The key, from the top.
        key: String,
        /// The value.
        #[label("not a path downwards")]
        span: SourceSpan,
    },
    /// A pin that names no source, or several.
    #[error("pin `{pin}` has {}", sources(*found))]
    #[diagnostic(
        code(eka::manifest::pin_source),
        help("give one of `git = \"…\"`, `tar = \"…\"` and `url = \"…\"`")
    )]
    PinSource {
        /// The pin.
        pin: String,
        /// How many it names.
        found: usize,
        /// The pin's table.
        #[label("one source a pin")]
        span: SourceSpan,
    },
    /// A key of a pin that its source has no use for, or that another excludes.
    #[error("pin `{pin}` has `{key}` beside `{other}`")]
    #[diagnostic(code(eka::manifest::pin_revision), help("{help}"))]
    PinRevision {
        /// The pin.
        pin: String,
        /// The key.
        key: &'static str,
        /// What it does not go with.
        other: &'static str,
        /// What to do.
        help: &'static str,
        /// The key in the text.
        #[label("not with `{other}`")]
        span: SourceSpan,
    },
    /// A ref that git would not take.
    #[error("`{key}` is not a ref: `{name}`")]
    #[diagnostic(
        code(eka::manifest::git_ref),
        help("name a branch or a tag, such as `main`, or a whole ref, such as `refs/heads/main`")
    )]
    GitRef {
        /// The key, from the top.
        key: String,
        /// What was given.
        name: String,
        /// The value.
        #[label("not a ref")]
        span: SourceSpan,
    },
    /// A commit's id cannot be read.
    #[error("`{key}`: {error}")]
    #[diagnostic(code(eka::manifest::rev), help("{}", help_of(error)))]
    Rev {
        /// The key, from the top.
        key: String,
        /// Why.
        error: ObjectIdError,
        /// The value.
        #[label("not a commit")]
        span: SourceSpan,
    },
    /// A download's URL or hash cannot be read.
    #[error("`{key}`: {error}")]
    #[diagnostic(code(eka::manifest::download), help("{}", help_of(error)))]
    Download {
        /// The key, from the top.
        key: String,
        /// Why.
        error: DownloadError,
        /// The value, unless it may hold a secret.
        #[label("not read")]
        span: Option<SourceSpan>,
    },
    /// A `[build]` that is a recipe and an evaluator's at once, or neither.
    #[error("`[build]` has {}", if *both { "a `builder` and an `evaluator`" } else { "neither a `builder` nor an `evaluator`" })]
    #[diagnostic(
        code(eka::manifest::build),
        help(
            "`builder = \"/bin/sh\"` writes the derivation out, `evaluator = \"nix\"` has it made: give one of the two; without a `[build]` table the atom is source alone"
        )
    )]
    Build {
        /// Whether it has both.
        both: bool,
        /// The table.
        #[label("one of the two")]
        span: SourceSpan,
    },
}

impl ManifestFaults {
    /// Takes the faults; none where there are none.
    pub(super) fn of(faults: Vec<ManifestFault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self { faults })
    }
}

impl Fault for ManifestFault {
    fn is_of_absence(&self) -> bool {
        matches!(
            self,
            Self::Toml(TomlFault::Missing { .. })
                | Self::NoAtom
                | Self::UndeclaredSet { .. }
                | Self::PinSource { found: 0, .. }
                | Self::Build { both: false, .. }
        )
    }
}

fn undeclared_help(set: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `[deps.{nearest}]`?"),
        None => format!("declare it under `[sets]`: `{set} = \"https://…\"`"),
    }
}

fn sources(found: usize) -> impl fmt::Display {
    fmt::from_fn(move |f| match found {
        0 => f.write_str("no source"),
        n => write!(f, "{n} sources"),
    })
}
