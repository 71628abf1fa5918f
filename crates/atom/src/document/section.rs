//! Walks a table by hand: each look-up says what it takes, and reports what it finds instead.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Fault, Faults, Keys, TomlFault, span};
use crate::near::nearest;

/// A table, and how people call it.
#[derive(Debug, Clone)]
pub(crate) struct Section<'t, 'i> {
    pub(crate) table: &'t DeTable<'i>,
    /// The keys to it, from the top; empty for the top itself.
    path: String,
    /// Whether it is one of several.
    of_array: bool,
    /// Its header, or its text.
    pub(crate) span: Range<usize>,
}

/// A string and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    pub(crate) value: &'t str,
    /// The keys to it, from the top.
    pub(crate) path: String,
    pub(crate) span: Range<usize>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl<'t, 'i> Section<'t, 'i> {
    /// The whole document.
    pub(crate) const fn top(table: &'t DeTable<'i>) -> Self {
        Self {
            table,
            path: String::new(),
            of_array: false,
            span: 0..0,
        }
    }

    /// The table, as people call it.
    pub(crate) fn name(&self) -> String {
        match self.path.as_str() {
            "" => "the file".to_owned(),
            path if self.of_array => format!("`[[{path}]]`"),
            path => format!("`[{path}]`"),
        }
    }

    /// The path of one of its keys.
    pub(crate) fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'t Value<'i>> {
        self.table.get(key)
    }

    /// A table that may be there, where another look-up has reported what it is instead.
    pub(crate) fn peek(&self, key: &str) -> Option<Self> {
        let value = self.get(key)?;
        let (path, span) = (self.path_of(key), value.span());
        let table = value.get_ref().as_table()?;
        Some(Self {
            table,
            path,
            of_array: false,
            span,
        })
    }

    /// Where a key stands; the whole table where it does not.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        let entry = self.table.get_key_value(key);
        entry.map_or_else(|| self.span.clone(), |(it, _)| it.span())
    }

    /// Each key with its place and value, in the order of the keys.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (Text<'t>, &'t Value<'i>)> + use<'_, 't, 'i> {
        self.table.iter().map(|(key, value)| {
            let key = Text {
                value: key.get_ref().as_ref(),
                path: self.path_of(key.get_ref()),
                span: key.span(),
            };
            (key, value)
        })
    }

    /// Reports the keys beyond `known`, where such are faults.
    pub(crate) fn only<F: Fault>(&self, known: &'static [&'static str], faults: &mut Faults<F>) {
        if faults.keys == Keys::Any {
            return;
        }
        for (key, _) in self.entries() {
            if !known.contains(&key.value) && !faults.is_full() {
                let fault = TomlFault::UnknownKey {
                    key: key.value.to_owned(),
                    table: self.name(),
                    nearest: nearest(key.value, known.iter().copied()).map(str::to_owned),
                    known,
                    span: span(&key.span),
                };
                faults.push(&key.span, fault);
            }
        }
    }

    /// Reports that a key is missing; `help` says what to do.
    pub(crate) fn missing<F: Fault>(
        &self,
        key: &'static str,
        help: &'static str,
        faults: &mut Faults<F>,
    ) {
        let fault = TomlFault::Missing {
            key,
            table: self.name(),
            help,
            span: span(&self.span),
        };
        faults.push(&self.span, fault);
    }

    /// A string that must be there.
    pub(crate) fn required<F: Fault>(
        &self,
        key: &'static str,
        help: &'static str,
        faults: &mut Faults<F>,
    ) -> Option<Text<'t>> {
        if !self.has(key) {
            self.missing(key, help, faults);
        }
        self.text(key, faults)
    }

    /// A string that may be there.
    pub(crate) fn text<F: Fault>(&self, key: &str, faults: &mut Faults<F>) -> Option<Text<'t>> {
        as_text(self.get(key)?, self.path_of(key), faults)
    }

    /// A boolean that may be there.
    pub(crate) fn bool<F: Fault>(&self, key: &str, faults: &mut Faults<F>) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            let fault = wrong_type(value, self.path_of(key), "`true` or `false`");
            faults.push(&value.span(), fault);
        }
        found
    }

    /// A table that may be there.
    pub(crate) fn section<F: Fault>(&self, key: &str, faults: &mut Faults<F>) -> Option<Self> {
        as_section(self.get(key)?, self.path_of(key), faults)
    }

    /// An array of strings that may be there.
    pub(crate) fn texts<F: Fault>(&self, key: &str, faults: &mut Faults<F>) -> Vec<Text<'t>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::Array(it) => it
                .iter()
                .filter_map(|it| as_text(it, path.clone(), faults))
                .collect(),
            _ => {
                let fault = wrong_type(value, path, "an array of strings");
                faults.push(&value.span(), fault);
                Vec::new()
            }
        }
    }

    /// A string, or an array of strings, that may be there.
    pub(crate) fn text_or_texts<F: Fault>(
        &self,
        key: &str,
        faults: &mut Faults<F>,
    ) -> Vec<Text<'t>> {
        match self.get(key).map(Spanned::get_ref) {
            Some(DeValue::String(_)) => self.text(key, faults).into_iter().collect(),
            _ => self.texts(key, faults),
        }
    }

    /// The tables of a `[[key]]`.
    pub(crate) fn sections<F: Fault>(&self, key: &str, faults: &mut Faults<F>) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        match value.get_ref() {
            DeValue::Array(it) => it
                .iter()
                .filter_map(|it| as_section(it, path.clone(), faults))
                .map(|it| Self {
                    of_array: true,
                    ..it
                })
                .collect(),
            _ => {
                let fault = wrong_type(value, path, "an array of tables");
                faults.push(&value.span(), fault);
                Vec::new()
            }
        }
    }
}

impl Text<'_> {
    /// Reads the string as something narrower; `fault` says why it is not.
    pub(crate) fn parse<T: FromStr, F: Fault>(
        &self,
        faults: &mut Faults<F>,
        fault: impl FnOnce(T::Err, &Self) -> F,
    ) -> Option<T> {
        match self.value.parse() {
            Ok(it) => Some(it),
            Err(error) => {
                faults.push(&self.span, fault(error, self));
                None
            }
        }
    }
}

/// A value as a string.
pub(crate) fn as_text<'t, F: Fault>(
    value: &'t Value<'_>,
    path: String,
    faults: &mut Faults<F>,
) -> Option<Text<'t>> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(it) => Some(Text {
            value: it.as_ref(),
            path,
            span,
        }),
        _ => {
            faults.push(&span, wrong_type(value, path, "a string"));
            None
        }
    }
}

/// A value as a table.
pub(crate) fn as_section<'t, 'i, F: Fault>(
    value: &'t Value<'i>,
    path: String,
    faults: &mut Faults<F>,
) -> Option<Section<'t, 'i>> {
    let span = value.span();
    match value.get_ref() {
        DeValue::Table(table) => Some(Section {
            table,
            path,
            of_array: false,
            span,
        }),
        _ => {
            faults.push(&span, wrong_type(value, path, "a table"));
            None
        }
    }
}

/// The fault of a value that is of another type than its key takes.
pub(crate) fn wrong_type(value: &Value<'_>, key: String, expected: &'static str) -> TomlFault {
    TomlFault::WrongType {
        key,
        expected,
        found: kind_of(value.get_ref()),
        span: span(&value.span()),
    }
}

/// A type, as people call it.
pub(crate) const fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
