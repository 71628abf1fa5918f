//! A path and all that it refers to, directly or not, what is referred to first.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;

use crate::info::PathInfo;
use crate::infos::{InfosError, PathInfos};
use crate::store::Store;

/// Why there is no closure.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ClosureError {
    /// A path is not registered.
    #[error("`{path}` is not in the store")]
    #[diagnostic(
        code(eka::store::not_there),
        help("build it, or bring it from a cache that has it")
    )]
    NotThere {
        /// The path.
        path: StorePath,
    },
    /// The database of paths fails.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Infos(#[from] InfosError),
}

impl Store {
    /// Returns the paths and all that they refer to, each once; what is referred to comes before
    /// what refers to it, but for those that refer to each other.
    ///
    /// # Errors
    ///
    /// [`ClosureError::NotThere`] for one of `paths` that is not registered.
    pub async fn closure(&self, paths: &[StorePath]) -> Result<Vec<PathInfo>, ClosureError> {
        let mut found = gather(self.infos().as_ref(), paths).await?;
        let order = order(&found, |it| &it.references, paths);
        Ok(order.iter().filter_map(|it| found.remove(it)).collect())
    }

    /// Returns which of the paths are registered, and so whole with all that they refer to.
    ///
    /// # Errors
    ///
    /// [`InfosError`].
    pub async fn registered(
        &self,
        paths: impl IntoIterator<Item = &StorePath>,
    ) -> Result<BTreeSet<StorePath>, InfosError> {
        let mut registered = BTreeSet::new();
        for path in paths {
            if self.infos().get(path).await?.is_some() {
                registered.insert(path.clone());
            }
        }
        Ok(registered)
    }
}

async fn gather(
    infos: &dyn PathInfos,
    paths: &[StorePath],
) -> Result<BTreeMap<StorePath, PathInfo>, ClosureError> {
    let mut found = BTreeMap::new();
    let mut open = paths.to_vec();
    while let Some(path) = open.pop() {
        if found.contains_key(&path) {
            continue;
        }
        let Some(info) = infos.get(&path).await? else {
            return Err(ClosureError::NotThere { path });
        };
        let new = info.references.iter().filter(|it| !found.contains_key(*it));
        open.extend(new.cloned());
        found.insert(path, info);
    }
    Ok(found)
}

/// The order in which a walk in depth leaves the paths; without recursion, as chains may be long.
pub(crate) fn order<T>(
    found: &BTreeMap<StorePath, T>,
    references: impl Fn(&T) -> &BTreeSet<StorePath>,
    paths: &[StorePath],
) -> Vec<StorePath> {
    let mut order = Vec::with_capacity(found.len());
    let mut entered = BTreeSet::new();
    for path in paths {
        let Some((root, known)) = found.get_key_value(path).filter(|it| entered.insert(it.0))
        else {
            continue;
        };
        let mut way = vec![(root, references(known).iter())];
        while let Some((path, next)) = way.last_mut() {
            match next.next() {
                Some(next) => {
                    if let Some((next, known)) = found.get_key_value(next)
                        && entered.insert(next)
                    {
                        way.push((next, references(known).iter()));
                    }
                }
                None => {
                    order.push((*path).clone());
                    way.pop();
                }
            }
        }
    }
    order
}
