//! The `sources.json` of npins (versions 1 to 8).

use std::collections::BTreeMap;

use atom::manifest::GitAt;
use atom::{Requirement, Version};
use serde::Deserialize;

use super::found::{Found, Input};

/// The versions that are read: what they changed since the first has other names, which are read
/// all.
pub(super) const VERSIONS: std::ops::RangeInclusive<u64> = 1..=8;

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pins: BTreeMap<String, Pin>,
}

/// A pin of whatever type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pin {
    r#type: String,
    repository: Option<Repository>,
    branch: Option<String>,
    revision: Option<String>,
    version: Option<String>,
    version_upper_bound: Option<String>,
    pre_releases: bool,
    release_prefix: Option<String>,
    submodules: bool,
    lfs: bool,
    url: Option<String>,
    /// Where the URL led, up to version 7.
    locked_url: Option<String>,
    /// What leads to the URL, from version 8 on.
    update_url: Option<String>,
    unpack: bool,
    hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Repository {
    Git {
        url: String,
    },
    GitHub {
        owner: String,
        repo: String,
    },
    GitLab {
        repo_path: String,
        #[serde(default = "gitlab")]
        server: String,
    },
    Forgejo {
        server: String,
        owner: String,
        repo: String,
    },
    #[serde(other)]
    Other,
}

fn gitlab() -> String {
    "https://gitlab.com".to_owned()
}

impl File {
    /// Every pin, by name.
    pub(super) fn found(&self) -> Vec<Found> {
        let found = self.pins.iter().map(|(name, pin)| Found {
            name: name.clone(),
            pin: pin.input(),
        });
        found.collect()
    }
}

impl Pin {
    fn input(&self) -> Result<Input, String> {
        let hash = self.hash.as_deref();
        let url = || self.url.as_deref().ok_or("it has no URL");
        match (self.r#type.as_str(), self.unpack) {
            ("Git", _) => {
                let branch = self.branch.as_deref().ok_or("it has no branch")?;
                self.commit(GitAt::Ref(branch.to_owned()))
            }
            ("GitRelease", _) => self.release(),
            ("Channel", _) => Input::tar(url()?, None, hash),
            ("Tarball", _) => Input::tar(url()?, self.locked_url.as_deref(), hash),
            ("Url", true) => Input::tar(url()?, None, hash),
            ("MutableUrl", true) => {
                let led_to = url()?;
                Input::tar(
                    self.update_url.as_deref().unwrap_or(led_to),
                    Some(led_to),
                    hash,
                )
            }
            ("PyPi" | "File" | "Url" | "MutableUrl", _) => Input::file(url()?, hash),
            (other, _) => Err(format!("there is no pin for a pin of the type `{other}`")),
        }
    }

    /// The newest release: a requirement on the tags, where they are versions as eka reads them.
    fn release(&self) -> Result<Input, String> {
        let tag = self
            .version
            .as_deref()
            .ok_or("it is locked to no release")?;
        let plain = tag.strip_prefix('v').unwrap_or(tag);
        let version: Option<Version> = plain.parse().ok();
        let bound = match &self.version_upper_bound {
            None => Some("*".to_owned()),
            Some(bound) => {
                let bound: Option<Requirement> = format!("<{bound}").parse().ok();
                bound.map(|it| it.to_string())
            }
        };
        let req = bound.and_then(|it| it.parse::<Requirement>().ok());
        let own_rules = self.pre_releases || self.release_prefix.is_some();
        match (version, req) {
            (Some(version), Some(req)) if !own_rules && req.matches(&version) => {
                self.commit(GitAt::Version(req))
            }
            _ => {
                let input = self.commit(GitAt::Ref(format!("refs/tags/{tag}")))?;
                let note = "the tag is pinned: which is the newest release is told otherwise here";
                Ok(input.with_note(Some(note.to_owned())))
            }
        }
    }

    fn commit(&self, at: GitAt) -> Result<Input, String> {
        if self.submodules || self.lfs {
            return Err("it takes submodules or large files along".to_owned());
        }
        let rev = self
            .revision
            .as_deref()
            .ok_or("it is locked to no commit")?;
        let repository = self.repository.as_ref().ok_or("it has no repository")?;
        Input::git(&repository.url()?, at, rev, self.hash.as_deref())
    }
}

impl Repository {
    fn url(&self) -> Result<String, String> {
        let at = |server: &str, path: &str| format!("{}/{path}", server.trim_end_matches('/'));
        Ok(match self {
            Self::Git { url } => url.clone(),
            Self::GitHub { owner, repo } => format!("https://github.com/{owner}/{repo}"),
            Self::GitLab { repo_path, server } => at(server, repo_path),
            Self::Forgejo {
                server,
                owner,
                repo,
            } => at(server, &format!("{owner}/{repo}")),
            Self::Other => return Err("its repository is of a type that is not known".to_owned()),
        })
    }
}
