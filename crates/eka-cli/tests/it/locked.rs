//! A set with published atoms, and an atom that has locked them.

use std::fs;
use std::path::PathBuf;

use atom::commit::{AtomCommit, SpecCommit};
use atom::refname::{AtomRef, Part};
use atom::{AtomId, NarHash, Root};
use testkit::repo::Repo;

use crate::support::World;

/// The consumer works in the world's folder; the set is published to `up`.
pub(crate) struct Locked {
    pub(crate) world: World,
    pub(crate) lib: Repo,
    pub(crate) up: Repo,
}

/// What one run showed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) shown: String,
}

impl Locked {
    /// `zlib@1.3.1`, which depends on `util@0.1.4` of its set, is locked.
    pub(crate) fn new() -> Self {
        let story = Self::published();
        let url = story.up.url();
        story.depend(&format!("core = \"{url}\""), "zlib = \"^1\"");
        story.run(&["lock"]).exit(0);
        story
    }

    /// Nothing is locked yet.
    pub(crate) fn published() -> Self {
        let world = World::new();
        let up = world.env.bare("up.git");
        let lib = world.env.repo("lib");
        lib.git(["remote", "add", "origin", &up.url()]);
        lib.write("README", "a set\n");
        lib.commit("begin");
        let story = Self { world, lib, up };
        story.push();
        story.run_in("lib", &["init"]).exit(0);
        story.atom("util", "0.1.4", "");
        story.atom(
            "zlib",
            "1.3.1",
            "[sets]\nhere = \"::\"\n[deps.here]\nutil = \">=0.1, <1\"\n",
        );
        let lib = &story.lib;
        lib.write("libs/zlib/b.d", "dot\n")
            .write("libs/zlib/b/x", "folder\n");
        lib.executable("libs/zlib/b-d", "#!/bin/sh\n")
            .symlink("libs/zlib/l", "b/x");
        story.publish("--all");
        story
    }

    /// Writes an atom of the set.
    pub(crate) fn atom(&self, id: &str, version: &str, more: &str) {
        let text = format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n{more}");
        self.lib.write(&format!("libs/{id}/atom.toml"), text);
    }

    /// Locks, commits, pushes and publishes; `--all` for all atoms of the set.
    pub(crate) fn publish(&self, which: &str) {
        self.run_in("lib", &["lock", "--all"]).exit(0);
        self.lib.commit("change");
        self.push();
        self.run_in("lib", &["publish", which]).exit(0);
    }

    pub(crate) fn push(&self) {
        self.lib
            .git(["push", "--quiet", "--force", "origin", "HEAD:main"]);
    }

    /// Writes the consumer's manifest.
    pub(crate) fn depend(&self, sets: &str, deps: &str) {
        let text = format!(
            "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n[sets]\n{sets}\n[deps.core]\n{deps}\n"
        );
        self.world.write("atom.toml", &text);
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let shown = self.world.run(args);
        Ran { shown }
    }

    /// Runs in another folder of the world.
    pub(crate) fn run_in(&self, below: &str, args: &[&str]) -> Ran {
        let folder = format!("../{below}");
        let args: Vec<&str> = ["-C", &folder].iter().chain(args).copied().collect();
        self.run(&args)
    }

    /// A path in the cache.
    pub(crate) fn cache(&self, below: &str) -> PathBuf {
        self.world.env.home().join(".cache/eka").join(below)
    }

    /// Removes the whole cache, as on another machine.
    pub(crate) fn forget(&self) {
        let cache = self.cache("");
        if cache.exists() {
            fs::remove_dir_all(cache).unwrap();
        }
        self.forget_store();
    }

    /// Removes the store, which has the sources too.
    pub(crate) fn forget_store(&self) {
        let store = self.world.env.home().join(".local/share/eka/store");
        if store.exists() {
            fs::remove_dir_all(store).unwrap();
        }
    }

    /// What lies in the cache's folder of contents.
    pub(crate) fn contents(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cache("src")).into_iter().flatten();
        let mut names: Vec<String> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn root(&self) -> Root {
        self.up.rev("refs/eka/root").parse().unwrap()
    }

    pub(crate) fn name(id: &str, version: &str, part: Part) -> String {
        AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), part).to_string()
    }

    /// The commit of one ref.
    pub(crate) fn part(&self, id: &str, version: &str, part: Part) -> String {
        self.up.rev(&Self::name(id, version, part))
    }

    /// Sets one ref.
    pub(crate) fn set(&self, id: &str, version: &str, part: Part, object: &str) {
        let name = Self::name(id, version, part);
        self.up.git(["update-ref", &name, object]);
    }

    pub(crate) fn atom_commit(&self, id: &str, version: &str) -> AtomCommit {
        let bytes = self.raw(&self.part(id, version, Part::Atom));
        AtomCommit::parse(&bytes).unwrap()
    }

    pub(crate) fn spec_commit(&self, id: &str, version: &str) -> SpecCommit {
        let bytes = self.raw(&self.part(id, version, Part::Spec));
        SpecCommit::parse(&bytes).unwrap()
    }

    fn raw(&self, commit: &str) -> Vec<u8> {
        let out = self.up.try_git(&["cat-file", "commit", commit]);
        assert!(out.status.success());
        out.stdout
    }

    /// Writes an object that git itself might refuse.
    pub(crate) fn object(&self, kind: &str, bytes: &[u8]) -> String {
        let args = ["hash-object", "-t", kind, "--literally", "-w", "--stdin"];
        self.up.git_with(args, bytes)
    }

    /// Writes an atom commit and its spec over the ones that a version has.
    pub(crate) fn forge(
        &self,
        id: &str,
        version: &str,
        change: impl FnOnce(&mut AtomCommit, &mut SpecCommit),
    ) {
        let mut atom = self.atom_commit(id, version);
        let mut spec = self.spec_commit(id, version);
        let before = spec.atom_commit;
        change(&mut atom, &mut spec);
        let rev = self.object("commit", &atom.print());
        if spec.atom_commit == before {
            spec.atom_commit = rev.parse().unwrap();
        }
        let spec = self.object("commit", &spec.print());
        self.set(id, version, Part::Atom, &rev);
        self.set(id, version, Part::Spec, &spec);
    }

    /// Does something in this world, then puts refs, cache and the consumer's lock back.
    pub(crate) fn case(&self, work: impl FnOnce()) {
        let refs = self.up.refs();
        let lock = fs::read(self.world.path("atom.lock")).ok();
        work();
        let update = |it: &String| {
            let (object, name) = it.split_once(' ').unwrap();
            format!("update {name} {object}\n")
        };
        let lines: String = refs.iter().map(update).collect();
        self.up
            .git_with(["update-ref", "--stdin"], lines.as_bytes());
        match lock {
            Some(lock) => fs::write(self.world.path("atom.lock"), lock).unwrap(),
            None => fs::remove_file(self.world.path("atom.lock")).unwrap_or_default(),
        }
        self.forget();
    }

    /// Puts another text in place of one in the consumer's lock.
    pub(crate) fn edit_lock(&self, from: &str, to: &str) {
        let text = self.world.read("atom.lock");
        assert!(text.contains(from), "{from} is not in\n{text}");
        self.world.write("atom.lock", &text.replace(from, to));
    }

    pub(crate) fn atom_id(&self, id: &str) -> AtomId {
        AtomId::new(self.root(), id.parse().unwrap())
    }
}

/// A nar that nothing has.
pub(crate) fn false_nar() -> NarHash {
    NarHash([7; 32])
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

    /// Each of these is shown, however the lines were broken.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        let flat = self.flat();
        for part in parts {
            assert!(
                flat.contains(&solid(part)),
                "`{part}` is not in\n{}",
                self.shown
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn says_nothing_of(&self, parts: &[&str]) -> &Self {
        let flat = self.flat();
        for part in parts {
            assert!(
                !flat.contains(&solid(part)),
                "`{part}` is in\n{}",
                self.shown
            );
        }
        self
    }

    /// The lines of stdout.
    pub(crate) fn out(&self) -> Vec<String> {
        let lines = self.shown.lines();
        lines
            .filter_map(|it| Some(it.strip_prefix("out: ")?.to_owned()))
            .collect()
    }

    fn flat(&self) -> String {
        let bare = |it: &str| {
            let it = it.trim_start_matches("err:").trim();
            it.trim_start_matches(['│', '╰', '─', '▶', '├'])
                .trim()
                .to_owned()
        };
        solid(&self.shown.lines().map(bare).collect::<String>())
    }
}

/// A text less its white space: lines are broken at odd places.
fn solid(text: &str) -> String {
    text.split_whitespace().collect()
}
