//! The text of a derivation, written.

use std::collections::BTreeSet;

use super::{Derivation, Output, OutputName};
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

/// Whether the paths of outputs, and the variables called after them, are part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    Kept,
    Masked,
}

impl Derivation {
    /// Prints the text of the `.drv`, byte for byte as Nix does
    /// (`libstore/derivations.cc`, `Derivation::unparse`).
    #[must_use]
    pub fn print(&self, store_dir: &StoreDir) -> Vec<u8> {
        let inputs = self.input_drvs.iter();
        let inputs = inputs.map(|(path, names)| (store_dir.print(path), names));
        self.print_with(store_dir, Outputs::Kept, inputs)
    }

    /// Prints with these input derivations, which are in their order.
    pub(super) fn print_with<'n>(
        &self,
        store_dir: &StoreDir,
        outputs: Outputs,
        inputs: impl IntoIterator<Item = (String, &'n BTreeSet<OutputName>)>,
    ) -> Vec<u8> {
        let mut out = Printer(b"Derive(".to_vec());
        out.list(&self.outputs, |out, (name, output)| {
            out.output(name, output, store_dir, outputs);
        });
        out.raw(",");
        out.list(inputs, |out, (input, names)| {
            out.raw("(");
            out.plain(input.as_bytes());
            out.raw(",");
            out.list(names, |out, name| out.plain(name.as_str().as_bytes()));
            out.raw(")");
        });
        out.raw(",");
        out.list(&self.input_srcs, |out, path| {
            out.plain(store_dir.print(path).as_bytes());
        });
        out.raw(",");
        out.plain(&self.system);
        out.raw(",");
        out.quoted(&self.builder);
        out.raw(",");
        out.list(&self.args, |out, arg| out.quoted(arg));
        out.raw(",");
        out.list(&self.env, |out, (name, value)| {
            let is_output = || self.outputs.keys().any(|it| it.as_str().as_bytes() == name);
            let masked = outputs == Outputs::Masked && is_output();
            out.raw("(");
            out.quoted(name);
            out.raw(",");
            out.quoted(if masked { b"" } else { value });
            out.raw(")");
        });
        out.raw(")");
        out.0
    }
}

impl Output {
    /// Path, algorithm and hash, as a `.drv` has them.
    fn fields(&self) -> (Option<&StorePath>, String, String) {
        match self {
            Self::InputAddressed(path) => (Some(path), String::new(), String::new()),
            Self::Fixed { path, method, hash } => {
                let by = format!("{method}{}", hash.algorithm());
                (Some(path), by, hash.base16())
            }
            Self::Floating { method, algorithm } => {
                (None, format!("{method}{algorithm}"), String::new())
            }
            Self::Deferred => (None, String::new(), String::new()),
            Self::Impure { method, algorithm } => {
                (None, format!("{method}{algorithm}"), "impure".to_owned())
            }
        }
    }
}

struct Printer(Vec<u8>);

impl Printer {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, all: impl IntoIterator<Item = T>, one: impl Fn(&mut Self, T)) {
        self.raw("[");
        for (at, it) in all.into_iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            one(self, it);
        }
        self.raw("]");
    }

    fn output(&mut self, name: &OutputName, output: &Output, store_dir: &StoreDir, kept: Outputs) {
        let (path, by, hash) = output.fields();
        let path = path.filter(|_| kept == Outputs::Kept);
        let path = path.map_or_else(String::new, |it| store_dir.print(it));
        let fields = [name.as_str(), &path, &by, &hash];
        self.raw("(");
        for (at, field) in fields.into_iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            self.plain(field.as_bytes());
        }
        self.raw(")");
    }

    fn plain(&mut self, text: &[u8]) {
        self.raw("\"");
        self.0.extend_from_slice(text);
        self.raw("\"");
    }

    fn quoted(&mut self, text: &[u8]) {
        self.raw("\"");
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&it| escape(it).is_some()) {
            self.0.extend_from_slice(&rest[..at]);
            self.raw(escape(rest[at]).unwrap_or_default());
            rest = &rest[at + 1..];
        }
        self.0.extend_from_slice(rest);
        self.raw("\"");
    }
}

/// How Nix writes the five bytes that it does not write as they are.
const fn escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'"' => Some(r#"\""#),
        b'\\' => Some(r"\\"),
        b'\n' => Some(r"\n"),
        b'\r' => Some(r"\r"),
        b'\t' => Some(r"\t"),
        _ => None,
    }
}
