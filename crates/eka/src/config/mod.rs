//! The configuration: what is set, to what, and where it came from.

mod key;
mod error;
mod read;
mod layers;

pub use error::{ConfigError, ConfigFault, ConfigFaults, ConfigWarning};
pub use key::{KEYS, Key, Shape, Who, find_key, nearest_key};
pub use layers::{Sources, load};
pub use read::parse_key;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use atom::url::redact;

/// The effective configuration: for each key that has a value, the one that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config(BTreeMap<Path, Setting>);

/// A key as it stands in a file: its section and its name there, such as `aliases`, `work`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The table.
    pub section: String,
    /// The key in it.
    pub name: String,
}

/// A value, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Who set it.
    pub place: Place,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// A number; its unit is in the key's name.
    Count(u64),
}

/// Who set a value, from the weakest to the strongest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// eka itself.
    Default,
    /// A file of the machine.
    System(PathBuf),
    /// The user's file.
    User(PathBuf),
    /// The project's file, which is committed.
    Project(PathBuf),
    /// The project's file that is not committed.
    Local(PathBuf),
    /// A variable of the environment.
    Variable(&'static str),
    /// `--config`.
    Flag,
}

impl Config {
    /// The setting of a key, such as `get("publish", "remotes")`.
    #[must_use]
    pub fn get(&self, section: &str, name: &str) -> Option<&Setting> {
        self.0.get(&Path::new(section, name))
    }

    /// Every setting, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Setting)> {
        self.0.iter()
    }

    /// The remotes that `publish` and `init` use where none is named, and who set them.
    #[must_use]
    pub fn publish_remotes(&self) -> Option<(&[String], &Place)> {
        match self.get("publish", "remotes") {
            Some(Setting {
                value: Value::Texts(remotes),
                place,
            }) => Some((remotes, place)),
            _ => None,
        }
    }

    /// The user's aliases: name to URL.
    #[must_use]
    pub fn aliases(&self) -> BTreeMap<String, String> {
        self.section("aliases")
            .filter_map(|(name, setting)| match &setting.value {
                Value::Text(url) => Some((name.to_owned(), url.clone())),
                _ => None,
            })
            .collect()
    }

    /// The user's own mirrors: origin to URLs that serve it too.
    #[must_use]
    pub fn mirrors(&self) -> BTreeMap<String, Vec<String>> {
        self.section("mirrors")
            .filter_map(|(origin, setting)| match &setting.value {
                Value::Texts(urls) => Some((origin.to_owned(), urls.clone())),
                _ => None,
            })
            .collect()
    }

    /// What stands in for which atom: the set's name and the atom's id to a folder or a repository,
    /// as they are written, which is as [`atom::Name`] and [`atom::Id`] are read.
    pub fn patches(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.iter().filter_map(|(path, setting)| {
            let set = key::set_of(&path.section)?;
            match &setting.value {
                Value::Text(to) => Some((set, path.name.as_str(), to.as_str())),
                _ => None,
            }
        })
    }

    /// A text, such as `text("store", "dir")`; `None` where the key has no value.
    #[must_use]
    pub fn text(&self, section: &str, name: &str) -> Option<&str> {
        match &self.get(section, name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Texts, such as `texts("store", "caches")`; none where the key has no value.
    #[must_use]
    pub fn texts(&self, section: &str, name: &str) -> &[String] {
        match self.get(section, name).map(|it| &it.value) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A number, such as `count("limits", "refs")`; `None` where the key has no value.
    #[must_use]
    pub fn count(&self, section: &str, name: &str) -> Option<u64> {
        match self.get(section, name)?.value {
            Value::Count(count) => Some(count),
            _ => None,
        }
    }

    fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, &'a Setting)> {
        self.0
            .iter()
            .filter(move |(path, _)| path.section == section)
            .map(|(path, setting)| (path.name.as_str(), setting))
    }

    /// Sets a value where the place is at least as strong as the one that set it before.
    fn set(&mut self, path: Path, setting: Setting) {
        match self.0.get(&path) {
            Some(before) if before.place > setting.place => {}
            _ => {
                self.0.insert(path, setting);
            }
        }
    }
}

impl Setting {
    /// The same with each password as `***`.
    #[must_use]
    pub fn redacted(&self) -> Self {
        let value = match &self.value {
            Value::Text(text) => Value::Text(redact(text)),
            Value::Texts(texts) => Value::Texts(texts.iter().map(|it| redact(it)).collect()),
            Value::Count(count) => Value::Count(*count),
        };
        let place = self.place.clone();
        Self { value, place }
    }
}

impl Path {
    /// Joins a section and a name.
    #[must_use]
    pub fn new(section: &str, name: &str) -> Self {
        Self {
            section: section.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for Path {
    /// As TOML writes the dotted key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        if !self.name.is_empty() && self.name.chars().all(bare) {
            write!(f, "{}.{}", self.section, self.name)
        } else {
            write!(f, "{}.{}", self.section, Quoted(&self.name))
        }
    }
}

impl fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Texts(texts) => {
                f.write_str("[")?;
                for (n, text) in texts.iter().enumerate() {
                    f.write_str(if n == 0 { "" } else { ", " })?;
                    Quoted(text).fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::System(path) | Self::User(path) | Self::Project(path) | Self::Local(path) => {
                path.display().fmt(f)
            }
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("--config"),
        }
    }
}

impl Place {
    /// What kind of place it is, in one word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::System(_) => "system",
            Self::User(_) => "user",
            Self::Project(_) => "project",
            Self::Local(_) => "local",
            Self::Variable(_) => "variable",
            Self::Flag => "flag",
        }
    }

    /// Whether it may have come with somebody's repository: the local file too, since nothing
    /// keeps anybody from committing one.
    #[must_use]
    pub const fn came_with_the_project(&self) -> bool {
        matches!(self, Self::Project(_) | Self::Local(_))
    }
}

/// A TOML basic string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for it in self.0.chars() {
            match it {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                it if it.is_control() => write!(f, "\\u{:04X}", u32::from(it))?,
                it => fmt::Write::write_char(f, it)?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
impl Config {
    /// The defaults, and these settings of the command line.
    pub(crate) fn of(settings: &[&str]) -> Self {
        let flags = settings.iter().map(|&it| it.to_owned()).collect();
        let sources = Sources {
            flags,
            ..Sources::default()
        };
        load(&sources, &crate::event::Recorded::default()).expect("the settings are good")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_toml() {
        assert_eq!(Path::new("a", "b-c").to_string(), "a.b-c");
        let path = Path::new("mirrors", "https://h/\"x\"");
        assert_eq!(parse_key(&path.to_string()), Some(path));
    }
}
