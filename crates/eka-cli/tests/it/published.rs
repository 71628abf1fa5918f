//! Repositories with published atoms, written by git itself from the bytes of the format.

use atom::commit::{AtomCommit, SpecCommit};
use atom::notice::{Deprecation, Yank};
use atom::refname::{AtomRef, Part};
use atom::{AtomId, NarHash, ObjectId, Root};
use testkit::repo::Repo;

use crate::support::World;

/// A repository with a commit, a root, and whatever is published into it.
pub(crate) struct Published {
    pub(crate) repo: Repo,
    pub(crate) root: Root,
}

impl Published {
    pub(crate) fn new(world: &World, below: &str) -> Self {
        Self::at(&world.env, below)
    }

    fn at(env: &testkit::env::Env, below: &str) -> Self {
        let repo = env.repo(below);
        let commit = repo.write("readme", below).commit("begin");
        repo.git(["update-ref", "refs/eka/root", &commit]);
        let root = commit.parse().unwrap();
        Self { repo, root }
    }

    /// Publishes one version with this manifest; returns its spec commit.
    pub(crate) fn publish(&self, id: &str, version: &str, manifest: &str) -> String {
        self.publish_as(id, version, manifest, |_| {})
    }

    /// The same, with something changed in the spec.
    pub(crate) fn publish_as(
        &self,
        id: &str,
        version: &str,
        manifest: &str,
        change: impl FnOnce(&mut SpecCommit),
    ) -> String {
        let head: ObjectId = self.repo.rev("HEAD").parse().unwrap();
        let blob = self.object("blob", manifest.as_bytes());
        let entry = format!("100644 blob {blob}\tatom.toml\n");
        let tree = self.repo.git_with(["mktree"], entry.as_bytes());
        let tree: ObjectId = tree.trim().parse().unwrap();
        let atom = AtomId::new(self.root, id.parse().unwrap());
        let atom_commit = AtomCommit {
            tree,
            atom: atom.clone(),
            version: version.parse().unwrap(),
            nar: NarHash([7; 32]),
        };
        let rev = self.object("commit", &atom_commit.print());
        let mut spec = SpecCommit {
            tree,
            atom,
            version: version.parse().unwrap(),
            nar: NarHash([7; 32]),
            atom_commit: rev.parse().unwrap(),
            path: "libs/it".parse().unwrap(),
            src: head,
        };
        change(&mut spec);
        let spec = self.object("commit", &spec.print());
        self.set(id, version, Part::Atom, &rev);
        self.set(id, version, Part::Spec, &spec);
        self.set(id, version, Part::Src, &head.to_string());
        spec
    }

    /// Publishes many versions at once: `(id, version, manifest)`.
    pub(crate) fn publish_all(&self, atoms: &[(String, String, String)]) {
        let head: ObjectId = self.repo.rev("HEAD").parse().unwrap();
        let manifests = atoms.iter().map(|it| it.2.as_bytes().to_vec());
        let blobs = self.objects("blob", manifests.collect());
        let entries = blobs.iter();
        let entries = entries.map(|it| format!("100644 blob {it}\tatom.toml\n\n"));
        let entries: String = entries.collect();
        let trees = self
            .repo
            .git_with(["mktree", "--batch"], entries.as_bytes());
        let trees: Vec<ObjectId> = trees.lines().map(|it| it.parse().unwrap()).collect();
        let commit =
            |((id, version, _), tree): (&(String, String, String), &ObjectId)| AtomCommit {
                tree: *tree,
                atom: AtomId::new(self.root, id.parse().unwrap()),
                version: version.parse().unwrap(),
                nar: NarHash([7; 32]),
            };
        let commits: Vec<AtomCommit> = atoms.iter().zip(&trees).map(commit).collect();
        let revs = self.objects("commit", commits.iter().map(AtomCommit::print).collect());
        let spec = |(commit, rev): (&AtomCommit, &String)| {
            let spec = SpecCommit {
                tree: commit.tree,
                atom: commit.atom.clone(),
                version: commit.version.clone(),
                nar: commit.nar,
                atom_commit: rev.parse().unwrap(),
                path: "libs/it".parse().unwrap(),
                src: head,
            };
            spec.print()
        };
        let specs = self.objects("commit", commits.iter().zip(&revs).map(spec).collect());
        let mut refs = String::new();
        for (at, (id, version, _)) in atoms.iter().enumerate() {
            for (part, object) in [
                (Part::Atom, &revs[at]),
                (Part::Spec, &specs[at]),
                (Part::Src, &head.to_string()),
            ] {
                let name = AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), part);
                refs.push_str(&format!("update {name} {object}\n"));
            }
        }
        self.repo
            .git_with(["update-ref", "--stdin"], refs.as_bytes());
    }

    /// Writes objects of one kind, by one process.
    fn objects(&self, kind: &str, all: Vec<Vec<u8>>) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = String::new();
        for (at, bytes) in all.iter().enumerate() {
            let path = folder.path().join(at.to_string());
            std::fs::write(&path, bytes).unwrap();
            paths.push_str(&format!("{}\n", path.display()));
        }
        let args = [
            "hash-object",
            "-t",
            kind,
            "-w",
            "--no-filters",
            "--stdin-paths",
        ];
        let ids = self.repo.git_with(args, paths.as_bytes());
        ids.lines().map(str::to_owned).collect()
    }

    /// Takes a version back.
    pub(crate) fn yank(&self, id: &str, version: &str, reason: &str) {
        let yank = Yank {
            atom: self.rev(id, version),
            reason: reason.parse().unwrap(),
        };
        let commit = self.notice(&yank.print());
        self.set(id, version, Part::Yank, &commit);
    }

    /// Advises against a version.
    pub(crate) fn deprecate(&self, id: &str, version: &str, (reason, uri): (&str, Option<&str>)) {
        let deprecation = Deprecation {
            atom: self.rev(id, version),
            successor: uri.map(|it| it.parse().unwrap()),
            reason: reason.parse().unwrap(),
        };
        let commit = self.notice(&deprecation.print());
        self.set(id, version, Part::Deprecate, &commit);
    }

    fn rev(&self, id: &str, version: &str) -> ObjectId {
        let version = version.parse().unwrap();
        let name = AtomRef::new(id.parse().unwrap(), version, Part::Atom);
        self.repo.rev(&name.to_string()).parse().unwrap()
    }

    /// A commit over the empty tree, which is written as well.
    pub(crate) fn notice(&self, bytes: &[u8]) -> String {
        self.repo.git_with(["mktree"], b"");
        self.object("commit", bytes)
    }

    /// Sets one ref of a version.
    pub(crate) fn set(&self, id: &str, version: &str, part: Part, object: &str) {
        let name = AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), part);
        self.repo.git(["update-ref", &name.to_string(), object]);
    }

    fn object(&self, kind: &str, bytes: &[u8]) -> String {
        let args = ["hash-object", "-t", kind, "-w", "--stdin"];
        self.repo.git_with(args, bytes).trim().to_owned()
    }
}

/// Sets behind URLs that a foreign manifest may name: `https://sets.test/NAME` is the folder
/// `sets/NAME` of the world, by `insteadOf`.
pub(crate) struct Sets {
    env: testkit::env::Env,
}

impl Sets {
    pub(crate) fn new(world: &World) -> Self {
        let env = world.env.clone();
        let folder = env.path("sets");
        let url = format!("file://{}/", folder.display());
        env.git_config(&format!(
            "[url \"{url}\"]\n\tinsteadOf = https://sets.test/\n"
        ));
        Self { env }
    }

    /// The set of that name, made where it is not there.
    pub(crate) fn set(&self, name: &str) -> Published {
        let below = format!("sets/{name}");
        let path = self.env.path(&below);
        if !path.exists() {
            return Published::at(&self.env, &below);
        }
        let repo = self.env.at(&path);
        let root = repo.rev("refs/eka/root").parse().unwrap();
        Published { repo, root }
    }

    /// Copies a set with all of its refs.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let to = self.env.path(&format!("sets/{to}")).display().to_string();
        self.set(from)
            .repo
            .git(["clone", "--quiet", "--mirror", ".", &to]);
    }

    /// Takes a set away, as a server that is gone.
    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_dir_all(self.env.path(&format!("sets/{name}"))).unwrap();
    }
}

/// The least manifest.
pub(crate) fn manifest(id: &str, version: &str) -> String {
    format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n")
}

/// A manifest that depends on atoms of its own set: `id = "requirement"` lines.
pub(crate) fn needs(id: &str, version: &str, deps: &str) -> String {
    format!(
        "{}[sets]\nhere = \"::\"\n[deps.here]\n{deps}\n",
        manifest(id, version)
    )
}
