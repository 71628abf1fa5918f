//! Where outputs and the derivation itself lie, and what stands for paths that are not known yet.

use std::collections::BTreeSet;

use miette::Diagnostic;
use thiserror::Error;

use super::{Derivation, KindError, Modulo, ModuloError, Output, OutputName, Standing};
use crate::content_address::{ContentAddress, ContentAddressError, Method, References};
use crate::hash::{Algorithm, Hash, Sha256};
use crate::store_dir::StoreDir;
use crate::store_path::{StoreName, StorePath, StorePathError};

/// What the outputs of a derivation are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Named by what goes into the build.
    InputAddressed {
        /// All of them.
        outputs: BTreeSet<OutputName>,
    },
    /// The one output `out`, of a content that is known.
    Fixed {
        /// What of it is hashed.
        method: Method,
        /// Its hash.
        hash: Hash,
    },
    /// Named by what comes out of the build.
    Floating {
        /// All of them.
        outputs: BTreeSet<OutputName>,
        /// What of them is hashed.
        method: Method,
        /// By what.
        algorithm: Algorithm,
    },
    /// Named by what comes out of the build, which is done anew each time.
    Impure {
        /// All of them.
        outputs: BTreeSet<OutputName>,
        /// What of them is hashed.
        method: Method,
        /// By what.
        algorithm: Algorithm,
    },
}

/// Why a derivation cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum PlanError {
    /// The name of the derivation or of an output's path is none, or too long.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Name(#[from] StorePathError),
    /// The name ends as the file does.
    #[error("a derivation called `{}`", name.as_str())]
    #[diagnostic(
        code(eka::drv::name),
        help("the name of a derivation does not end in `.drv`; its file's does")
    )]
    DrvName {
        /// The name.
        name: StoreName,
    },
    /// An output is called `drv`.
    #[error("an output called `drv`")]
    #[diagnostic(
        code(eka::drv::output_drv),
        help("evaluators keep `drvPath` for the derivation's own path")
    )]
    DrvOutput,
    /// There is no builder, or no system.
    #[error("a derivation without a {what}")]
    #[diagnostic(code(eka::drv::empty))]
    Empty {
        /// `builder` or `system`.
        what: &'static str,
    },
    /// The system holds `"` or `\`.
    #[error("`{}` cannot be a system", system.escape_ascii())]
    #[diagnostic(
        code(eka::drv::system),
        help(r#"the text of a derivation can hold neither `"` nor `\` there"#)
    )]
    System {
        /// What was given.
        system: Vec<u8>,
    },
    /// There is no output.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kind(#[from] KindError),
    /// The hash modulo cannot be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Modulo(#[from] ModuloError),
    /// An output that is needed is not built.
    #[error("the output `{output}` of `{path}` is not built")]
    #[diagnostic(code(eka::drv::not_built))]
    NotBuilt {
        /// The derivation.
        path: StorePath,
        /// Its output.
        output: OutputName,
    },
    /// The content has no path.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Content(#[from] ContentAddressError),
}

impl Derivation {
    /// Gives the derivation its outputs, and the variables called after them, as evaluators do
    /// (`libexpr/primops.cc`, `derivationStrict`); then [`Derivation::print`] is what Nix writes.
    ///
    /// `name` is the derivation's, without `.drv`; `inputs` as for [`Derivation::inhash`].
    ///
    /// # Errors
    ///
    /// [`PlanError`]; the derivation is then left as it was or without paths.
    pub fn fill<'m>(
        &mut self,
        store_dir: &StoreDir,
        name: &StoreName,
        plan: &Plan,
        inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<(), PlanError> {
        self.check(name, plan)?;
        match plan {
            Plan::Fixed { method, hash } => {
                let address = ContentAddress::Fixed {
                    method: *method,
                    hash: *hash,
                };
                let nothing = References::default();
                let path = store_dir.content_path(name.clone(), &address, &nothing)?;
                self.set(
                    OutputName::out(),
                    store_dir.print(&path),
                    Output::Fixed {
                        path,
                        method: *method,
                        hash: *hash,
                    },
                );
            }
            Plan::InputAddressed { outputs } => {
                for output in outputs {
                    self.set(output.clone(), String::new(), Output::Deferred);
                }
                self.name_by_inputs(store_dir, name, inputs)?;
            }
            &Plan::Floating {
                ref outputs,
                method,
                algorithm,
            } => {
                for it in outputs {
                    let output = Output::Floating { method, algorithm };
                    self.set(it.clone(), it.placeholder(), output);
                }
            }
            &Plan::Impure {
                ref outputs,
                method,
                algorithm,
            } => {
                for it in outputs {
                    let output = Output::Impure { method, algorithm };
                    self.set(it.clone(), it.placeholder(), output);
                }
            }
        }
        Ok(())
    }

    /// What no derivation may be.
    fn check(&mut self, name: &StoreName, plan: &Plan) -> Result<(), PlanError> {
        if name.as_str().ends_with(".drv") {
            return Err(PlanError::DrvName { name: name.clone() });
        }
        for (what, text) in [("builder", &self.builder), ("system", &self.system)] {
            if text.is_empty() {
                return Err(PlanError::Empty { what });
            }
        }
        if self.system.iter().any(|it| matches!(it, b'"' | b'\\')) {
            let system = self.system.clone();
            return Err(PlanError::System { system });
        }
        self.outputs.clear();
        match plan {
            Plan::Fixed { .. } => Ok(()),
            Plan::InputAddressed { outputs }
            | Plan::Floating { outputs, .. }
            | Plan::Impure { outputs, .. } => {
                if outputs.is_empty() {
                    return Err(KindError::None.into());
                }
                if outputs.iter().any(|it| it.as_str() == "drv") {
                    return Err(PlanError::DrvOutput);
                }
                Ok(())
            }
        }
    }

    fn set(&mut self, name: OutputName, value: String, output: Output) {
        let variable = name.as_str().as_bytes().to_vec();
        self.env.insert(variable, value.into_bytes());
        self.outputs.insert(name, output);
    }

    /// Gives deferred outputs their paths, unless an input is still to be built for that.
    pub(super) fn name_by_inputs<'m>(
        &mut self,
        store_dir: &StoreDir,
        name: &StoreName,
        inputs: impl FnMut(&StorePath) -> Option<&'m Modulo>,
    ) -> Result<(), PlanError> {
        let modulo = self.inhash(store_dir, inputs)?;
        if modulo.standing == Standing::Deferred {
            return Ok(());
        }
        for output in modulo.outputs {
            let path = output.path(store_dir, &modulo.hash, name)?;
            let value = store_dir.print(&path);
            self.set(output, value, Output::InputAddressed(path));
        }
        Ok(())
    }

    /// Returns the path of the `.drv` that holds this derivation under `name`
    /// (`libstore/derivations.cc`, `writeDerivation`).
    ///
    /// # Errors
    ///
    /// [`PlanError::Name`] where the name has more than 207 bytes.
    pub fn store_path(
        &self,
        store_dir: &StoreDir,
        name: &StoreName,
    ) -> Result<StorePath, PlanError> {
        let name = format!("{}.drv", name.as_str()).parse::<StoreName>()?;
        let inputs = self.input_drvs.keys().chain(&self.input_srcs);
        let references = References {
            others: inputs.cloned().collect(),
            itself: false,
        };
        let text = ContentAddress::Text(Sha256::of(&self.print(store_dir)));
        Ok(store_dir.content_path(name, &text, &references)?)
    }
}

impl OutputName {
    /// Returns what follows the hash in the output's path: the derivation's name, and after a `-`
    /// the output's unless that is `out` (`libstore/derivations.cc`, `outputPathName`).
    ///
    /// # Errors
    ///
    /// [`StorePathError::NameLength`] where both are too long together.
    pub fn path_name(&self, drv_name: &StoreName) -> Result<StoreName, StorePathError> {
        self.path_text(drv_name.as_str()).parse()
    }

    fn path_text(&self, drv_name: &str) -> String {
        match self.as_str() {
            "out" => drv_name.to_owned(),
            output => format!("{drv_name}-{output}"),
        }
    }

    /// Returns the path that an inhash gives to the output
    /// (`libstore/store-api.cc`, `makeOutputPath`).
    ///
    /// # Errors
    ///
    /// As [`OutputName::path_name`].
    pub fn path(
        &self,
        store_dir: &StoreDir,
        inhash: &Sha256,
        drv_name: &StoreName,
    ) -> Result<StorePath, StorePathError> {
        let name = self.path_name(drv_name)?;
        Ok(store_dir.path(&format!("output:{self}"), inhash, name))
    }

    /// Returns what a derivation says for its own output as long as its path is not known: `/` and
    /// 52 digits (`libstore/derivations.cc`, `hashPlaceholder`).
    #[must_use]
    pub fn placeholder(&self) -> String {
        placeholder(&format!("nix-output:{self}"))
    }

    /// Returns what a dependant says for this output of the derivation at `drv` as long as its path
    /// is not known (`libstore/derivations.cc`, `downstreamPlaceholder`).
    #[must_use]
    pub fn downstream_placeholder(&self, drv: &StorePath) -> String {
        let name = drv.name().as_str();
        let name = self.path_text(name.strip_suffix(".drv").unwrap_or(name));
        placeholder(&format!("nix-upstream-output:{}:{name}", drv.hash_part()))
    }

    /// Returns the path that an output is built at while its own is not known
    /// (`libstore/build/local-derivation-goal.cc`, `makeFallbackPath`).
    ///
    /// # Errors
    ///
    /// As [`OutputName::path_name`].
    pub fn scratch_path(
        &self,
        store_dir: &StoreDir,
        drv: &StorePath,
    ) -> Result<StorePath, StorePathError> {
        let name = drv.name().as_str();
        let name = self
            .path_text(name.strip_suffix(".drv").unwrap_or(name))
            .parse()?;
        let kind = format!("rewrite:{drv}:name:{self}");
        Ok(store_dir.path(&kind, &Sha256([0; 32]), name))
    }
}

impl StorePath {
    /// Returns the name of the derivation that lies here: its own less `.drv`
    /// (`libstore/derivations.cc`, `BasicDerivation::nameFromPath`).
    #[must_use]
    pub fn drv_name(&self) -> Option<StoreName> {
        self.name().as_str().strip_suffix(".drv")?.parse().ok()
    }
}

fn placeholder(text: &str) -> String {
    format!("/{}", Sha256::of(text.as_bytes()).base32())
}
