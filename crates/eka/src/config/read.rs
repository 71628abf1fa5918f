//! One text of settings, read: a file, or `KEY=VALUE`.

use std::ops::Range;

use atom::{Id, Name, document};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, PATCH, Shape, Who, find_key, is_personal, nearest_key};
use super::{ConfigFault, ConfigWarning, Path, Value};

const AFTER_MERGE: &str = "choose one side, or join the two, and remove the marked lines";

/// Who wrote a text: decides what it may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// The person at work, or who runs the machine.
    Person,
    /// Whoever wrote the repository.
    Project,
    /// Whoever works in it, by a file that may have come with it all the same.
    Local,
}

impl Writer {
    /// Whether the text may have come with somebody's repository.
    const fn is_stranger(self) -> bool {
        matches!(self, Self::Project | Self::Local)
    }
}

/// What a text came to.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What it sets.
    pub(super) settings: Vec<(Path, Value)>,
    /// What is wrong with it.
    pub(super) faults: Vec<ConfigFault>,
    /// What is passed over.
    pub(super) warnings: Vec<ConfigWarning>,
}

/// Reads a file.
pub(super) fn file(text: &str, writer: Writer) -> Reading {
    let mut reading = Reading::default();
    let (table, faults) = document::read(text, AFTER_MERGE);
    reading
        .faults
        .extend(faults.into_iter().map(ConfigFault::from));
    if !reading.faults.is_empty() {
        return reading;
    }
    for (section, value) in table.get_ref() {
        let name = section.get_ref().as_ref();
        let Some(keys) = value.get_ref().as_table() else {
            let span = section.span().into();
            if is_section(name) {
                let key = name.to_owned();
                reading.faults.push(ConfigFault::NotATable { key, span });
            } else {
                reading.pass_over(&Path::new(name, ""), section.span(), writer);
            }
            continue;
        };
        if name == PATCH {
            reading.patches(section.span(), keys, writer);
            continue;
        }
        for (key, value) in keys {
            let path = Path::new(name, key.get_ref());
            match find_key(&path) {
                Some(it) if !(writer.is_stranger() && is_personal(name)) => {
                    reading.take(it, path, value);
                }
                _ => reading.pass_over(&path, key.span(), writer),
            }
        }
    }
    reading
}

/// Reads one `KEY=VALUE`, where VALUE is TOML, or a text without quotes.
pub(super) fn setting(text: &str) -> Reading {
    let mut reading = Reading::default();
    let whole = 0..text.len();
    let Some((key, value)) = split(text) else {
        let span = whole.into();
        reading.faults.push(ConfigFault::Setting { span });
        return reading;
    };
    let Some(path) = parse_key(key) else {
        let span = (0..key.len()).into();
        reading.faults.push(ConfigFault::Setting { span });
        return reading;
    };
    let Some(found) = find_key(&path) else {
        reading.faults.push(ConfigFault::UnknownKey {
            key: path.to_string(),
            help: help_for(&path),
            span: (0..key.len()).into(),
        });
        return reading;
    };
    if found.who == Who::Local {
        let span = (0..key.len()).into();
        reading.faults.push(ConfigFault::PatchElsewhere { span });
        return reading;
    }
    let at = key.len() + 1;
    match (parse_value(value, found.shape), found.shape) {
        (Some(value), _) => reading.settings.push((path, value)),
        (None, Shape::Text) => reading
            .settings
            .push((path, Value::Text(value.trim().to_owned()))),
        (None, Shape::Texts) if !value.trim_start().starts_with('[') => reading
            .settings
            .push((path, Value::Texts(vec![value.trim().to_owned()]))),
        (None, shape) => reading.faults.push(ConfigFault::Type {
            key: path.to_string(),
            expected: shape.expected(),
            span: (at..text.len()).into(),
        }),
    }
    reading
}

/// Reads a value as TOML, where it is of the shape.
fn parse_value(text: &str, shape: Shape) -> Option<Value> {
    let line = format!("value = {text}");
    let (table, faults) = document::read(&line, AFTER_MERGE);
    let mut pairs = table.get_ref().values();
    let value = pairs.next().filter(|_| faults.is_empty())?;
    convert(value.get_ref(), shape).filter(|_| pairs.next().is_none())
}

/// Reads a dotted key of two parts, such as `publish.remotes` or `mirrors."https://…"`; of three
/// under `patch`.
#[must_use]
pub fn parse_key(text: &str) -> Option<Path> {
    let line = format!("{text} = 0");
    let (table, faults) = document::read(&line, AFTER_MERGE);
    let mut sections = table.get_ref().iter();
    let (section, rest) = sections.next()?;
    let mut section = section.get_ref().to_string();
    let mut keys = rest.get_ref().as_table()?;
    if section == PATCH
        && let Some((set, rest)) = keys.iter().next()
        && let (Some(below), 1) = (rest.get_ref().as_table(), keys.len())
    {
        section = format!("{PATCH}.{}", set.get_ref());
        keys = below;
    }
    let (key, value) = keys.iter().next()?;
    let plain = faults.is_empty() && value.get_ref().is_integer();
    (plain && sections.next().is_none() && keys.len() == 1)
        .then(|| Path::new(&section, key.get_ref()))
}

/// What to do about a key that does not exist.
pub(super) fn help_for(path: &Path) -> String {
    match nearest_key(path) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`eka config` shows every key that has a value".to_owned(),
    }
}

impl Reading {
    fn take(&mut self, key: &Key, path: Path, value: &Spanned<DeValue<'_>>) {
        match convert(value.get_ref(), key.shape) {
            Some(value) => self.settings.push((path, value)),
            None => self.faults.push(ConfigFault::Type {
                key: path.to_string(),
                expected: key.shape.expected(),
                span: value.span().into(),
            }),
        }
    }

    /// Takes `[patch.<set>]`, each of whose keys is an id.
    fn patches(&mut self, at: Range<usize>, sets: &DeTable<'_>, writer: Writer) {
        if writer != Writer::Local {
            let span = at.into();
            self.faults.push(ConfigFault::PatchElsewhere { span });
            return;
        }
        for (set, value) in sets {
            let section = format!("{PATCH}.{}", set.get_ref());
            let Some(keys) = value.get_ref().as_table() else {
                let (key, span) = (section, set.span().into());
                self.faults.push(ConfigFault::NotATable { key, span });
                continue;
            };
            if let Err(error) = set.get_ref().parse::<Name>() {
                let (reason, span) = (error.to_string(), set.span().into());
                self.faults.push(ConfigFault::PatchName { reason, span });
            }
            for (id, value) in keys {
                let path = Path::new(&section, id.get_ref());
                if let Err(error) = id.get_ref().parse::<Id>() {
                    let (reason, span) = (error.to_string(), id.span().into());
                    self.faults.push(ConfigFault::PatchName { reason, span });
                } else if let Some(key) = find_key(&path) {
                    self.take(key, path, value);
                }
            }
        }
    }

    fn pass_over(&mut self, path: &Path, span: Range<usize>, writer: Writer) {
        let span = span.into();
        let help = help_for(path);
        let key = match path.name.as_str() {
            "" => path.section.clone(),
            _ => path.to_string(),
        };
        let personal = writer.is_stranger() && is_personal(&path.section);
        self.warnings.push(if personal {
            ConfigWarning::NotForProjects { key, span }
        } else {
            ConfigWarning::UnknownKey { key, help, span }
        });
    }
}

/// The value, where it is of the shape.
fn convert(value: &DeValue<'_>, shape: Shape) -> Option<Value> {
    match (shape, value) {
        (Shape::Text, DeValue::String(text)) => Some(Value::Text(text.to_string())),
        (Shape::Texts, DeValue::String(text)) => Some(Value::Texts(vec![text.to_string()])),
        (Shape::Texts, DeValue::Array(items)) => items
            .iter()
            .map(|it| it.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Value::Texts),
        (Shape::Count, DeValue::Integer(number)) => {
            u64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(Value::Count)
        }
        _ => None,
    }
}

fn is_section(name: &str) -> bool {
    super::KEYS.iter().any(|it| it.section == name)
}

/// Splits at the first `=` outside of quotes.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, it) in text.char_indices() {
        match (quote, it) {
            (None, '=') => return Some((&text[..at], &text[at + 1..])),
            (None, '"' | '\'') => quote = Some(it),
            (Some(open), it) if open == it => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let reading = setting(text);
        let shown = match (&reading.settings[..], &reading.faults[..]) {
            ([(path, value)], []) => format!("{path} = {value}"),
            ([], [fault]) => fault.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn settings_of_the_command_line() {
        check("publish.remotes=origin", r#"publish.remotes = ["origin"]"#);
        check(
            r#"publish.remotes=["a", "b"]"#,
            r#"publish.remotes = ["a", "b"]"#,
        );
        check(
            "aliases.work=https://h/x?a=b",
            r#"aliases.work = "https://h/x?a=b""#,
        );
        check("aliases.n=5", r#"aliases.n = "5""#);
        check(
            r#"mirrors."https://h/a=b"=https://m/b"#,
            r#"mirrors."https://h/a=b" = ["https://m/b"]"#,
        );
        check("limits.refs=12", "limits.refs = 12");
        check("limits.refs=-1", "`limits.refs` is not a whole number");
        check("limits.refs=many", "`limits.refs` is not a whole number");
        check(
            "publish.remotes=[1]",
            "`publish.remotes` is not a list of texts",
        );
        check("publish.remote=x", "there is no key `publish.remote`");
        check("publish", "a setting has the form `KEY=VALUE`");
        check("publish=1", "a setting has the form `KEY=VALUE`");
        check("a.b.c=1", "a setting has the form `KEY=VALUE`");
    }

    #[test]
    fn a_project_may_not_set_what_is_personal() {
        let text = "[trust]\nx = 1\n[limits]\nrefs = 9\n[aliases]\na = 'https://h/x'\n";
        let reading = file(text, Writer::Project);
        let keys: Vec<_> = reading.settings.iter().map(|it| it.0.to_string()).collect();
        assert_eq!(keys, ["aliases.a"]);
        let mut warnings: Vec<_> = reading.warnings.iter().map(ToString::to_string).collect();
        warnings.sort();
        assert_eq!(
            warnings,
            [
                "a project may not set `limits.refs`; it is ignored",
                "a project may not set `trust.x`; it is ignored",
            ]
        );
        assert_eq!(file(text, Writer::Person).settings.len(), 2);
    }

    #[test]
    fn all_faults_come_at_once() {
        let text = "publish = 1\n[limits]\nrefs = 'x'\npack-bytes = true\n[colour]\nx = 1\n";
        let reading = file(text, Writer::Person);
        assert_eq!(reading.faults.len(), 3);
        assert_eq!(reading.warnings.len(), 1);
        assert_eq!(file("a = \n", Writer::Person).faults.len(), 1);
    }
}
