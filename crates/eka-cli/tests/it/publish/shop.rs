//! A repository to publish from, and a bare one to publish to.

use std::process::Command;

use testkit::repo::Repo;

use crate::support::World;

/// `work` with its remote `origin`, which checks all that it is sent.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) repo: Repo,
    pub(crate) up: Repo,
}

impl Shop {
    /// An empty repository and its remote.
    pub(crate) fn empty() -> Self {
        let world = World::new();
        let up = world.env.bare("up.git");
        let repo = world.env.repo("work");
        repo.git(["remote", "add", "origin", &up.url()]);
        Self { world, repo, up }
    }

    /// One with a commit that is the set's root.
    pub(crate) fn new() -> Self {
        let shop = Self::empty();
        shop.repo.write("README", "a shop\n").commit("begin");
        shop.push();
        shop.run(&["init"]).done();
        shop
    }

    /// Writes an atom of two files.
    pub(crate) fn atom(&self, folder: &str, id: &str, version: &str) -> &Self {
        self.manifest(folder, id, version, "");
        self.repo
            .write(&format!("{folder}/main.txt"), format!("{id}\n"));
        self
    }

    /// Writes a manifest with more in it.
    pub(crate) fn manifest(&self, folder: &str, id: &str, version: &str, more: &str) -> &Self {
        let text = format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n{more}");
        self.repo.write(&format!("{folder}/atom.toml"), text);
        self
    }

    /// Commits all, and pushes the branch.
    pub(crate) fn commit(&self) -> String {
        let commit = self.repo.commit("change");
        self.push();
        commit
    }

    pub(crate) fn push(&self) {
        self.repo
            .git(["push", "--quiet", "--force", "origin", "HEAD:main"]);
    }

    pub(crate) fn eka(&self, args: &[&str]) -> Command {
        self.world.eka(args)
    }

    /// Runs `eka ARGS` in the repository.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let shown = self.world.run(args);
        Ran { shown }
    }

    /// The refs of atoms that the remote has.
    pub(crate) fn refs(&self) -> Vec<String> {
        refs(&self.up)
    }
}

/// The refs of atoms in a repository, `<commit> <ref>` each.
pub(crate) fn refs(repo: &Repo) -> Vec<String> {
    let refs = repo.refs();
    refs.into_iter()
        .filter(|it| it.contains(" refs/atoms/"))
        .collect()
}

/// What a run showed: its exit code, then its streams.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) shown: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exit(&self, code: i32) -> &Self {
        assert!(
            self.shown.starts_with(&format!("{code}\n")),
            "{}",
            self.shown
        );
        self
    }

    #[track_caller]
    pub(crate) fn done(&self) -> &Self {
        self.exit(0)
    }

    /// Each of these is shown, however the lines were broken.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        let flat = self.flat();
        for part in parts {
            assert!(flat.contains(part), "`{part}` is not in\n{}", self.shown);
        }
        self
    }

    #[track_caller]
    pub(crate) fn says_nothing_of(&self, parts: &[&str]) -> &Self {
        let flat = self.flat();
        for part in parts {
            assert!(!flat.contains(part), "`{part}` is in\n{}", self.shown);
        }
        self
    }

    fn flat(&self) -> String {
        let lines = self.shown.lines();
        let bare = lines.map(|it| {
            it.trim_start_matches("err:")
                .trim()
                .trim_start_matches('│')
                .trim()
        });
        bare.collect::<Vec<_>>().join(" ")
    }
}
