//! Pins that are files: downloaded, hashed, and put where contents lie.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atom::download::{DownloadUrl, FileHash};
use atom::{Name, NarHash};
use atom_git::remote::of_download;
use fetch::download::{DownloadError, Downloaded, Means, Progress, download};
use fetch::tar::{UnpackError, unpack};
use miette::Diagnostic;
use nix_format::StoreName;
use thiserror::Error;

use super::PinsError;
use crate::context::Context;
use crate::error::Error;
use crate::event::{Event, Task};
use crate::fetch::{FetchError, Shelf, nar_of};
use crate::limits;
use crate::remotes::Remotes;

/// A place that gave nothing, where another did.
#[derive(Debug, Error, Diagnostic)]
#[error("{cause}")]
#[diagnostic(severity(warning), code(eka::pin::dead_mirror))]
struct DeadPlace {
    cause: String,
}

/// Files of one command.
pub(super) struct Files<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) remotes: &'a Remotes<'a>,
    pub(super) shelf: &'a Shelf,
}

/// Where a file is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Its URL alone: what is there counts.
    Origin,
    /// Its URL, or a mirror of the user's: what was locked counts.
    Anywhere,
}

impl Files<'_> {
    /// Downloads a file, and puts it in its place. Where a hash is locked, it must be that.
    pub(super) fn url(
        &self,
        pin: &Name,
        url: &DownloadUrl,
        (locked, from): (Option<FileHash>, From),
    ) -> Result<FileHash, Error> {
        let name = store_name(url);
        self.try_each(url, from, |place| {
            let growing = self.shelf.grow().map_err(FetchError::from)?;
            let path = growing.path().join("file");
            let hash = FileHash(self.bring(place, &path)?.hash.0);
            if let Some(locked) = locked.filter(|it| *it != hash) {
                return Err(PinsError::Hash {
                    pin: pin.clone(),
                    at: place.to_owned(),
                    found: hash,
                    locked,
                }
                .into());
            }
            let put = self.shelf.put_file(&path, hash, &name);
            put.map_err(FetchError::from)?;
            Ok(hash)
        })
    }

    /// Downloads an archive, unpacks it, and puts what it holds in its place. Where a nar is locked,
    /// it must be that.
    pub(super) fn tar(
        &self,
        pin: &Name,
        url: &DownloadUrl,
        (locked, from): (Option<NarHash>, From),
    ) -> Result<NarHash, Error> {
        self.try_each(url, from, |place| {
            let growing = self.shelf.grow().map_err(FetchError::from)?;
            let path = growing.path().join("file");
            self.bring(place, &path)?;
            let content = self.unpack(place, &path, growing.path())?;
            let nar = nar_of(&content).map_err(|source| {
                let path = content.clone();
                PinsError::Unpack(UnpackError::Write { path, source })
            })?;
            if let Some(locked) = locked.filter(|it| *it != nar) {
                return Err(PinsError::Nar {
                    pin: pin.clone(),
                    at: format!("`{place}`, unpacked,"),
                    found: nar,
                    locked,
                }
                .into());
            }
            let put = self.shelf.put_folder(&content, nar);
            put.map_err(FetchError::from)?;
            Ok(nar)
        })
    }

    /// Unpacks a file to a folder beside it.
    fn unpack(&self, url: &str, archive: &Path, beside: &Path) -> Result<PathBuf, Error> {
        let _task = self.ctx.task(format!("unpacking `{url}`"), None);
        let into = beside.join("content");
        let failed = |source| {
            let path = into.clone();
            PinsError::Unpack(UnpackError::Write { path, source })
        };
        std::fs::create_dir(&into).map_err(failed)?;
        let file = File::open(archive).map_err(failed)?;
        let limits = limits::of_archives(&self.ctx.config);
        let unpacked = unpack(BufReader::new(file), &into, &limits, &self.ctx.interrupt);
        Ok(unpacked.map_err(PinsError::from)?)
    }

    /// Tries each place in turn; the first error counts where all fail.
    fn try_each<T>(
        &self,
        url: &DownloadUrl,
        from: From,
        mut work: impl FnMut(&str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut places = vec![url.as_str().to_owned()];
        if from == From::Anywhere {
            let mirrors = self.ctx.config.mirrors();
            let of_url = mirrors.into_iter().filter(|(it, _)| it == url.as_str());
            places.extend(of_url.flat_map(|(_, mirrors)| mirrors));
        }
        let mut first = None;
        for place in places {
            match work(&place) {
                Ok(done) => {
                    if let Some(error) = first {
                        let cause = format!("{error}");
                        self.ctx.warn(DeadPlace { cause });
                    }
                    return Ok(done);
                }
                Err(error) => {
                    self.ctx.check_interrupt()?;
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.expect("the URL itself is a place"))
    }

    /// Downloads to a new file.
    fn bring(&self, url: &str, to: &PathBuf) -> Result<Downloaded, Error> {
        if !url.starts_with("file://") {
            self.ctx.online(format!("downloading `{url}`"))?;
        }
        let mut file = File::create_new(to).map_err(|source| {
            PinsError::Download(DownloadError::Write {
                url: url.to_owned(),
                source,
            })
        })?;
        let bar = Bar {
            ctx: self.ctx,
            what: format!("downloading `{url}`, KiB"),
            task: RefCell::new(None),
        };
        let options = self.remotes.options();
        let means = Means {
            settings: &|url| of_download(url, options),
            limits: limits::of_downloads(&self.ctx.config),
            waits: options.retry.waits.clone(),
            netrc: options.netrc.clone(),
            interrupt: Arc::clone(&self.ctx.interrupt),
            progress: &|it| bar.take(it),
        };
        Ok(download(url, &mut file, &means).map_err(PinsError::from)?)
    }
}

/// The progress of one download.
struct Bar<'a> {
    ctx: &'a Context<'a>,
    what: String,
    /// The task, and the bytes that make no KiB yet.
    task: RefCell<Option<(Task<'a>, u64)>>,
}

impl Bar<'_> {
    fn take(&self, progress: Progress) {
        let mut task = self.task.borrow_mut();
        match progress {
            Progress::Begun { total } => {
                let total = total.map(|it| it / 1024);
                *task = Some((self.ctx.task(self.what.as_str(), total), 0));
            }
            Progress::Resumed { at } => {
                let text = format!("{} goes on behind {at} bytes", self.what);
                self.ctx.events.emit(Event::Detail(text));
            }
            Progress::Received(bytes) => {
                if let Some((task, rest)) = &mut *task {
                    *rest += bytes;
                    task.advance(*rest / 1024);
                    *rest %= 1024;
                }
            }
        }
    }
}

/// What Nix calls the file of a URL: what stands behind the last `/`, where a store path may be
/// called that, else `source`.
pub(super) fn store_name(url: &DownloadUrl) -> StoreName {
    let text = url.as_str().trim_end_matches('/');
    let last = text.rsplit('/').next().unwrap_or_default();
    let name = last.parse().ok().filter(StoreName::is_portable);
    name.unwrap_or_else(StoreName::source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_nix_calls_them() {
        for (url, name) in [
            ("https://h.org/a/b-1.0.tar.gz", "b-1.0.tar.gz"),
            ("https://h.org/a/b?c=d", "b?c=d"),
            ("https://h.org/a/", "a"),
            ("https://h.org/a%20b", "source"),
            ("https://h.org/..", "source"),
            ("file:///x/y", "y"),
        ] {
            assert_eq!(store_name(&url.parse().unwrap()).as_str(), name, "{url}");
        }
    }
}
