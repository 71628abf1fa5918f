//! Structured attributes: a derivation's `__json`, and the two files that the builder gets of it.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Number, Value};

use super::{Derivation, EnvironmentError, grisu};

/// The variable that holds them.
const VARIABLE: &[u8] = b"__json";

/// The attributes of a derivation that has them structured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attributes(Map<String, Value>);

impl Attributes {
    /// Reads those of a derivation, if it has them structured.
    pub(super) fn of(derivation: &Derivation) -> Result<Option<Self>, EnvironmentError> {
        let Some(text) = derivation.env.get(VARIABLE) else {
            return Ok(None);
        };
        match serde_json::from_slice(text) {
            Ok(attributes) => Ok(Some(Self(attributes))),
            Err(source) => Err(EnvironmentError::Attributes { source }),
        }
    }

    /// Returns a list of texts.
    pub(super) fn strings(&self, name: &str) -> Result<Vec<String>, EnvironmentError> {
        let Some(value) = self.0.get(name) else {
            return Ok(Vec::new());
        };
        let strings = value.as_array().and_then(|it| {
            let texts = it.iter().map(|it| Some(it.as_str()?.to_owned()));
            texts.collect()
        });
        strings.ok_or_else(|| EnvironmentError::NotStrings {
            attribute: name.to_owned(),
        })
    }

    /// Returns the lists of texts in an object; what is no object has none, and one text is a list.
    pub(super) fn lists(
        &self,
        name: &str,
    ) -> Result<BTreeMap<String, Vec<String>>, EnvironmentError> {
        let not_strings = || EnvironmentError::NotStrings {
            attribute: name.to_owned(),
        };
        let Some(Value::Object(lists)) = self.0.get(name) else {
            return Ok(BTreeMap::new());
        };
        let list = |(name, value): (&String, &Value)| {
            let values = match value {
                Value::Array(values) => values,
                value => std::slice::from_ref(value),
            };
            let texts = values.iter().map(|it| Some(it.as_str()?.to_owned()));
            let texts: Option<Vec<_>> = texts.collect();
            Ok((name.clone(), texts.ok_or_else(not_strings)?))
        };
        lists.iter().map(list).collect()
    }

    /// Puts a value under a name, in the stead of what was there.
    pub(super) fn set(&mut self, name: String, value: Value) {
        self.0.insert(name, value);
    }

    /// Says where the outputs go, in the stead of their names.
    pub(super) fn set_outputs(&mut self, paths: BTreeMap<String, String>) {
        let paths = paths
            .into_iter()
            .map(|(name, path)| (name, Value::String(path)));
        let paths = Value::Object(paths.collect());
        self.set("outputs".to_owned(), paths);
    }

    /// Prints `.attrs.json`: names ascend by their bytes, and nothing stands between tokens.
    pub(super) fn json(&self) -> Vec<u8> {
        let mut value = Value::Object(self.0.clone());
        value.sort_all_objects();
        let mut text = Vec::new();
        let printed = value.serialize(&mut Serializer::with_formatter(&mut text, AsNlohmann));
        printed.expect("a value of JSON prints into memory");
        text
    }

    /// Prints `.attrs.sh`: what a shell can hold, as declarations for Bash
    /// (`libstore/parsed-derivations.cc`, `writeStructuredAttrsShell`).
    pub(super) fn shell(&self) -> Vec<u8> {
        let mut text = String::new();
        for (name, value) in sorted(&self.0) {
            if !is_variable(name) {
                continue;
            }
            if let Some(value) = word(value) {
                text += &format!("declare {name}={value}\n");
                continue;
            }
            let (flag, words) = match value {
                Value::Array(all) => ('a', all.iter().map(|it| Some(word(it)? + " ")).collect()),
                Value::Object(all) => {
                    let pair = |(key, it)| Some(format!("[{}]={} ", quoted(key), word(it)?));
                    ('A', sorted(all).into_iter().map(pair).collect())
                }
                _ => ('a', None::<String>),
            };
            if let Some(words) = words {
                text += &format!("declare -{flag} {name}=({words})\n");
            }
        }
        text.into_bytes()
    }
}

/// The members of an object, by name.
fn sorted(object: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    object.iter().map(|(name, it)| (&**name, it)).collect()
}

fn is_variable(name: &str) -> bool {
    let is_head = |it: char| it.is_ascii_alphabetic() || it == '_';
    name.starts_with(is_head) && name.chars().all(|it| is_head(it) || it.is_ascii_digit())
}

/// What a shell can hold: a text, a whole number, a truth, or nothing.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quoted(text)),
        Value::Number(number) => whole(number),
        Value::Null => Some("''".to_owned()),
        Value::Bool(true) => Some("1".to_owned()),
        Value::Bool(false) => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A number that is whole in 32 bits of floating point, as the 32 bits of an integer: so Nix asks,
/// and so it cuts off.
fn whole(number: &Number) -> Option<String> {
    let low_bits = |bits: u64| (bits as i32).to_string();
    if let Some(it) = number.as_u64() {
        return Some(low_bits(it));
    }
    if let Some(it) = number.as_i64() {
        return Some(low_bits(it.cast_unsigned()));
    }
    let float = number.as_f64()?;
    let narrow = float as f32;
    let is_in_range = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&float.trunc());
    // Out of range, x86 gives the least number.
    let cut = if is_in_range { float as i32 } else { i32::MIN };
    (narrow.ceil() == narrow).then(|| cut.to_string())
}

/// Prints as Nix's JSON library does: numbers with a fraction differ.
struct AsNlohmann;

impl Formatter for AsNlohmann {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(float(value).as_bytes())
    }
}

/// The number by its digits: plain from 1e-4 to below 1e15, else with an exponent of two digits or
/// more (`nlohmann/detail/conversions/to_chars.hpp`, `format_buffer`).
fn float(value: f64) -> String {
    if value == 0.0 && value.is_sign_negative() {
        // Nix's evaluator writes `-0`, which its JSON library reads as a whole number.
        return "0".to_owned();
    }
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (digits, last) = grisu::digits(value.abs());
    let digits: String = digits.into_iter().map(char::from).collect();
    let places = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let point = last + places;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    let body = match usize::try_from(point) {
        Ok(point) if (1..=15).contains(&point) && digits.len() > point => {
            format!("{}.{}", &digits[..point], &digits[point..])
        }
        Ok(1..=15) => format!("{digits}{}.0", zeros(point - places)),
        _ if (-3..=0).contains(&point) => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{:+03}", point - 1)
        }
    };
    format!("{sign}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, expected: &str) {
        assert_eq!(float(value), expected);
    }

    #[test]
    fn numbers_print_as_in_attrs_json() {
        // What Nix 2.8 makes of them in `.attrs.json`.
        check(0.0, "0.0");
        check(-0.0, "0");
        check(1.5, "1.5");
        check(-0.001, "-0.001");
        check(0.0001, "0.0001");
        check(0.00001, "1e-05");
        check(1.25e-7, "1.25e-07");
        check(1e6, "1000000.0");
        check(123_456_789_012_345.0, "123456789012345.0");
        check(12_345_678_901_234.5, "12345678901234.5");
        check(1e14, "100000000000000.0");
        check(1e15, "1e+15");
        check(1_234_567_890_123_456.0, "1.234567890123456e+15");
        check(-1e21, "-1e+21");
        check(5e-324, "5e-324");
        check(4.74509e20, "4.7450899999999997e+20");
        check(f64::MAX, "1.7976931348623157e+308");
    }
}
