//! TOML data that a manifest hands on as it is: an evaluator's `config`, a pin's `args`.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::{DeTable, DeValue};

use crate::document::print;

/// A TOML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string.
    String(String),
    /// A 64-bit integer.
    Integer(i64),
    /// A float, as the text has it, without underscores.
    Float(String),
    /// A boolean.
    Boolean(bool),
    /// A date or a time or both, as RFC 3339 prints it.
    Datetime(String),
    /// An array.
    Array(Vec<Self>),
    /// A table.
    Table(BTreeMap<String, Self>),
}

impl Value {
    /// Takes a table whose numbers were checked.
    pub(super) fn table(table: &DeTable<'_>) -> BTreeMap<String, Self> {
        let entries = table.iter();
        entries
            .map(|(key, value)| (key.get_ref().to_string(), Self::of(value.get_ref())))
            .collect()
    }

    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(it) => Self::String(it.to_string()),
            // Out of range is a fault of its own, which the document has reported.
            DeValue::Integer(it) => {
                Self::Integer(i64::from_str_radix(it.as_str(), it.radix()).unwrap_or_default())
            }
            DeValue::Float(it) => Self::Float(it.as_str().to_owned()),
            DeValue::Boolean(it) => Self::Boolean(*it),
            DeValue::Datetime(it) => Self::Datetime(it.to_string()),
            DeValue::Array(it) => Self::Array(it.iter().map(|it| Self::of(it.get_ref())).collect()),
            DeValue::Table(it) => Self::Table(Self::table(it)),
        }
    }
}

impl fmt::Display for Value {
    /// Prints it on one line, as TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(it) => print::basic_string(it, f),
            Self::Integer(it) => write!(f, "{it}"),
            Self::Float(it) | Self::Datetime(it) => f.write_str(it),
            Self::Boolean(it) => write!(f, "{it}"),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Table(entries) => {
                let entry =
                    |(key, value): (&String, &Self)| format!("{} = {value}", print::key(key));
                let entries: Vec<String> = entries.iter().map(entry).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
        }
    }
}
