//! What the tests of remotes share: published atoms without a publisher, and quick options.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atom::commit::{AtomCommit, SpecCommit};
use atom::refname::{AtomRef, Part};
use atom::url::RepoUrl;
use atom::{AtomId, Id, NarHash, ObjectId, Root, Version};
use atom_git::cache::Cache;
use atom_git::remote::{Limits, Retry, TransportOptions};
use atom_git::repo::{Environment, Options};
use gix::odb::loose;
use testkit::env::Env;
use testkit::repo::Repo;

/// A remote repository, written to without git where that is quicker.
pub(crate) struct Remote {
    pub(crate) repo: Repo,
    store: loose::Store,
    refs: BTreeMap<String, ObjectId>,
}

/// The commits of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) atom: ObjectId,
    pub(crate) spec: ObjectId,
}

impl Remote {
    /// An empty bare repository at `below`.
    pub(crate) fn new(env: &Env, below: &str) -> Self {
        Self::at(env.bare(below))
    }

    pub(crate) fn at(repo: Repo) -> Self {
        let store = loose::Store::at(repo.path().join("objects"), gix::hash::Kind::Sha1);
        Self {
            repo,
            store,
            refs: BTreeMap::new(),
        }
    }

    /// Writes an object.
    pub(crate) fn put(&self, kind: gix::objs::Kind, bytes: &[u8]) -> ObjectId {
        use gix::objs::Write as _;
        let id = self.store.write_buf(kind, bytes).unwrap();
        id.to_string().parse().unwrap()
    }

    /// Writes a tree of plain files.
    pub(crate) fn tree(&self, files: &[(&str, ObjectId)]) -> ObjectId {
        let mut bytes = Vec::new();
        for (name, id) in files {
            bytes.extend_from_slice(format!("100644 {name}\0").as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.put(gix::objs::Kind::Tree, &bytes)
    }

    /// Writes a commit without parents that is no atom.
    pub(crate) fn plain_commit(&self, message: &str) -> ObjectId {
        let tree = self.tree(&[]);
        let text =
            format!("tree {tree}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\n{message}\n");
        self.put(gix::objs::Kind::Commit, text.as_bytes())
    }

    /// Writes an atom and its spec, and notes their refs.
    pub(crate) fn atom(&mut self, id: &str, version: &str) -> Published {
        let manifest = format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n");
        self.atom_with(id, version, &manifest, "content")
    }

    pub(crate) fn atom_with(
        &mut self,
        id: &str,
        version: &str,
        manifest: &str,
        content: &str,
    ) -> Published {
        let blob = self.put(gix::objs::Kind::Blob, manifest.as_bytes());
        let file = self.put(gix::objs::Kind::Blob, content.as_bytes());
        let (id, version): (Id, Version) = (id.parse().unwrap(), version.parse().unwrap());
        let atom = AtomId::new(root(), id.clone());
        let nar = NarHash([7; 32]);
        let commit = AtomCommit {
            tree: self.tree(&[("atom.toml", blob), ("file", file)]),
            atom: atom.clone(),
            version: version.clone(),
            nar,
        };
        let atom_commit = self.put(gix::objs::Kind::Commit, &commit.print());
        let src = self.plain_commit("source");
        let spec = SpecCommit {
            tree: self.tree(&[("atom.toml", blob)]),
            atom,
            version: version.clone(),
            nar,
            atom_commit,
            path: ".".parse().unwrap(),
            src,
        };
        let spec = self.put(gix::objs::Kind::Commit, &spec.print());
        for (part, at) in [
            (Part::Atom, atom_commit),
            (Part::Spec, spec),
            (Part::Src, src),
        ] {
            let name = AtomRef::new(id.clone(), version.clone(), part).to_string();
            self.note(&name, at);
        }
        Published {
            atom: atom_commit,
            spec,
        }
    }

    /// Notes a ref to be set.
    pub(crate) fn note(&mut self, name: &str, id: ObjectId) {
        self.refs.insert(name.to_owned(), id);
    }

    /// Writes all refs noted so far as packed ones: git takes seconds for thousands.
    pub(crate) fn set_refs(&self) {
        let mut text = "# pack-refs with: sorted \n".to_owned();
        for (name, id) in &self.refs {
            writeln!(text, "{id} {name}").unwrap();
        }
        std::fs::write(self.repo.path().join("packed-refs"), text).unwrap();
    }

    /// The repository's URL below a server's.
    pub(crate) fn below(&self, server: &str) -> RepoUrl {
        let name = self.repo.path().file_name().unwrap().to_str().unwrap();
        RepoUrl::parse(&format!("{server}/{name}")).unwrap()
    }

    /// The repository's own path.
    pub(crate) fn path(&self) -> RepoUrl {
        url(self.repo.path().to_str().unwrap())
    }
}

/// The root that all atoms of the tests claim.
pub(crate) fn root() -> Root {
    "4abbd2644bc3585e9be95deb277ccf48f6ed26ac".parse().unwrap()
}

pub(crate) fn url(text: &str) -> RepoUrl {
    RepoUrl::parse(text).unwrap()
}

pub(crate) fn id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

pub(crate) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// An empty cache at `below`.
pub(crate) fn cache(env: &Env, below: &str) -> Cache {
    Cache::open(&env.path(below)).unwrap()
}

/// Options over no configuration but these settings, which wait for nothing.
pub(crate) fn options(env: &Env, config: &[&str]) -> TransportOptions {
    let folder = env.path("options");
    let git_dir: PathBuf = Cache::open(&folder).unwrap().git_dir();
    options_at(&git_dir, config)
}

pub(crate) fn options_at(git_dir: &Path, config: &[&str]) -> TransportOptions {
    let opening = Options {
        config: strings(config),
        environment: Environment::Nothing,
    };
    let mut options = TransportOptions::open(git_dir, &opening).unwrap();
    options.retry = Retry::never();
    options.limits = Limits {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(10),
        ..Limits::default()
    };
    options
}

/// So many tries, without a wait between them.
pub(crate) fn tries(n: usize) -> Retry {
    Retry {
        waits: vec![Duration::ZERO; n - 1],
    }
}
