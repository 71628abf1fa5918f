//! One binary cache: what it has, believed only where its own keys say so.

use std::sync::Arc;

use fetch::Fault;
use fetch::download::DownloadError;
use nix_format::narinfo::NarInfoError;
use nix_format::{
    CacheInfo, DrvOutput, NarInfo, PublicKey, Realisation, References, Signature, StoreDir,
    StorePath,
};
use tokio::sync::OnceCell;

use super::address::Address;
use super::answers::Answers;
use super::error::{RealisationFault, Silence, UpstreamError};
use super::means::Means;
use super::place::Place;

/// A binary cache that is asked.
#[derive(Debug)]
pub struct Upstream {
    config: UpstreamConfig,
    dir: StoreDir,
    place: Place,
    means: Means,
    info: OnceCell<CacheInfo>,
    answers: Answers,
}

/// Which cache, and how far it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// Where it is.
    pub address: Address,
    /// Whom to believe of what is there.
    pub trust: Trust,
    /// The smaller, the earlier it is asked; none for what it says itself, or else 50.
    pub priority: Option<u32>,
}

/// Whom to believe of what a cache has. What is named by its content needs nobody's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// These keys, and no others.
    Keys(Vec<PublicKey>),
    /// The cache itself, as one's own folder.
    Anything,
}

/// The priority of a cache that names none.
const PRIORITY: u32 = 50;

/// What every cache has.
pub(super) const CACHE_INFO: &str = "nix-cache-info";

impl Upstream {
    /// Takes a cache; asks nothing yet.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Silent`] where a bucket's address has a value that S3 has not.
    pub fn new(
        config: UpstreamConfig,
        dir: StoreDir,
        means: &Means,
    ) -> Result<Self, UpstreamError> {
        let place = Place::at(&config.address, means).map_err(|source| UpstreamError::Silent {
            cache: config.address.to_string(),
            what: CACHE_INFO.to_owned(),
            source: Silence::Unreadable {
                place: config.address.to_string(),
                source,
            },
        })?;
        Ok(Self {
            place,
            answers: Answers::new(means.memory),
            means: means.clone(),
            info: OnceCell::new(),
            config,
            dir,
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.config.address
    }

    /// What it says of itself; asked once.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Silent`], [`UpstreamError::NoCache`], [`UpstreamError::CacheInfo`],
    /// [`UpstreamError::StoreDir`].
    pub async fn info(&self) -> Result<&CacheInfo, UpstreamError> {
        self.info.get_or_try_init(|| self.ask_info()).await
    }

    /// The smaller, the earlier it is asked.
    ///
    /// # Errors
    ///
    /// As [`Upstream::info`], where the configuration names none.
    pub async fn priority(&self) -> Result<u32, UpstreamError> {
        match self.config.priority {
            Some(priority) => Ok(priority),
            None => Ok(self.info().await?.priority.unwrap_or(PRIORITY)),
        }
    }

    /// What it says of a path, where it may be believed; nothing where the path is not there.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`]: it could not be asked, or what it says does not count.
    pub async fn narinfo(&self, path: &StorePath) -> Result<Option<Arc<NarInfo>>, UpstreamError> {
        if let Some(answer) = self.answers.of(path.hash_bytes(), (self.means.now)()) {
            return answer.map(|it| self.is_of(path, it)).transpose();
        }
        self.info().await?;
        let name = format!("{}.narinfo", path.hash_part());
        let limit = NarInfo::MAX_BYTES as u64;
        let Some(bytes) = self.get(&name, limit).await? else {
            self.note(path, None);
            return Ok(None);
        };
        let narinfo = NarInfo::parse(&self.dir, &bytes);
        let narinfo = narinfo.map_err(|fault| self.bad_narinfo(path, fault))?;
        let narinfo = self.is_of(path, Arc::new(narinfo))?;
        self.believe(&narinfo)?;
        self.note(path, Some(&narinfo));
        Ok(Some(narinfo))
    }

    /// What it says an output became, where it may be believed; nothing where it does not know.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Silent`], [`UpstreamError::Realisation`]; as [`Upstream::info`].
    pub async fn realisation(&self, id: &DrvOutput) -> Result<Option<Realisation>, UpstreamError> {
        self.info().await?;
        let name = format!("realisations/{id}.doi");
        let limit = Realisation::MAX_BYTES as u64;
        let Some(bytes) = self.get(&name, limit).await? else {
            return Ok(None);
        };
        let bad = |fault| UpstreamError::Realisation {
            cache: self.config.address.to_string(),
            id: id.to_string(),
            fault,
        };
        let found = Realisation::parse(&bytes).map_err(|it| bad(it.into()))?;
        if found.id != *id {
            let found = found.id.to_string();
            return Err(bad(RealisationFault::Other { found }));
        }
        match &self.config.trust {
            Trust::Keys(keys) if !found.is_signed_by(keys) => Err(bad(RealisationFault::Unsigned)),
            Trust::Keys(_) | Trust::Anything => Ok(Some(found)),
        }
    }

    /// Reads the listing of a path's NAR, as JSON; nothing where it is not there. Nobody signs it.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Silent`]; as [`Upstream::info`].
    pub async fn listing(
        &self,
        path: &StorePath,
        most_bytes: u64,
    ) -> Result<Option<Vec<u8>>, UpstreamError> {
        self.info().await?;
        self.get(&format!("{}.ls", path.hash_part()), most_bytes)
            .await
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) const fn dir(&self) -> &StoreDir {
        &self.dir
    }

    pub(super) fn cache(&self) -> String {
        self.config.address.to_string()
    }

    /// Forgets what was said of a path, so that it is asked again.
    pub(super) fn forget(&self, path: &StorePath) {
        self.answers.forget(path.hash_bytes());
    }

    /// Reads a small file of it.
    pub(super) async fn get(
        &self,
        name: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, UpstreamError> {
        let silent = |source| UpstreamError::Silent {
            cache: self.config.address.to_string(),
            what: name.to_owned(),
            source,
        };
        if let Some(why) = self.answers.rests((self.means.now)()) {
            return Err(silent(Silence::Resting { why }));
        }
        let got = self.place.get(name, limit).await;
        got.map_err(|error| {
            if let Some(why) = out_of_reach(&error) {
                self.answers.rest(why, (self.means.now)());
            }
            silent(error)
        })
    }

    async fn ask_info(&self) -> Result<CacheInfo, UpstreamError> {
        let cache = || self.config.address.to_string();
        let limit = CacheInfo::MAX_BYTES as u64;
        let Some(bytes) = self.get(CACHE_INFO, limit).await? else {
            return Err(UpstreamError::NoCache { cache: cache() });
        };
        let info = CacheInfo::parse(&bytes).map_err(|fault| UpstreamError::CacheInfo {
            cache: cache(),
            fault,
        })?;
        if info.store_dir != self.dir {
            return Err(UpstreamError::StoreDir {
                cache: cache(),
                theirs: info.store_dir.as_str().to_owned(),
                ours: self.dir.as_str().to_owned(),
            });
        }
        Ok(info)
    }

    fn note(&self, path: &StorePath, answer: Option<&Arc<NarInfo>>) {
        let now = (self.means.now)();
        self.answers.note(*path.hash_bytes(), answer.cloned(), now);
    }

    fn is_of(
        &self,
        path: &StorePath,
        narinfo: Arc<NarInfo>,
    ) -> Result<Arc<NarInfo>, UpstreamError> {
        if narinfo.path == *path {
            return Ok(narinfo);
        }
        Err(UpstreamError::OtherPath {
            cache: self.config.address.to_string(),
            path: path.clone(),
            found: narinfo.path.clone(),
        })
    }

    pub(super) fn bad_narinfo(&self, path: &StorePath, fault: NarInfoError) -> UpstreamError {
        UpstreamError::NarInfo {
            cache: self.config.address.to_string(),
            path: path.clone(),
            fault,
        }
    }

    /// Whether what it says of a path counts. That a content is the one that names the path, is
    /// seen when it comes.
    fn believe(&self, narinfo: &NarInfo) -> Result<(), UpstreamError> {
        if let Some(ca) = &narinfo.ca {
            let references = References::of(&narinfo.path, &narinfo.references);
            let name = narinfo.path.name().clone();
            let named = self.dir.content_path(name, ca, &references);
            if named.as_ref() == Ok(&narinfo.path) {
                return Ok(());
            }
            return Err(UpstreamError::ContentAddress {
                cache: self.config.address.to_string(),
                path: narinfo.path.clone(),
                ca: *ca,
            });
        }
        match &self.config.trust {
            Trust::Anything => Ok(()),
            Trust::Keys(keys) if narinfo.is_signed_by(&self.dir, keys) => Ok(()),
            Trust::Keys(_) => {
                let signers: Vec<_> = narinfo.signatures.iter().map(Signature::name).collect();
                Err(UpstreamError::Unsigned {
                    cache: self.config.address.to_string(),
                    path: narinfo.path.clone(),
                    signers: match signers.as_slice() {
                        [] => "it has none".to_owned(),
                        some => format!("it has those of `{}`", some.join("`, `")),
                    },
                })
            }
        }
    }
}

/// Why the cache as a whole is out of reach, not a file of it.
fn out_of_reach(silence: &Silence) -> Option<String> {
    match silence {
        Silence::Server(DownloadError::Server {
            fault: fault @ (Fault::Unreachable { .. } | Fault::TimedOut { .. }),
            ..
        }) => Some(fault.to_string()),
        _ => None,
    }
}
