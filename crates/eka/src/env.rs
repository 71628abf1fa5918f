//! The environment: every `EKA_*` variable once, and the variables read as values.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use miette::Diagnostic;
use thiserror::Error;

/// One variable that eka reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name, such as `EKA_OFFLINE`.
    pub name: &'static str,
    /// The flag that says the same, where there is one; the flag wins.
    pub flag: Option<&'static str>,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

macro_rules! variables {
    ($($ident:ident = $name:literal, $flag:expr, $doc:literal;)*) => {
        $(#[doc = $doc]
        pub const $ident: Variable = Variable { name: $name, flag: $flag, doc: $doc };)*

        /// Every variable of eka's own, in the order of the reference.
        pub const ALL: &[Variable] = &[$($ident),*];
    };
}

variables! {
    DIR = "EKA_DIR", Some("-C"), "The folder to work in, instead of the current one.";
    QUIET = "EKA_QUIET", Some("-q"), "Says nothing but errors.";
    VERBOSE = "EKA_VERBOSE", Some("-v"), "Says more of what is done.";
    COLOR = "EKA_COLOR", Some("--color"), "When to color: `auto`, `always` or `never`.";
    NO_PROGRESS = "EKA_NO_PROGRESS", Some("--no-progress"), "Shows no progress.";
    FORMAT = "EKA_FORMAT", Some("--format"), "How to answer: `text` or `json`.";
    OFFLINE = "EKA_OFFLINE", Some("--offline"), "Asks no remote; what was seen before still counts.";
    CONFIG = "EKA_CONFIG", Some("--config"), "Settings `KEY=VALUE`, one a line.";
    LOCKED = "EKA_LOCKED", Some("--locked"), "The lock must satisfy the manifest, and is not changed.";
    STORE = "EKA_STORE", None, "The folder of the store, instead of `store.path`.";
    FROZEN = "EKA_FROZEN", Some("--frozen"), "As `EKA_LOCKED` and `EKA_OFFLINE` together.";
}

/// Variables of others that are honoured, with what they do here; for the reference.
pub const HONOURED: &[(&str, &str)] = &[
    (
        "NO_COLOR",
        "No color, unless `--color` or `EKA_COLOR` says otherwise.",
    ),
    ("CI", "No progress."),
    ("TERM", "`dumb` means no color and no progress."),
    ("HOME", "Where the folders below lie by default."),
    (
        "XDG_CONFIG_HOME",
        "Holds `eka/config.toml`, the user's configuration; default `~/.config`.",
    ),
    (
        "XDG_CONFIG_DIRS",
        "Folders that hold `eka/config.toml`, the system's configuration; default `/etc/xdg`.",
    ),
    (
        "XDG_CACHE_HOME",
        "Holds `eka`, the cache, which may be removed at any time; default `~/.cache`.",
    ),
    (
        "XDG_DATA_HOME",
        "Holds `eka/store`, the store; default `~/.local/share`.",
    ),
    (
        "XDG_STATE_HOME",
        "Is to hold `eka`, which is no cache; nothing is kept there yet; default `~/.local/state`.",
    ),
    (
        "http_proxy, https_proxy, all_proxy, no_proxy",
        "Proxies, as curl and git read them.",
    ),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Certificate authorities."),
    (
        "GIT_SSH_COMMAND, GIT_SSH, GIT_ASKPASS, GIT_CONFIG_*",
        "As git reads them.",
    ),
];

/// The process's variables, as a value. A variable that is set to nothing counts as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<OsString, OsString>);

/// Why a variable cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum EnvError {
    /// It holds bytes that are no UTF-8.
    #[error("the variable `{name}` is not UTF-8")]
    #[diagnostic(code(eka::env::not_utf8), help("set it to text, or unset it"))]
    NotUtf8 {
        /// Which.
        name: &'static str,
    },
    /// It holds something else than what it may hold.
    #[error("the variable `{name}` is `{value}`, which is not one of {expected}")]
    #[diagnostic(
        code(eka::env::value),
        help("set it to one of {expected}, or unset it")
    )]
    Value {
        /// Which.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        expected: String,
    },
}

impl Env {
    /// Takes the variables as they are.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The value of any variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    /// The value of one of eka's own variables, as text.
    ///
    /// # Errors
    ///
    /// [`EnvError::NotUtf8`].
    pub fn text(&self, variable: Variable) -> Result<Option<&str>, EnvError> {
        let name = variable.name;
        self.get(name)
            .map(|it| it.to_str().ok_or(EnvError::NotUtf8 { name }))
            .transpose()
    }

    /// Whether one of eka's own switches is on: `1`, `true`, `yes` or `on`; `0`, `false`, `no`
    /// and `off` are off; `None` where it is not set.
    ///
    /// # Errors
    ///
    /// [`EnvError::NotUtf8`], and [`EnvError::Value`] for any other text.
    pub fn switch(&self, variable: Variable) -> Result<Option<bool>, EnvError> {
        let Some(value) = self.text(variable)? else {
            return Ok(None);
        };
        match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Some(true)),
            "0" | "false" | "no" | "off" => Ok(Some(false)),
            _ => Err(EnvError::Value {
                name: variable.name,
                value: value.to_owned(),
                expected: "`1`, `0`".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<Option<bool>>) {
        let env = Env::new([("EKA_OFFLINE".into(), value.into())]);
        assert_eq!(env.switch(OFFLINE).ok(), expected, "{value:?}");
    }

    #[test]
    fn switches() {
        check("1", Some(Some(true)));
        check("Yes", Some(Some(true)));
        check("off", Some(Some(false)));
        check("", Some(None));
        check("maybe", None);
    }

    #[test]
    fn every_variable_is_named_once_and_sorted_by_its_prefix() {
        let mut names: Vec<_> = ALL.iter().map(|it| it.name).collect();
        assert!(names.iter().all(|it| it.starts_with("EKA_")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
