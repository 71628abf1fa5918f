//! The store of the configuration, and the runtime that its work runs on.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use ::store::Store;
use nix_format::{StoreDir, StorePath};
use tokio::runtime::{Builder, Runtime};

use super::StoreError;
use crate::context::Context;
use crate::env;
use crate::error::Error;

/// The store, open.
pub(crate) struct Opened {
    pub(crate) store: Store,
    /// There until it is dropped.
    runtime: Option<Runtime>,
}

/// How often it is asked whether the command was interrupted.
const HEARTBEAT: Duration = Duration::from_millis(50);

impl Opened {
    /// Opens the store that `EKA_STORE`, `store.path` or `XDG_DATA_HOME` names; an empty one where
    /// there is none.
    pub(crate) fn open(ctx: &Context<'_>) -> Result<Self, Error> {
        let (folder, dir) = (folder(ctx)?, dir(ctx)?);
        let runtime = Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|source| StoreError::Runtime { source })?;
        let store = runtime.block_on(Store::open(&folder, dir));
        let store = store.map_err(StoreError::from)?;
        let runtime = Some(runtime);
        Ok(Self { store, runtime })
    }

    /// Runs what the store does, until it is done or the command is interrupted.
    pub(crate) fn run<T, E: Into<StoreError>>(
        &self,
        ctx: &Context<'_>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        let runtime = self.runtime.as_ref().expect("it is there until the drop");
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(HEARTBEAT, work.as_mut()).await {
                    Ok(done) => return Ok(done.map_err(Into::into)?),
                    Err(_) => ctx.check_interrupt()?,
                }
            }
        })
    }

    /// A path in full, such as `/nix/store/…-hello`.
    pub(crate) fn print(&self, path: &StorePath) -> String {
        self.store.dir().print(path)
    }
}

impl Drop for Opened {
    /// What was interrupted and blocks, such as a read from a server, is not waited for.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where the store appears to be.
pub(super) fn dir(ctx: &Context<'_>) -> Result<StoreDir, StoreError> {
    let text = ctx.config.text("store", "dir").unwrap_or("/nix/store");
    text.parse().map_err(|_| StoreError::Setting {
        key: "store.dir",
        value: text.to_owned(),
        expected: "an absolute path without `.`, `..` and a slash at its end",
    })
}

fn folder(ctx: &Context<'_>) -> Result<PathBuf, Error> {
    if let Some(folder) = ctx.env.get(env::STORE.name) {
        return Ok(ctx.dir.join(folder));
    }
    Ok(match personal(ctx, "path", "store.path")? {
        Some(folder) => folder,
        None => ctx.data_dir()?.join("store"),
    })
}

/// A path that a key holds: absolute, or from home on.
pub(super) fn personal(
    ctx: &Context<'_>,
    name: &str,
    key: &'static str,
) -> Result<Option<PathBuf>, StoreError> {
    let Some(text) = ctx.config.text("store", name) else {
        return Ok(None);
    };
    let home = ctx.env.get("HOME").map(Path::new);
    let below_home = text.strip_prefix("~/").zip(home);
    let path = below_home.map_or_else(|| PathBuf::from(text), |(rest, home)| home.join(rest));
    if path.is_absolute() {
        return Ok(Some(path));
    }
    Err(StoreError::Setting {
        key,
        value: text.to_owned(),
        expected: "an absolute path, or one from `~/` on",
    })
}
