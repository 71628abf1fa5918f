//! What a builder sees: its arguments, its variables, and the files that wait for it.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use thiserror::Error;

use super::attributes::Attributes;
use super::graph::{self, Graph};
use super::rewrite::Rewrites;
use super::{Derivation, Kind, KindError, OutputName};
use crate::base32;
use crate::hash::Sha256;
use crate::store_dir::{StoreDir, StoreDirError};
use crate::store_path::StorePath;

/// Where a derivation is built.
#[derive(Debug, Clone)]
pub struct Setting<'s> {
    /// The store, as the builder sees it.
    pub store_dir: &'s StoreDir,
    /// The folder to build in, as the builder sees it: an absolute path such as `/build`.
    pub build_dir: &'s str,
    /// How many processors the builder may use; 0 for all that there are.
    pub n_cores: u32,
    /// Where each output is to be put: its path, or [`OutputName::scratch_path`].
    pub outputs: &'s BTreeMap<OutputName, StorePath>,
    /// What [`Derivation::graphs`] asks for.
    pub graphs: &'s BTreeMap<String, Graph>,
    /// What [`Derivation::impure_variables`] asks for; what is missing here is empty.
    pub impure: &'s BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What a builder sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its arguments, the program's own name first.
    pub args: Vec<Vec<u8>>,
    /// All of its variables.
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Files in the folder to build in, by their names, which are safe.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Why there is nothing that a builder could see.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// The structured attributes are no object of JSON, or nested beyond 127 levels.
    #[error("the structured attributes cannot be read")]
    #[diagnostic(code(eka::drv::attributes))]
    Attributes {
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An attribute is something else than texts.
    #[error("the attribute `{attribute}` is not a list of texts")]
    #[diagnostic(code(eka::drv::not_strings))]
    NotStrings {
        /// Which.
        attribute: String,
    },
    /// The outputs do not belong together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kind(#[from] KindError),
    /// A word of `exportReferencesGraph` is no name for a file, or has no path after it.
    #[error("`{name}` is not a name and a path of a graph of references")]
    #[diagnostic(
        code(eka::drv::graph_name),
        help(
            "`exportReferencesGraph` lists names of letters, digits and `_.-`, and store paths, in turn"
        )
    )]
    GraphName {
        /// Which.
        name: String,
    },
    /// The references of something else than a store path are asked for.
    #[error("no store path: `{text}`")]
    #[diagnostic(code(eka::drv::graph))]
    Graph {
        /// What.
        text: String,
        /// What is wrong.
        #[source]
        source: StoreDirError,
    },
    /// A graph that is asked for is not given.
    #[error("the graph of references `{name}` is missing")]
    #[diagnostic(code(eka::drv::no_graph))]
    NoGraph {
        /// Which.
        name: String,
    },
    /// It is not said where an output goes.
    #[error("the output `{output}` has no path")]
    #[diagnostic(code(eka::drv::no_path))]
    NoPath {
        /// Which.
        output: OutputName,
    },
}

impl Derivation {
    /// Returns what the builder sees (`libstore/build/local-derivation-goal.cc`, `initEnv`,
    /// `initTmpDir`, `writeStructuredAttrs`).
    ///
    /// The derivation has what was built in place of what it asked for ([`Derivation::resolve`]).
    /// # Errors
    ///
    /// [`EnvironmentError`] where attributes cannot be read, or an output has no path.
    pub fn environment(&self, setting: &Setting<'_>) -> Result<Environment, EnvironmentError> {
        let kind = self.kind()?;
        let mut attributes = Attributes::of(self)?;
        let rewrites = self.rewrites(setting)?;
        let mut out = Environment {
            args: self.args(&rewrites),
            variables: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        out.set("PATH", "/path-not-set");
        out.set("HOME", "/homeless-shelter");
        out.set("NIX_STORE", setting.store_dir.as_str());
        out.set("NIX_BUILD_CORES", setting.n_cores.to_string());
        if attributes.is_none() {
            self.add_variables(&mut out, setting.build_dir);
        }
        for name in ["NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD"] {
            out.set(name, setting.build_dir);
        }
        if kind == Kind::Fixed {
            out.set("NIX_OUTPUT_CHECKED", "1");
        }
        for name in self.impure_variables()? {
            let value = setting.impure.get(&name).cloned();
            out.set(name, value.unwrap_or_default());
        }
        out.set("NIX_LOG_FD", "2");
        out.set("TERM", "xterm-256color");
        self.add_graphs(&mut out, attributes.as_mut(), setting)?;
        if let Some(attributes) = attributes {
            self.add_attributes(&mut out, attributes, setting)?;
        }
        Ok(out.rewritten(&rewrites))
    }

    /// Returns the names of the variables that are the user's own to give: what `impureEnvVars`
    /// lists, where what is built is not held to its inputs.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] where attributes cannot be read.
    pub fn impure_variables(&self) -> Result<Vec<Vec<u8>>, EnvironmentError> {
        if !matches!(self.kind()?, Kind::Fixed | Kind::Impure) {
            return Ok(Vec::new());
        }
        if let Some(attributes) = Attributes::of(self)? {
            let names = attributes.strings("impureEnvVars")?.into_iter();
            return Ok(names.map(String::into_bytes).collect());
        }
        let names = self.words(b"impureEnvVars").map(<[u8]>::to_vec);
        Ok(names.collect())
    }

    /// The words of a variable.
    pub(super) fn words(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        let value = self.env.get(name).map_or(&b""[..], Vec::as_slice);
        let words = value.split(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r'));
        words.filter(|it| !it.is_empty())
    }

    /// What stands for the paths of outputs.
    fn rewrites(&self, setting: &Setting<'_>) -> Result<Rewrites, EnvironmentError> {
        let mut rewrites = Rewrites::default();
        for (name, path) in self.output_paths(setting)? {
            rewrites.add(name.placeholder(), path);
        }
        Ok(rewrites)
    }

    fn output_paths<'d>(
        &'d self,
        setting: &Setting<'_>,
    ) -> Result<Vec<(&'d OutputName, String)>, EnvironmentError> {
        let path = |name: &'d OutputName| match setting.outputs.get(name) {
            Some(path) => Ok((name, setting.store_dir.print(path))),
            None => Err(EnvironmentError::NoPath {
                output: name.clone(),
            }),
        };
        self.outputs.keys().map(path).collect()
    }

    fn args(&self, rewrites: &Rewrites) -> Vec<Vec<u8>> {
        let mut parts = self.builder.split(|&it| it == b'/');
        let name = parts.rfind(|it| !it.is_empty()).unwrap_or_default();
        let args = self.args.iter().map(|it| rewrites.apply(it));
        std::iter::once(name.to_vec()).chain(args).collect()
    }

    /// Its own variables; those that `passAsFile` lists become files.
    fn add_variables(&self, out: &mut Environment, build_dir: &str) {
        let as_file: BTreeSet<&[u8]> = self.words(b"passAsFile").collect();
        for (name, value) in &self.env {
            if as_file.contains(&**name) {
                let hash = base32::encode(&Sha256::of(name).0);
                let file = format!(".attr-{hash}");
                let variable = [name, &b"Path"[..]].concat();
                out.set(variable, format!("{build_dir}/{file}"));
                out.files.insert(file, value.clone());
            } else {
                out.set(name.clone(), value.clone());
            }
        }
    }

    fn add_graphs(
        &self,
        out: &mut Environment,
        mut attributes: Option<&mut Attributes>,
        setting: &Setting<'_>,
    ) -> Result<(), EnvironmentError> {
        for name in self.graphs(setting.store_dir)?.into_keys() {
            let Some(graph) = setting.graphs.get(&name) else {
                return Err(EnvironmentError::NoGraph { name });
            };
            if let Some(attributes) = &mut attributes {
                attributes.set(name, graph::value(graph, setting.store_dir));
            } else {
                let text = graph::text(graph, setting.store_dir);
                out.files.insert(name, text.into_bytes());
            }
        }
        Ok(())
    }

    fn add_attributes(
        &self,
        out: &mut Environment,
        mut attributes: Attributes,
        setting: &Setting<'_>,
    ) -> Result<(), EnvironmentError> {
        let paths = self.output_paths(setting)?.into_iter();
        attributes.set_outputs(paths.map(|(name, path)| (name.to_string(), path)).collect());
        let files = [
            ("NIX_ATTRS_SH_FILE", ".attrs.sh", attributes.shell()),
            ("NIX_ATTRS_JSON_FILE", ".attrs.json", attributes.json()),
        ];
        for (variable, file, text) in files {
            out.set(variable, format!("{}/{file}", setting.build_dir));
            out.files.insert(file.to_owned(), text);
        }
        Ok(())
    }
}

impl Environment {
    fn set(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.variables.insert(name.into(), value.into());
    }

    fn rewritten(self, rewrites: &Rewrites) -> Self {
        let variables = self.variables.iter();
        let files = self.files.into_iter();
        Self {
            args: self.args,
            variables: variables
                .map(|(name, value)| (rewrites.apply(name), rewrites.apply(value)))
                .collect(),
            files: files
                .map(|(name, text)| (name, rewrites.apply(&text)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derivation::Output;

    /// The code of what is wrong with structured attributes.
    fn code(json: &str, outputs: &[&str]) -> Option<String> {
        let name = |it: &&str| it.parse::<OutputName>().unwrap();
        let path =
            |it| StorePath::from_parts([0; 20], name(it).path_name(&"x".parse().unwrap()).unwrap());
        let impure = Output::Impure {
            method: crate::Method::Flat,
            algorithm: crate::Algorithm::Md5,
        };
        let derivation = Derivation {
            outputs: BTreeMap::from([(OutputName::out(), impure)]),
            input_drvs: BTreeMap::new(),
            input_srcs: BTreeSet::new(),
            system: Vec::new(),
            builder: Vec::new(),
            args: Vec::new(),
            env: BTreeMap::from([(b"__json".to_vec(), json.into())]),
        };
        let environment = derivation.environment(&Setting {
            store_dir: &StoreDir::default(),
            build_dir: "/build",
            n_cores: 1,
            outputs: &outputs.iter().map(|it| (name(it), path(it))).collect(),
            graphs: &BTreeMap::new(),
            impure: &BTreeMap::new(),
        });
        Some(environment.err()?.code().unwrap().to_string())
    }

    #[test]
    fn attributes_are_an_object_of_bounded_depth() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(code(r#"{"a":1}"#, &["out"]), None);
        assert_eq!(code(&nested(126), &["out"]), None);
        let bad = Some("eka::drv::attributes".to_owned());
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{}x",
            r#"{"a":1e999}"#,
            &nested(200_000),
        ] {
            assert_eq!(code(text, &["out"]), bad, "{}", &text[..text.len().min(20)]);
        }
    }

    #[test]
    fn what_is_asked_for_must_be_told() {
        assert_eq!(code("{}", &["dev"]), Some("eka::drv::no_path".to_owned()));
        let not_strings = Some("eka::drv::not_strings".to_owned());
        assert_eq!(code(r#"{"impureEnvVars":"a"}"#, &["out"]), not_strings);
        assert_eq!(code(r#"{"impureEnvVars":["a",1]}"#, &["out"]), not_strings);
        assert_eq!(code(r#"{"impureEnvVars":["a"]}"#, &["out"]), None);
    }
}
