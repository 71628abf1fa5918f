//! The hash of a derivation that does not change with how its fixed inputs are made.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use thiserror::Error;

use super::print::Outputs;
use super::{Derivation, Kind, KindError, Output, OutputName};
use crate::hash::Sha256;
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

/// A derivation's hash modulo, and what its dependants must know beside it.
///
/// Each input derivation counts by its own hash modulo, and one whose output is fixed counts by
/// that output alone (`libstore/derivations.cc`, `hashDerivationModulo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modulo {
    /// The hash; one for all outputs.
    pub hash: Sha256,
    /// Whether it names output paths.
    pub standing: Standing,
    /// What the derivation makes.
    pub outputs: BTreeSet<OutputName>,
}

/// Whether a hash modulo names output paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All that it hashes is known before any build.
    Regular,
    /// It hashes placeholders of paths that are known once other derivations are built.
    Deferred,
}

/// Why a derivation has no hash modulo.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum ModuloError {
    /// Its outputs do not belong together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kind(#[from] KindError),
    /// An input derivation is not known.
    #[error("the input derivation `{path}` is missing")]
    #[diagnostic(code(eka::drv::missing_input))]
    Missing {
        /// Which.
        path: StorePath,
    },
    /// An input derivation has no such output.
    #[error("the input derivation `{path}` has no output `{output}`")]
    #[diagnostic(code(eka::drv::missing_output))]
    MissingOutput {
        /// Which.
        path: StorePath,
        /// What it has not.
        output: OutputName,
    },
    /// A derivation is among its own inputs.
    #[error("the derivation `{path}` needs itself")]
    #[diagnostic(code(eka::drv::cycle))]
    Cycle {
        /// Which.
        path: StorePath,
    },
}

impl Derivation {
    /// Returns the inhash: the hash modulo with its own output paths left out, which names them
    /// and the realisations of its outputs. `inputs` knows [`Derivation::modulo`] of each input
    /// derivation; a derivation with a fixed or an impure output asks for none.
    ///
    /// # Errors
    ///
    /// [`ModuloError`] where outputs are mixed, or an input is not known or has not what is asked.
    pub fn inhash<'m>(
        &self,
        store_dir: &StoreDir,
        inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<Modulo, ModuloError> {
        self.modulo_with(store_dir, Outputs::Masked, inputs)
    }

    /// Returns what dependants hash in its stead: the hash modulo with its output paths.
    ///
    /// # Errors
    ///
    /// As [`Derivation::inhash`].
    pub fn modulo<'m>(
        &self,
        store_dir: &StoreDir,
        inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<Modulo, ModuloError> {
        self.modulo_with(store_dir, Outputs::Kept, inputs)
    }

    fn modulo_with<'m>(
        &self,
        store_dir: &StoreDir,
        outputs: Outputs,
        inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<Modulo, ModuloError> {
        let kind = self.kind()?;
        let (hash, standing) = match self.outputs.values().next() {
            Some(Output::Fixed { path, method, hash }) => {
                let (by, path) = (hash.algorithm(), store_dir.print(path));
                let text = format!("fixed:out:{method}{by}:{}:{path}", hash.base16());
                (Sha256::of(text.as_bytes()), Standing::Regular)
            }
            Some(Output::Impure { .. }) => (Sha256::of(b"impure"), Standing::Deferred),
            _ => {
                let (inputs, deferred) = self.inputs_modulo(inputs)?;
                let inputs = inputs.iter().map(|(hash, names)| (hash.clone(), names));
                let text = self.print_with(store_dir, outputs, inputs);
                let is_deferred = deferred || kind == Kind::Floating;
                let standing = if is_deferred {
                    Standing::Deferred
                } else {
                    Standing::Regular
                };
                (Sha256::of(&text), standing)
            }
        };
        Ok(Modulo {
            hash,
            standing,
            outputs: self.outputs.keys().cloned().collect(),
        })
    }

    /// The input derivations by their hashes, and whether any of them is deferred.
    fn inputs_modulo<'m>(
        &self,
        mut inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<(BTreeMap<String, BTreeSet<OutputName>>, bool), ModuloError> {
        let mut by_hash: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut is_deferred = false;
        for (path, names) in &self.input_drvs {
            let modulo = inputs(path).ok_or_else(|| ModuloError::Missing { path: path.clone() })?;
            is_deferred |= modulo.standing == Standing::Deferred;
            for output in names {
                if !modulo.outputs.contains(output) {
                    return Err(ModuloError::MissingOutput {
                        path: path.clone(),
                        output: output.clone(),
                    });
                }
                let names = by_hash.entry(modulo.hash.base16()).or_default();
                names.insert(output.clone());
            }
        }
        Ok((by_hash, is_deferred))
    }

    /// Returns the input derivations that its hash modulo hashes: none where the output is fixed or
    /// impure.
    fn hashed_inputs(&self) -> Vec<StorePath> {
        match self.outputs.values().next() {
            Some(Output::Fixed { .. } | Output::Impure { .. }) => Vec::new(),
            _ => self.input_drvs.keys().cloned().collect(),
        }
    }
}

/// The hashes modulo of derivations that were met, each computed once.
#[derive(Debug, Clone)]
pub struct Modulos {
    store_dir: StoreDir,
    known: BTreeMap<StorePath, Modulo>,
}

/// A derivation whose inputs are being seen to.
struct Open {
    path: StorePath,
    derivation: Derivation,
    left: std::vec::IntoIter<StorePath>,
}

impl Modulos {
    /// Begins with none.
    #[must_use]
    pub const fn new(store_dir: StoreDir) -> Self {
        Self {
            store_dir,
            known: BTreeMap::new(),
        }
    }

    /// Returns [`Derivation::modulo`] of a derivation that was met.
    #[must_use]
    pub fn get(&self, path: &StorePath) -> Option<&Modulo> {
        self.known.get(path)
    }

    /// Returns [`Derivation::inhash`] of a derivation. `read` gives those that it needs and that
    /// were not met; depth costs memory, never the stack.
    ///
    /// # Errors
    ///
    /// What `read` says, and [`ModuloError`].
    pub fn inhash<E: From<ModuloError>>(
        &mut self,
        derivation: &Derivation,
        mut read: impl FnMut(&StorePath) -> Result<Derivation, E>,
    ) -> Result<Modulo, E> {
        for path in derivation.hashed_inputs() {
            self.meet(path, &mut read)?;
        }
        Ok(derivation.inhash(&self.store_dir, |path| self.known.get(path))?)
    }

    /// Meets a derivation and all that its hash needs, inputs first.
    ///
    /// # Errors
    ///
    /// As [`Modulos::inhash`].
    pub fn meet<E: From<ModuloError>>(
        &mut self,
        path: StorePath,
        mut read: impl FnMut(&StorePath) -> Result<Derivation, E>,
    ) -> Result<(), E> {
        if self.known.contains_key(&path) {
            return Ok(());
        }
        let mut open_paths = BTreeSet::from([path.clone()]);
        let mut stack = vec![Open::new(read(&path)?, path)];
        while let Some(top) = stack.last_mut() {
            if let Some(path) = top.left.next() {
                if self.known.contains_key(&path) {
                    continue;
                }
                if !open_paths.insert(path.clone()) {
                    return Err(ModuloError::Cycle { path }.into());
                }
                stack.push(Open::new(read(&path)?, path));
            } else if let Some(done) = stack.pop() {
                let inputs = |path: &StorePath| self.known.get(path);
                let modulo = done.derivation.modulo(&self.store_dir, inputs)?;
                open_paths.remove(&done.path);
                self.known.insert(done.path, modulo);
            }
        }
        Ok(())
    }
}

impl Open {
    fn new(derivation: Derivation, path: StorePath) -> Self {
        let left = derivation.hashed_inputs().into_iter();
        Self {
            path,
            derivation,
            left,
        }
    }
}
