//! `eka config`: what is set, to what, and by whom.

use miette::Diagnostic;
use thiserror::Error;

use crate::config::{KEYS, Key, Path, Setting, find_key, nearest_key, parse_key};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;

/// What to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Every setting.
    All,
    /// One key, such as `publish.remotes`, or a whole table, such as `aliases`.
    One(String),
}

/// The settings asked for, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each key that has a value.
    pub settings: Vec<Shown>,
}

/// One setting, with what its key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key.
    pub path: Path,
    /// The value, and who set it. A password in it is `***`.
    pub setting: Setting,
    /// The key's row in the table of keys.
    pub key: &'static Key,
}

/// Why nothing is shown.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum SettingsError {
    /// There is no such key.
    #[error("there is no key `{key}`")]
    #[diagnostic(code(eka::config::unknown_key), help("{help}"))]
    Unknown {
        /// What was asked.
        key: String,
        /// What to do.
        help: String,
    },
    /// The key is known, and nobody set it.
    #[error("`{key}` is not set")]
    #[diagnostic(
        code(eka::config::not_set),
        help("set it in `{file}`, or by `--config`")
    )]
    NotSet {
        /// What was asked.
        key: String,
        /// The user's configuration.
        file: String,
    },
}

/// Shows the effective configuration.
///
/// # Errors
///
/// [`SettingsError`].
pub fn settings(ctx: &Context<'_>, request: &Request) -> Result<Report, Error> {
    let wanted = match request {
        Request::All => None,
        Request::One(text) => Some(text.as_str()),
    };
    let mut settings = Vec::new();
    for (path, setting) in ctx.config.iter() {
        let asked =
            wanted.is_none_or(|it| it == path.section || parse_key(it).as_ref() == Some(path));
        if let (true, Some(key)) = (asked, find_key(path)) {
            settings.push(Shown {
                path: path.clone(),
                setting: setting.redacted(),
                key,
            });
        }
    }
    match wanted {
        Some(text) if settings.is_empty() => Err(nothing(ctx, text).into()),
        _ => Ok(Report { settings }),
    }
}

fn nothing(ctx: &Context<'_>, text: &str) -> SettingsError {
    let path = parse_key(text);
    let known = match &path {
        Some(path) => find_key(path).is_some(),
        None => KEYS.iter().any(|it| it.section == text),
    };
    let key = text.to_owned();
    if known {
        let file = ctx.dirs.config.as_ref().map_or_else(
            || "~/.config/eka/config.toml".to_owned(),
            |it| it.join("config.toml").display().to_string(),
        );
        return SettingsError::NotSet { key, file };
    }
    let help = match path.as_ref().and_then(nearest_key) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`eka config` shows every key that has a value".to_owned(),
    };
    SettingsError::Unknown { key, help }
}

impl SettingsError {
    /// What it means for the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } => Exit::Usage,
            Self::NotSet { .. } => Exit::No,
        }
    }
}
