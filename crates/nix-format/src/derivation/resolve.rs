//! A derivation whose inputs are built, told by their paths alone.

use std::collections::BTreeMap;

use super::rewrite::Rewrites;
use super::{Derivation, Output, OutputName, PlanError};
use crate::store_dir::StoreDir;
use crate::store_path::{StoreName, StorePath};

impl Derivation {
    /// Returns the derivation with its input derivations replaced by what was built of them: their
    /// outputs become sources, what stood for their paths becomes the paths, and deferred outputs
    /// get paths of their own (`libstore/derivations.cc`, `Derivation::tryResolve`).
    ///
    /// `name` is the derivation's, without `.drv`; `built` gives the path of an output.
    ///
    /// # Errors
    ///
    /// [`PlanError::NotBuilt`] for an output that `built` does not know, [`PlanError::Name`] and
    /// [`PlanError::Kind`].
    pub fn resolve(
        &self,
        store_dir: &StoreDir,
        name: &StoreName,
        mut built: impl FnMut(&StorePath, &OutputName) -> Option<StorePath>,
    ) -> Result<Self, PlanError> {
        let mut rewrites = Rewrites::default();
        let mut input_srcs = self.input_srcs.clone();
        for (drv, outputs) in &self.input_drvs {
            for output in outputs {
                let path = built(drv, output).ok_or_else(|| PlanError::NotBuilt {
                    path: drv.clone(),
                    output: output.clone(),
                })?;
                rewrites.add(output.downstream_placeholder(drv), store_dir.print(&path));
                input_srcs.insert(path);
            }
        }
        let env = self.env.iter();
        let mut resolved = Self {
            outputs: self.outputs.clone(),
            input_drvs: BTreeMap::new(),
            input_srcs,
            system: self.system.clone(),
            builder: rewrites.apply(&self.builder),
            args: self.args.iter().map(|it| rewrites.apply(it)).collect(),
            env: env
                .map(|(name, value)| (rewrites.apply(name), rewrites.apply(value)))
                .collect(),
        };
        if resolved.outputs.values().any(|it| *it == Output::Deferred) {
            resolved.name_by_inputs(store_dir, name, |_| None)?;
        }
        Ok(resolved)
    }
}
