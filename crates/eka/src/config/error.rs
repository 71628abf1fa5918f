//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use atom::document::TomlFault;
use atom::source::Sourced;
use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A configuration that cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file, a variable or a flag says something that is not understood.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(#[from] Sourced<ConfigFaults>),
    /// A file cannot be read.
    #[error("cannot read the configuration `{}`", path.display())]
    #[diagnostic(
        code(eka::config::unreadable),
        help("make it a readable file of UTF-8 text of at most 1 MiB, or remove it")
    )]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A variable holds bytes that are no UTF-8.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Env(#[from] crate::env::EnvError),
}

/// Every fault of one file, variable or flag.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[error("the configuration is not valid")]
#[diagnostic(code(eka::config::invalid))]
#[non_exhaustive]
pub struct ConfigFaults {
    /// The faults, in the order of the text; never none.
    #[related]
    pub faults: Vec<ConfigFault>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The text is not TOML within bounds.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toml(#[from] TomlFault),
    /// A key stands outside of any table.
    #[error("`{key}` is not a table")]
    #[diagnostic(
        code(eka::config::not_a_table),
        help("every key stands in a table, such as `[publish]` or `[aliases]`")
    )]
    NotATable {
        /// Which.
        key: String,
        /// Where.
        #[label("a value by itself")]
        span: SourceSpan,
    },
    /// A key holds a value of another kind.
    #[error("`{key}` is not {expected}")]
    #[diagnostic(code(eka::config::type_), help("`{key}` takes {expected}"))]
    Type {
        /// Which.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// The value.
        #[label("not {expected}")]
        span: SourceSpan,
    },
    /// A key that one asked for by hand does not exist.
    #[error("there is no key `{key}`")]
    #[diagnostic(code(eka::config::unknown_key), help("{help}"))]
    UnknownKey {
        /// Which.
        key: String,
        /// What to do.
        help: String,
        /// Where.
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A patch anywhere but in the project's local file.
    #[error("patches stand in `.eka/local.toml` alone")]
    #[diagnostic(
        code(eka::config::patch_elsewhere),
        help(
            "a patch is about one work tree, for a while: write `[patch.<set>]` into `.eka/local.toml` of the project, which is not committed"
        )
    )]
    PatchElsewhere {
        /// Where.
        #[label("not here")]
        span: SourceSpan,
    },
    /// A patch names no set, or no atom.
    #[error("a patch has the form `[patch.<set>] <id> = \"…\"`: {reason}")]
    #[diagnostic(
        code(eka::config::patch_name),
        help("name the set as `[sets]` of `atom.toml` does, and the atom by its id")
    )]
    PatchName {
        /// Why it is none.
        reason: String,
        /// Where.
        #[label("not of that form")]
        span: SourceSpan,
    },
    /// A setting is not of the form `KEY=VALUE`.
    #[error("a setting has the form `KEY=VALUE`")]
    #[diagnostic(
        code(eka::config::setting),
        help("for example `publish.remotes=origin`")
    )]
    Setting {
        /// The text.
        #[label("not of that form")]
        span: SourceSpan,
    },
}

/// Something in a configuration that is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ConfigWarning {
    /// A file sets a key that does not exist.
    #[error("there is no key `{key}`; it is ignored")]
    #[diagnostic(severity(warning), code(eka::config::unknown_key), help("{help}"))]
    UnknownKey {
        /// Which.
        key: String,
        /// What to do.
        help: String,
        /// Where.
        #[label("unknown")]
        span: SourceSpan,
    },
    /// A project's file sets a key that only a person may set.
    #[error("a project may not set `{key}`; it is ignored")]
    #[diagnostic(
        severity(warning),
        code(eka::config::not_for_projects),
        help(
            "whom to trust, where bytes come from and how much is taken is yours to say: set it in your own configuration, if you agree"
        )
    )]
    NotForProjects {
        /// Which.
        key: String,
        /// Where.
        #[label("ignored")]
        span: SourceSpan,
    },
    /// A project's file gives an alias of the user's another meaning.
    #[error("the project gives your alias `{alias}` another meaning")]
    #[diagnostic(
        severity(warning),
        code(eka::config::alias_shadowed),
        help(
            "`{alias}` is `{yours}` in your own configuration, and `{theirs}` here: write URLs in full where you mean your own"
        )
    )]
    AliasShadowed {
        /// The alias.
        alias: String,
        /// What the user set, without its password.
        yours: String,
        /// What the project sets, without its password.
        theirs: String,
    },
}
