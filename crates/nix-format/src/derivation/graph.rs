//! The graphs of references that a derivation asks for, and the texts in which its builder gets them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::attributes::Attributes;
use super::{Derivation, EnvironmentError};
use crate::content_address::ContentAddress;
use crate::hash::{Hash, Sha256};
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

/// The attribute, or variable, that asks for graphs.
const NAME: &str = "exportReferencesGraph";

/// A closure: paths, and what the store knows of each.
pub type Graph = BTreeMap<StorePath, GraphEntry>;

/// What a store knows of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphEntry {
    /// The SHA-256 of its NAR.
    pub nar_hash: Sha256,
    /// The size of its NAR, in bytes.
    pub nar_size: u64,
    /// The sizes of the NARs of all paths of its closure together, in bytes.
    pub closure_size: u64,
    /// The paths that it refers to.
    pub references: BTreeSet<StorePath>,
    /// What its content is named by, if it is.
    pub content_address: Option<ContentAddress>,
}

impl Derivation {
    /// Returns the graphs of references that the builder is to be given: of each, by its name, the
    /// paths whose closure it is of (`libstore/build/local-derivation-goal.cc`).
    ///
    /// The outputs of a `.drv` in such a closure, and what they refer to, belong to it as well.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] where attributes cannot be read, a name cannot be that of a file, or a
    /// path is none of the store.
    pub fn graphs(
        &self,
        store_dir: &StoreDir,
    ) -> Result<BTreeMap<String, BTreeSet<StorePath>>, EnvironmentError> {
        let asked = match Attributes::of(self)? {
            Some(attributes) => attributes.lists(NAME)?,
            None => self.plain_graphs()?,
        };
        let path = |text: String| match store_dir.parse_within(&text) {
            Ok((path, _)) => Ok(path),
            Err(source) => Err(EnvironmentError::Graph { text, source }),
        };
        let graph = |(name, paths): (String, Vec<String>)| {
            Ok((name, paths.into_iter().map(path).collect::<Result<_, _>>()?))
        };
        asked.into_iter().map(graph).collect()
    }

    /// Names and paths in turn.
    fn plain_graphs(&self) -> Result<BTreeMap<String, Vec<String>>, EnvironmentError> {
        let words = self.words(NAME.as_bytes());
        let words: Vec<_> = words.map(String::from_utf8_lossy).collect();
        let (pairs, rest) = words.as_chunks();
        let odd = rest.first();
        let unsafe_name = pairs
            .iter()
            .map(|[name, _]| name)
            .find(|it| !is_file_name(it));
        if let Some(word) = unsafe_name.or(odd) {
            return Err(EnvironmentError::GraphName {
                name: word.clone().into_owned(),
            });
        }
        let pair = |[name, path]: &[std::borrow::Cow<'_, str>; 2]| {
            (name.to_string(), vec![path.to_string()])
        };
        Ok(pairs.iter().map(pair).collect())
    }
}

/// Whether a file beside the builder may be called this: `[A-Za-z_][A-Za-z0-9_.-]*`.
fn is_file_name(text: &str) -> bool {
    let is_head = |it: char| it.is_ascii_alphabetic() || it == '_';
    text.starts_with(is_head)
        && text
            .chars()
            .all(|it| is_head(it) || it.is_ascii_digit() || matches!(it, '.' | '-'))
}

/// Prints a graph as a file: of each path itself, the deriver, which is left out, and the
/// references, a line each (`libstore/store-api.cc`, `makeValidityRegistration`).
pub(super) fn text(graph: &Graph, store_dir: &StoreDir) -> String {
    let mut text = String::new();
    for (path, entry) in graph {
        let n_references = entry.references.len();
        text += &format!("{}\n\n{n_references}\n", store_dir.print(path));
        for path in &entry.references {
            text += &store_dir.print(path);
            text.push('\n');
        }
    }
    text
}

/// A graph as it stands among structured attributes (`libstore/store-api.cc`, `pathInfoToJSON`).
pub(super) fn value(graph: &Graph, store_dir: &StoreDir) -> Value {
    let entry = |(path, entry): (&StorePath, &GraphEntry)| {
        let references = entry.references.iter();
        let references: Vec<_> = references.map(|it| store_dir.print(it)).collect();
        let mut value = json!({
            "path": store_dir.print(path),
            "narHash": Hash::from(entry.nar_hash).to_string(),
            "narSize": entry.nar_size,
            "references": references,
            "closureSize": entry.closure_size,
        });
        if let Some(address) = &entry.content_address {
            value["ca"] = address.to_string().into();
        }
        value
    };
    graph.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic as _;

    use super::*;
    use crate::derivation::{Output, OutputName, Setting};

    const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a";

    /// Checks the names of the graphs that this variable asks for, or the code of the refusal.
    fn check(variable: &str, value: &str, expected: Result<&[&str], &str>) {
        let store_dir = StoreDir::default();
        let path = store_dir.parse(A).unwrap();
        let outputs = BTreeMap::from([(OutputName::out(), path)]);
        let derivation = Derivation {
            outputs: BTreeMap::from([(OutputName::out(), Output::Deferred)]),
            input_drvs: BTreeMap::new(),
            input_srcs: BTreeSet::new(),
            system: Vec::new(),
            builder: Vec::new(),
            args: Vec::new(),
            env: BTreeMap::from([(variable.into(), value.into())]),
        };
        let graphs = derivation.graphs(&store_dir);
        let code = |it: EnvironmentError| it.code().unwrap().to_string();
        let names = graphs.map(|it| it.into_keys().collect::<Vec<_>>());
        let names = names.map_err(code);
        let expected = expected.map(|it| it.iter().map(ToString::to_string).collect());
        assert_eq!(names, expected.map_err(str::to_owned), "{value}");
        let none = derivation.environment(&Setting {
            store_dir: &store_dir,
            build_dir: "/build",
            n_cores: 1,
            outputs: &outputs,
            graphs: &BTreeMap::new(),
            impure: &BTreeMap::new(),
        });
        match names {
            Ok(names) if names.is_empty() => assert!(none.is_ok()),
            Ok(_) => assert_eq!(code(none.unwrap_err()), "eka::drv::no_graph"),
            Err(expected) => assert_eq!(code(none.unwrap_err()), expected),
        }
    }

    #[test]
    fn graphs_are_asked_for_by_names_of_files_and_store_paths() {
        let plain = |value: &str, expected| check(NAME, value, expected);
        plain("", Ok(&[]));
        plain(&format!("a {A}\n_b.c-1\t{A}/bin "), Ok(&["_b.c-1", "a"]));
        for name in ["..", ".a", "1", "-", "a/b", "/a", "é"] {
            plain(&format!("{name} {A}"), Err("eka::drv::graph_name"));
        }
        plain(&format!("a {A} b"), Err("eka::drv::graph_name"));
        plain("a /etc", Err("eka::drv::graph"));
    }

    #[test]
    fn structured_attributes_ask_for_graphs_by_lists() {
        let structured = |graphs: &str, expected| {
            check("__json", &format!("{{\"{NAME}\":{graphs}}}"), expected);
        };
        structured("{}", Ok(&[]));
        structured("[1]", Ok(&[]));
        let both = format!(r#"{{"a b":["{A}","{A}"],"one":"{A}","none":[]}}"#);
        structured(&both, Ok(&["a b", "none", "one"]));
        structured(r#"{"a":[1]}"#, Err("eka::drv::not_strings"));
        structured(r#"{"a":{}}"#, Err("eka::drv::not_strings"));
        structured(r#"{"a":["/etc"]}"#, Err("eka::drv::graph"));
    }
}
