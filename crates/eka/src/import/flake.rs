//! A `flake.lock`, as Nix writes it (versions 5 to 7).

use std::collections::{BTreeMap, BTreeSet};

use atom::manifest::GitAt;
use serde::Deserialize;

use super::Extent;
use super::found::{Found, Input};

/// The versions that are read. They differ in how inputs are looked up, not in what is locked.
pub(super) const VERSIONS: std::ops::RangeInclusive<u64> = 5..=7;

/// How many follows lead from one input to another at most.
const MAX_STEPS: usize = 64;

#[derive(Debug, Deserialize)]
pub(super) struct File {
    root: String,
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    #[serde(default)]
    inputs: BTreeMap<String, Ref>,
    locked: Option<Reference>,
    original: Option<Reference>,
}

/// A node, or the way to one by names of inputs, from the root.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Ref {
    Node(String),
    Follows(Vec<String>),
}

/// A flake reference as attributes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    r#type: String,
    owner: Option<String>,
    repo: Option<String>,
    host: Option<String>,
    url: Option<String>,
    path: Option<String>,
    r#ref: Option<String>,
    rev: Option<String>,
    dir: Option<String>,
    nar_hash: Option<String>,
    submodules: bool,
    lfs: bool,
}

impl File {
    /// The inputs of the root, by name; then, where all are asked for, those of others by the name
    /// of their node.
    pub(super) fn found(&self, extent: Extent) -> Vec<Found> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let none = BTreeMap::new();
        let inputs = self.nodes.get(&self.root).map_or(&none, |it| &it.inputs);
        for (name, input) in inputs {
            let pin = match self.node(input, 0) {
                Some(node) => {
                    seen.insert(node);
                    self.input(node)
                }
                None => Err("it follows an input that is not there".to_owned()),
            };
            let name = name.clone();
            found.push(Found { name, pin });
        }
        if extent == Extent::All {
            let others = self.nodes.keys();
            let others = others.filter(|it| **it != self.root && !seen.contains(it.as_str()));
            found.extend(others.map(|node| Found {
                name: node.clone(),
                pin: self.input(node),
            }));
        }
        found
    }

    /// The node that an input is.
    fn node<'a>(&'a self, input: &'a Ref, steps: usize) -> Option<&'a str> {
        let path = match input {
            Ref::Node(node) => return Some(node),
            Ref::Follows(path) if path.is_empty() || steps > MAX_STEPS => return None,
            Ref::Follows(path) => path,
        };
        let mut node = self.root.as_str();
        for name in path {
            node = self.node(self.nodes.get(node)?.inputs.get(name)?, steps + 1)?;
        }
        Some(node)
    }

    fn input(&self, node: &str) -> Result<Input, String> {
        let node = self.nodes.get(node).ok_or("the file has no such node")?;
        let locked = node.locked.as_ref().ok_or("it is not locked")?;
        let none = Reference::default();
        locked.input(node.original.as_ref().unwrap_or(&none))
    }
}

impl Reference {
    fn input(&self, original: &Self) -> Result<Input, String> {
        let at = |input: Input| {
            let dir = self.dir.as_deref().or(original.dir.as_deref());
            let note = dir.map(|it| format!("its flake lies in `{it}`; the pin is the whole"));
            input.with_note(note)
        };
        match self.r#type.as_str() {
            "github" => self.forge(original, "github.com").map(at),
            "gitlab" => self.forge(original, "gitlab.com").map(at),
            "sourcehut" => self.forge(original, "git.sr.ht").map(at),
            "git" => self.git(original).map(at),
            "tarball" => {
                let led_to = self.url.as_deref().ok_or("it has no URL")?;
                let url = original.url.as_deref().unwrap_or(led_to);
                Input::tar(url, Some(led_to), self.nar_hash.as_deref()).map(at)
            }
            "file" => Err(format!(
                "its hash is of another kind: `eka add --pin NAME --url {}` pins it",
                self.url.as_deref().unwrap_or("URL")
            )),
            "path" => Err(format!(
                "it is the folder `{}`, which nobody else has",
                self.path.as_deref().unwrap_or_default()
            )),
            other => Err(format!(
                "there is no pin for an input of the type `{other}`"
            )),
        }
    }

    /// A repository of a forge: what Nix fetches as an archive is the tree of the commit.
    fn forge(&self, original: &Self, host: &str) -> Result<Input, String> {
        let owner = self.owner.as_deref().ok_or("it has no owner")?;
        // Nix writes groups within groups so.
        let owner = owner.replace("%2F", "/").replace("%2f", "/");
        let repo = self.repo.as_deref().ok_or("it has no repository")?;
        let host = self.host.as_deref().unwrap_or(host);
        let host = host.split('/').next().unwrap_or(host);
        self.commit(&format!("https://{host}/{owner}/{repo}"), original)
    }

    fn git(&self, original: &Self) -> Result<Input, String> {
        if self.submodules || self.lfs {
            return Err("it takes submodules or large files along".to_owned());
        }
        let url = self.url.as_deref().ok_or("it has no URL")?;
        self.commit(url, original)
    }

    fn commit(&self, url: &str, original: &Self) -> Result<Input, String> {
        let rev = self.rev.as_deref().ok_or("it is locked to no commit")?;
        let at = match (&original.rev, &original.r#ref) {
            (Some(rev), _) => {
                let rev = rev.parse();
                GitAt::Rev(rev.map_err(|_| "what was asked for is no commit")?)
            }
            (None, Some(name)) => GitAt::Ref(name.clone()),
            (None, None) => GitAt::Head,
        };
        Input::git(url, at, rev, self.nar_hash.as_deref())
    }
}
