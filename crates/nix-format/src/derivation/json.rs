//! Derivations as `nix show-derivation` prints them.

use super::{Derivation, Output};
use crate::json_text;
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

/// Prints derivations and their paths as `nix show-derivation` of Nix 2.8 does, byte for byte
/// (`nix/show-derivation.cc`), less the line feed after the last brace.
///
/// Bytes that are no UTF-8 are printed as they are, as Nix does: the text is JSON where the
/// derivation's texts are UTF-8.
#[must_use]
pub fn print_json<'d>(
    store_dir: &StoreDir,
    derivations: impl IntoIterator<Item = (&'d StorePath, &'d Derivation)>,
) -> Vec<u8> {
    let mut out = Printer::default();
    out.braces(b'{', b'}', |out| {
        for (path, derivation) in derivations {
            out.key(store_dir.print(path).as_bytes());
            out.derivation(store_dir, derivation);
        }
    });
    out.text
}

/// JSON under way, two spaces a level.
#[derive(Default)]
struct Printer {
    text: Vec<u8>,
    level: usize,
    /// Whether the list or object at hand has an element.
    is_filled: bool,
}

impl Printer {
    fn derivation(&mut self, store_dir: &StoreDir, it: &Derivation) {
        self.braces(b'{', b'}', |out| {
            out.key(b"outputs");
            out.braces(b'{', b'}', |out| {
                for (name, output) in &it.outputs {
                    out.key(name.as_str().as_bytes());
                    out.braces(b'{', b'}', |out| out.output(store_dir, output));
                }
            });
            out.key(b"inputSrcs");
            out.list(it.input_srcs.iter().map(|it| store_dir.print(it)));
            out.key(b"inputDrvs");
            out.braces(b'{', b'}', |out| {
                for (path, names) in &it.input_drvs {
                    out.key(store_dir.print(path).as_bytes());
                    out.list(names.iter().map(ToString::to_string));
                }
            });
            out.key(b"system");
            out.string(&it.system);
            out.key(b"builder");
            out.string(&it.builder);
            out.key(b"args");
            out.list(&it.args);
            out.key(b"env");
            out.braces(b'{', b'}', |out| {
                for (name, value) in &it.env {
                    out.key(name);
                    out.string(value);
                }
            });
        });
    }

    fn output(&mut self, store_dir: &StoreDir, output: &Output) {
        if let Some(path) = output.path() {
            self.key(b"path");
            self.string(store_dir.print(path).as_bytes());
        }
        let (by, hash) = match output {
            Output::InputAddressed(_) | Output::Deferred => return,
            Output::Fixed { method, hash, .. } => {
                (format!("{method}{}", hash.algorithm()), Some(hash))
            }
            Output::Floating { method, algorithm } | Output::Impure { method, algorithm } => {
                (format!("{method}{algorithm}"), None)
            }
        };
        self.key(b"hashAlgo");
        self.string(by.as_bytes());
        if let Some(hash) = hash {
            self.key(b"hash");
            self.string(hash.base16().as_bytes());
        }
        if matches!(output, Output::Impure { .. }) {
            self.key(b"impure");
            self.text.extend_from_slice(b"true");
        }
    }

    fn braces(&mut self, open: u8, close: u8, fill: impl FnOnce(&mut Self)) {
        self.raw(open);
        self.level += 1;
        self.is_filled = false;
        fill(self);
        self.level -= 1;
        if self.is_filled {
            self.line();
        }
        self.raw(close);
        self.is_filled = true;
    }

    fn list(&mut self, all: impl IntoIterator<Item: AsRef<[u8]>>) {
        self.braces(b'[', b']', |out| {
            for it in all {
                out.element();
                out.string(it.as_ref());
            }
        });
    }

    fn key(&mut self, key: &[u8]) {
        self.element();
        self.string(key);
        self.text.extend_from_slice(b": ");
    }

    /// Begins the next element.
    fn element(&mut self) {
        if self.is_filled {
            self.raw(b',');
        }
        self.is_filled = true;
        self.line();
    }

    fn line(&mut self) {
        self.raw(b'\n');
        self.text.extend(std::iter::repeat_n(b' ', 2 * self.level));
    }

    fn raw(&mut self, ascii: u8) {
        self.text.push(ascii);
    }

    fn string(&mut self, bytes: &[u8]) {
        json_text::push(&mut self.text, bytes);
    }
}
