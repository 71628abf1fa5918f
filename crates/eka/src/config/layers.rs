//! The files, the variable and the flags, laid over each other.

use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use atom::source::Sourced;
use miette::NamedSource;

use super::read::{self, Reading, Writer};
use super::{Config, ConfigError, ConfigFaults, ConfigWarning, KEYS, Path, Place, Setting, Value};
use crate::event::{Event, Events, Warning};
use crate::files::read_text;

/// The largest configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Where the configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Files of the machine, the strongest first; they need not exist.
    pub system: Vec<PathBuf>,
    /// The user's file; it need not exist.
    pub user: Option<PathBuf>,
    /// The project's folder, whose `.eka/config.toml` and `.eka/local.toml` count.
    pub project: Option<PathBuf>,
    /// What the variable `EKA_CONFIG` holds: `KEY=VALUE`, one a line.
    pub variable: Option<String>,
    /// What `--config` was given, in order: `KEY=VALUE` each.
    pub flags: Vec<String>,
}

/// Reads all of it. What is odd and harmless is told as warnings.
///
/// # Errors
///
/// The first file, variable or flag that cannot be used, with all its faults.
pub fn load(sources: &Sources, events: &dyn Events) -> Result<Config, ConfigError> {
    let mut config = defaults();
    for path in sources.system.iter().rev() {
        file(&mut config, Place::System(path.clone()), path, events)?;
    }
    if let Some(path) = &sources.user {
        file(&mut config, Place::User(path.clone()), path, events)?;
    }
    if let Some(folder) = &sources.project {
        let path = folder.join(".eka/config.toml");
        file(&mut config, Place::Project(path.clone()), &path, events)?;
        let path = folder.join(".eka/local.toml");
        file(&mut config, Place::Local(path.clone()), &path, events)?;
    }
    let variable = crate::env::CONFIG.name;
    let lines = sources.variable.iter().flat_map(|it| it.lines());
    for line in lines.filter(|it| !it.trim().is_empty()) {
        setting(&mut config, &Place::Variable(variable), line, events)?;
    }
    for flag in &sources.flags {
        setting(&mut config, &Place::Flag, flag, events)?;
    }
    Ok(config)
}

fn defaults() -> Config {
    let mut config = Config::default();
    for key in KEYS {
        if let Some(value) = key.default_value() {
            let path = Path::new(key.section, key.name);
            let place = Place::Default;
            config.set(path, Setting { value, place });
        }
    }
    config
}

fn file(
    config: &mut Config,
    place: Place,
    path: &FilePath,
    events: &dyn Events,
) -> Result<(), ConfigError> {
    let text = match read_text(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(()),
        Err(source) => {
            let path = path.to_owned();
            return Err(ConfigError::Unreadable { path, source });
        }
    };
    let writer = match place {
        Place::Local(_) => Writer::Local,
        Place::Project(_) => Writer::Project,
        _ => Writer::Person,
    };
    let reading = read::file(&text, writer);
    apply(config, &place, &text, reading, events)
}

fn setting(
    config: &mut Config,
    place: &Place,
    text: &str,
    events: &dyn Events,
) -> Result<(), ConfigError> {
    apply(config, place, text, read::setting(text), events)
}

fn apply(
    config: &mut Config,
    place: &Place,
    text: &str,
    reading: Reading,
    events: &dyn Events,
) -> Result<(), ConfigError> {
    let source = || NamedSource::new(place.to_string(), Arc::from(text));
    for error in reading.warnings {
        let text = source();
        events.emit(Event::Warning(Warning::new(Sourced { error, text })));
    }
    if !reading.faults.is_empty() {
        let error = ConfigFaults {
            faults: reading.faults,
        };
        let text = source();
        return Err(ConfigError::Invalid(Sourced { error, text }));
    }
    for (path, value) in reading.settings {
        let setting = Setting {
            value,
            place: place.clone(),
        };
        if let Some(error) = shadowed(config, &path, &setting) {
            events.emit(Event::Warning(Warning::new(error)));
        }
        config.set(path, setting);
    }
    Ok(())
}

/// Whether a project changes what an alias of the user's means.
fn shadowed(config: &Config, path: &Path, setting: &Setting) -> Option<ConfigWarning> {
    let before = config.get(&path.section, &path.name)?;
    let theirs = setting.place.came_with_the_project() && path.section == "aliases";
    let yours = !before.place.came_with_the_project();
    let shown = |it: &Setting| match it.redacted().value {
        Value::Text(text) => text,
        value => value.to_string(),
    };
    (theirs && yours && before.value != setting.value).then(|| ConfigWarning::AliasShadowed {
        alias: path.name.clone(),
        yours: shown(before),
        theirs: shown(setting),
    })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Recorded;

    struct World {
        folder: tempfile::TempDir,
        sources: Sources,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("project/.eka")).unwrap();
        let sources = Sources {
            system: vec![at("system.toml"), at("older.toml")],
            user: Some(at("user.toml")),
            project: Some(at("project")),
            variable: None,
            flags: Vec::new(),
        };
        World { folder, sources }
    }

    impl World {
        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.folder.path().join(name), text).unwrap();
        }

        fn remotes(&self) -> (String, &'static str) {
            let config = load(&self.sources, &Recorded::default()).unwrap();
            let (remotes, place) = config.publish_remotes().unwrap();
            (remotes.join(" "), place.kind())
        }
    }

    #[test]
    fn the_stronger_place_wins() {
        let mut world = world();
        let text = |it: &str| format!("[publish]\nremotes = ['{it}']\n");
        assert_eq!(world.remotes(), ("origin".to_owned(), "default"));
        world.write("older.toml", &text("older"));
        assert_eq!(world.remotes(), ("older".to_owned(), "system"));
        for (file, kind) in [
            ("system.toml", "system"),
            ("user.toml", "user"),
            ("project/.eka/config.toml", "project"),
            ("project/.eka/local.toml", "local"),
        ] {
            world.write(file, &text(kind));
            assert_eq!(world.remotes(), (kind.to_owned(), kind));
        }
        world.sources.variable = Some("\npublish.remotes=v\n".to_owned());
        assert_eq!(world.remotes(), ("v".to_owned(), "variable"));
        world.sources.flags = vec![
            "publish.remotes=f".to_owned(),
            "publish.remotes=g".to_owned(),
        ];
        assert_eq!(world.remotes(), ("g".to_owned(), "flag"));
    }

    #[test]
    fn a_project_file_adds_neither_trust_nor_keys_nor_caches() {
        let world = world();
        let text = "[caches]\na = 'x'\n[keys]\nb = 'y'\n[trust]\nc = 'z'\n[mirrors]\n\"https://h/x\" = 'https://evil/x'\n";
        for file in ["project/.eka/config.toml", "project/.eka/local.toml"] {
            world.write(file, text);
            let events = Recorded::default();
            let config = load(&world.sources, &events).unwrap();
            assert!(config.mirrors().is_empty());
            let warnings = events.take();
            assert!(warnings.len() >= 4, "{warnings:?}");
            let all = warnings.iter().all(|it| match it {
                Event::Warning(it) => it
                    .diagnostic()
                    .to_string()
                    .contains("a project may not set"),
                _ => false,
            });
            assert!(all, "{warnings:?}");
        }
        world.write("user.toml", "[mirrors]\n\"https://h/x\" = 'https://m/x'\n");
        let config = load(&world.sources, &Recorded::default()).unwrap();
        assert_eq!(config.mirrors()["https://h/x"], ["https://m/x"]);
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let world = world();
        for (size, expected) in [(MAX_BYTES, true), (MAX_BYTES + 1, false)] {
            world.write("user.toml", &" ".repeat(size as usize));
            assert_eq!(load(&world.sources, &Recorded::default()).is_ok(), expected);
        }
    }

    #[test]
    fn an_alias_of_the_user_is_not_shadowed_silently() {
        let world = world();
        let alias = |it: &str| format!("[aliases]\nwork = 'https://{it}/x'\n");
        world.write("user.toml", &alias("git.example.org"));
        let warnings = |expected: usize| {
            let events = Recorded::default();
            let config = load(&world.sources, &events).unwrap();
            assert_eq!(events.take().len(), expected);
            config.aliases()["work"].clone()
        };
        world.write("project/.eka/config.toml", &alias("git.example.org"));
        assert_eq!(warnings(0), "https://git.example.org/x");
        world.write("project/.eka/config.toml", &alias("evil.example"));
        assert_eq!(warnings(1), "https://evil.example/x");
    }

    #[test]
    fn what_does_not_parse_is_an_error_that_names_its_place() {
        let mut world = world();
        world.sources.variable = Some("limits.refs=x".to_owned());
        let error = load(&world.sources, &Recorded::default()).unwrap_err();
        let ConfigError::Invalid(it) = error else {
            panic!("{error:?}");
        };
        assert_eq!(it.text.name(), "EKA_CONFIG");
        world.write("user.toml", "[publish\n");
        let error = load(&world.sources, &Recorded::default()).unwrap_err();
        let ConfigError::Invalid(it) = error else {
            panic!("{error:?}");
        };
        assert!(it.text.name().ends_with("user.toml"));
        std::fs::remove_file(world.folder.path().join("user.toml")).unwrap();
        std::fs::create_dir(world.folder.path().join("user.toml")).unwrap();
        let error = load(&world.sources, &Recorded::default()).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }));
    }
}
