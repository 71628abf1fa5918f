//! Reading realisations, within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use miette::Diagnostic;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use thiserror::Error;

use super::{DrvOutput, Realisation};
use crate::derivation::OutputNameError;
use crate::hash::HashError;
use crate::key::{KeyError, Signature};
use crate::store_path::{StorePath, StorePathError};

/// Why bytes are no realisation, or a text no id of one.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum RealisationError {
    /// There are more bytes than any realisation needs.
    #[error("a realisation of {length} bytes")]
    #[diagnostic(
        code(eka::realisation::length),
        help("at most {} bytes are read", Realisation::MAX_BYTES)
    )]
    Length {
        /// How many there are.
        length: usize,
    },
    /// The bytes are no JSON, or a value is not of its key's kind.
    #[error("a realisation goes wrong at line {line}, column {column}")]
    #[diagnostic(
        code(eka::realisation::json),
        help(
            "it is a JSON object: `id` and `outPath` are texts, `signatures` is a list of texts, `dependentRealisations` an object of texts, each there once"
        )
    )]
    Json {
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1; 0 before the first.
        column: usize,
    },
    /// A key without which there is no realisation is missing.
    #[error("a realisation without `{key}`")]
    #[diagnostic(
        code(eka::realisation::missing),
        help("`id` and `outPath` must be there")
    )]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// An output is named a second time.
    #[error("a realisation depends on `{id}` twice")]
    #[diagnostic(
        code(eka::realisation::repeated),
        help("readers would differ over which of the two counts")
    )]
    Repeated {
        /// The output.
        id: String,
    },
    /// There are more signatures than are read.
    #[error("a realisation with more than {limit} signatures")]
    #[diagnostic(
        code(eka::realisation::too_many),
        help("nobody needs as many: this was written to cost its readers time")
    )]
    TooMany {
        /// The most that are read.
        limit: usize,
    },
    /// The id has no `!` between hash and output, or the hash in another form than base16.
    #[error("`{text}` is not the output of a derivation")]
    #[diagnostic(
        code(eka::realisation::id),
        help("it is `sha256:<64 hexadecimal digits in lower case>!<output>`")
    )]
    Id {
        /// What was given.
        text: String,
    },
    /// The hash of an id is no SHA-256.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Hash(#[from] HashError),
    /// The output of an id has no name that it can have.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Output(#[from] OutputNameError),
    /// A path is no base name of a store path.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Path(#[from] StorePathError),
    /// A signature is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Signature(#[from] KeyError),
}

impl Realisation {
    /// Reads the JSON of a realisation.
    ///
    /// Keys may come in any order; those that are unknown are passed over, and not printed again,
    /// as with Nix. What Nix takes and this does not: a key again, and signatures that are none.
    ///
    /// # Errors
    ///
    /// Each variant of [`RealisationError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RealisationError> {
        if bytes.len() > Self::MAX_BYTES {
            let length = bytes.len();
            return Err(RealisationError::Length { length });
        }
        let read: Read = serde_json::from_slice(bytes).map_err(|it| RealisationError::Json {
            line: it.line(),
            column: it.column(),
        })?;
        let missing = |key| RealisationError::Missing { key };
        Ok(Self {
            id: read.id.ok_or(missing("id"))?.parse()?,
            out_path: read.out_path.ok_or(missing("outPath"))?.parse()?,
            signatures: signatures(&read.signatures)?,
            dependent_realisations: dependent(&read.dependent_realisations)?,
        })
    }
}

fn signatures(texts: &[String]) -> Result<BTreeSet<Signature>, RealisationError> {
    let limit = Realisation::MAX_SIGNATURES;
    if texts.len() > limit {
        return Err(RealisationError::TooMany { limit });
    }
    texts.iter().map(|it| Ok(it.parse()?)).collect()
}

/// The length of the text bounds how many there can be.
fn dependent(entries: &Entries) -> Result<BTreeMap<DrvOutput, StorePath>, RealisationError> {
    let mut read = BTreeMap::new();
    for (id, path) in &entries.0 {
        if read.insert(id.parse()?, path.parse()?).is_some() {
            return Err(RealisationError::Repeated { id: id.clone() });
        }
    }
    Ok(read)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    id: Option<String>,
    out_path: Option<String>,
    #[serde(default)]
    signatures: Vec<String>,
    #[serde(default)]
    dependent_realisations: Entries,
}

/// An object of texts, of which no entry is lost where a key is there twice.
#[derive(Default)]
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const PATH: &str = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source";
    const SIGNATURE: &str = "k:kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==";

    fn parse(text: &str) -> Result<Realisation, RealisationError> {
        Realisation::parse(text.as_bytes())
    }

    /// An object with `more` behind `id` and `outPath`.
    fn with(more: &str) -> String {
        format!(r#"{{"id":"{HASH}!out","outPath":"{PATH}"{more}}}"#)
    }

    fn refused(text: &str, expected: impl Fn(&RealisationError) -> bool) {
        let error = parse(text).expect_err(text);
        assert!(expected(&error), "{text}: {error:?}");
    }

    #[test]
    fn what_is_left_out_is_empty_and_what_is_unknown_goes() {
        let expected = format!(
            r#"{{"dependentRealisations":{{}},"id":"{HASH}!out","outPath":"{PATH}","signatures":[]}}"#
        );
        for more in ["", r#","unknown":[{"a":null}]"#, r#","signatures":[]"#] {
            assert_eq!(parse(&with(more)).unwrap().print(), expected, "{more}");
        }
        let loose = format!(" {}\n", with(""));
        assert_eq!(parse(&loose).unwrap().print(), expected);
    }

    #[test]
    fn any_order_prints_in_one() {
        let more = format!(
            r#","signatures":["{SIGNATURE}","a{SIGNATURE}"],"dependentRealisations":{{"{HASH}!b":"{PATH}","{HASH}!a":"{PATH}"}}"#
        );
        let printed = parse(&with(&more)).unwrap().print();
        let expected = format!(
            r#"{{"dependentRealisations":{{"{HASH}!a":"{PATH}","{HASH}!b":"{PATH}"}},"id":"{HASH}!out","outPath":"{PATH}","signatures":["a{SIGNATURE}","{SIGNATURE}"]}}"#
        );
        assert_eq!(printed, expected);
    }

    #[test]
    fn what_is_no_realisation_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            &with(&format!(r#","id":"{HASH}!out""#)),
            &with(r#","signatures":"x""#),
            &with(r#","signatures":[1]"#),
            &with(r#","signatures":[],"signatures":[]"#),
            &with(r#","dependentRealisations":[]"#),
            &with(r#","dependentRealisations":{"a":1}"#),
            &format!("{}x", with("")),
            &with(&format!(r#","x":{}"#, "[".repeat(200_000))),
        ] {
            refused(text, |it| matches!(it, RealisationError::Json { .. }));
        }
        for (key, other) in [("id", "di"), ("outPath", "path")] {
            let text = with("").replace(&format!(r#""{key}""#), &format!(r#""{other}""#));
            refused(&text, |it| *it == RealisationError::Missing { key });
        }
        let id = |from: &str, to: &str| with("").replace(from, to);
        refused(&id("!", ""), |it| matches!(it, RealisationError::Id { .. }));
        let sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        for other in [sri, &HASH.replace('e', "E")] {
            refused(&id(HASH, other), |it| {
                matches!(it, RealisationError::Id { .. })
            });
        }
        refused(&id("sha256", "sha1"), |it| {
            matches!(it, RealisationError::Hash(_))
        });
        refused(&id("!out", "!o/ut"), |it| {
            matches!(it, RealisationError::Output(_))
        });
        refused(&id("!out", "!!out"), |it| {
            matches!(it, RealisationError::Output(_))
        });
        refused(&id(PATH, "/nix/store/x"), |it| {
            matches!(it, RealisationError::Path(_))
        });
        refused(&with(r#","signatures":["a:b"]"#), |it| {
            matches!(it, RealisationError::Signature(_))
        });
    }

    #[test]
    fn no_output_is_named_twice() {
        let more =
            format!(r#","dependentRealisations":{{"{HASH}!a":"{PATH}","{HASH}!a":"{PATH}"}}"#);
        let id = format!("{HASH}!a");
        refused(&with(&more), |it| {
            *it == RealisationError::Repeated { id: id.clone() }
        });
    }

    #[test]
    fn what_there_may_be_of_each_has_a_bound() {
        let many =
            |n: usize, each: fn(usize) -> String| (0..n).map(each).collect::<Vec<_>>().join(",");
        let signatures = |n| {
            with(&format!(
                r#","signatures":[{}]"#,
                many(n, |it| format!(r#""{it}{SIGNATURE}""#))
            ))
        };
        let limit = Realisation::MAX_SIGNATURES;
        assert!(parse(&signatures(limit)).is_ok());
        refused(&signatures(limit + 1), |it| {
            *it == RealisationError::TooMany { limit }
        });
        let length = Realisation::MAX_BYTES + 1;
        let long = " ".repeat(length);
        assert_eq!(parse(&long), Err(RealisationError::Length { length }));
        refused(&long[1..], |it| matches!(it, RealisationError::Json { .. }));
    }
}
