//! A graph of atoms over many repositories, published from its last level up.

use std::path::PathBuf;

use testkit::graph::{self, Planned, Shape};
use testkit::repo::Repo;

use crate::scene::Scene;

/// Where manifests say that the repositories lie: below, by their names.
pub(crate) const SETS: &str = "https://sets.test/";

/// Published repositories.
pub(crate) struct Graph {
    pub(crate) planned: Vec<Planned>,
    /// As published: each spec holds the lock of its publisher.
    pub(crate) hinting: PathBuf,
    /// The same atoms, with specs that hold no lock.
    pub(crate) silent: PathBuf,
}

impl Graph {
    /// Publishes all atoms of a graph, level by level.
    pub(crate) fn publish(scene: &Scene, shape: Shape) -> Self {
        let planned = graph::plan(shape);
        let hinting = scene.env.path("hinting");
        let silent = scene.env.path("silent");
        std::fs::create_dir_all(&hinting).expect("a folder is made");
        find_sets_at(scene, &format!("file://{}/", hinting.display()));
        let sources = graph::write(&scene.env, "sources", &planned, |name| {
            format!("{SETS}{name}")
        });
        for level in (0..shape.depth).rev() {
            std::thread::scope(|scope| {
                let of_level = planned.iter().zip(&sources);
                for (planned, source) in of_level.filter(|(it, _)| it.level == level) {
                    scope.spawn(|| publish(scene, planned, source));
                }
            });
        }
        scene.copy(&hinting, &silent);
        std::thread::scope(|scope| {
            for planned in &planned {
                let repo = scene.env.at(&silent.join(&planned.name));
                scope.spawn(move || drop_locks(&repo));
            }
        });
        Self {
            planned,
            hinting,
            silent,
        }
    }

    /// Returns a manifest that depends on all atoms of the first level.
    pub(crate) fn manifest(&self) -> String {
        let first = self.planned.iter().enumerate();
        let first = first.filter(|(_, it)| it.level == 0);
        let atoms = first.flat_map(|(at, it)| it.atoms.iter().map(move |it| (at, it.id.clone())));
        let atoms: Vec<_> = atoms.collect();
        graph::manifest("app", "1.0.0", &atoms, |at| {
            let name = self.planned[at].name.clone();
            let url = format!("{SETS}{name}");
            (name, url)
        })
    }
}

/// Says where the sets' addresses lead.
pub(crate) fn find_sets_at(scene: &Scene, url: &str) {
    let line = format!("[url \"{url}\"]\n\tinsteadOf = {SETS}\n");
    scene.env.git_config(&line);
}

fn publish(scene: &Scene, planned: &Planned, source: &Repo) {
    let served = scene.env.bare(&format!("hinting/{}", planned.name));
    source.git(["remote", "add", "origin", &served.url()]);
    source.git(["push", "--quiet", "origin", "main"]);
    scene.eka(source.path(), &["init"]);
    scene.eka(source.path(), &["lock", "--all"]);
    source.commit("Lock");
    source.git(["push", "--quiet", "origin", "main"]);
    scene.eka(source.path(), &["publish", "--all"]);
}

/// Puts specs without a lock in place of those with one.
fn drop_locks(repo: &Repo) {
    for line in repo.refs() {
        let Some((id, name)) = line.split_once(' ').filter(|it| it.1.ends_with("/spec")) else {
            continue;
        };
        let tree = repo.git(["ls-tree", id]);
        let kept = tree.lines().filter(|it| !it.ends_with("\tatom.lock"));
        let kept: String = kept.map(|it| format!("{it}\n")).collect();
        let tree = repo.git_with(["mktree"], kept.as_bytes());
        let spec = repo.command().args(["cat-file", "commit", id]).output();
        let spec = String::from_utf8(spec.expect("git is here").stdout).expect("specs are ASCII");
        let (_, rest) = spec
            .split_once('\n')
            .expect("a commit begins with its tree");
        let spec = format!("tree {tree}\n{rest}");
        let hash = ["hash-object", "-t", "commit", "-w", "--stdin"];
        let spec = repo.git_with(hash, spec.as_bytes());
        repo.git(["update-ref", name, &spec]);
    }
}
