//! Publishing many atoms against one `git push --atomic` of the same refs from a repository
//! without refs, over file and http.

use std::cell::RefCell;
use std::path::PathBuf;

use testkit::atoms;
use testkit::http::GitHttp;
use testkit::repo::Repo;

use crate::measure::{Rounds, Spent, goal, ms, rounds, say};
use crate::scene::{Scene, text, timed_run};

/// How many commits stand before the atoms that are published again.
const N_COMMITS: u64 = 20_000;

/// How one transport is to do.
struct Wanted {
    transport: &'static str,
    one: One,
}

/// The goal for a single atom.
#[derive(Clone, Copy)]
enum One {
    /// At most so many milliseconds more than git.
    More(f64),
    /// At most so many times git.
    Times(f64),
}

pub(crate) fn run(scene: &Scene) {
    for (n_atoms, n_rounds) in [(1, 15), (100, 7), (1_000, 3)] {
        let stall = Stall::new(scene, n_atoms);
        let server = GitHttp::start(&stall.served());
        let file = format!("file://{}", stall.served().display());
        let wanted = [
            (file, "file", One::More(40.0)),
            (server.url(), "http", One::Times(2.5)),
        ];
        for (url, transport, one) in wanted {
            let found = stall.compare(&url, n_rounds);
            tell(&found, n_atoms, &Wanted { transport, one });
        }
    }
    again(scene);
}

fn tell(found: &Rounds<3>, n_atoms: u64, wanted: &Wanted) {
    let [ours, plain, leases] = [0, 1, 2].map(|it| ms(found.median(it)));
    let transport = wanted.transport;
    let ratio = found.ratio(0, 1);
    say(format!(
        "{n_atoms} over {transport}: eka {ours:.0} ms · git push --atomic {plain:.0} ms · with leases {leases:.0} ms · ratio {ratio:.2}, to leases {:.2}",
        found.ratio(0, 2),
    ));
    let what = format!("{n_atoms} over {transport}, to git push --atomic");
    // Over file the servers are children of the two, and count.
    say(format!(
        "{n_atoms} over {transport}, CPU: eka {:.0} ms · git {:.0} ms · ratio {:.2}",
        found.cpu_ms(0),
        found.cpu_ms(1),
        found.cpu_ratio(0, 1),
    ));
    match wanted.one {
        _ if n_atoms > 1 => goal(&what, ratio, 1.3),
        One::Times(times) => goal(&what, ratio, times),
        One::More(more) => goal(&format!("{what}, ms more"), found.more_ms(0, 1), more),
    }
}

/// What is already there is published again.
fn again(scene: &Scene) {
    let source = atoms::repository(&scene.env, "again/source", 100, N_COMMITS);
    let remote = scene.env.bare("again/remote.git");
    let url = remote.url();
    source.git(["push", "--quiet", &url, "main"]);
    source.git(["remote", "add", "origin", &url]);
    scene.eka(source.path(), &["init"]);
    scene.eka(source.path(), &["publish", "--all"]);
    let found = rounds(
        9,
        [
            &mut |_| scene.timed_eka(source.path(), &["publish", "--all"]),
            &mut |_| {
                scene.forget();
                scene.timed_eka(source.path(), &["publish", "--all"])
            },
        ],
    );
    let [warm, cold] = [0, 1].map(|it| ms(found.median(it)));
    say(format!(
        "100 again, {N_COMMITS} commits: {warm:.0} ms, without a cache {cold:.0} ms"
    ));
    goal("100 again, s", warm / 1e3, 0.5);
}

/// A repository of atoms, and remotes that lack them.
struct Stall<'a> {
    scene: &'a Scene,
    below: String,
    source: Repo,
    /// Has the objects of all that is published, and no ref.
    refless: Repo,
    /// Each ref with its object.
    refs: Vec<(String, String)>,
}

impl<'a> Stall<'a> {
    fn new(scene: &'a Scene, n_atoms: u64) -> Self {
        let below = format!("publish-{n_atoms}");
        let source = atoms::repository(&scene.env, &format!("{below}/source"), n_atoms, 10);
        let template = scene.env.bare(&format!("{below}/served/template.git"));
        source.git(["push", "--quiet", &template.url(), "main"]);
        scene.eka(source.path(), &["init", "--remote", &template.url()]);
        let done = scene.env.path(&format!("{below}/done.git"));
        scene.copy(template.path(), &done);
        let done = scene.env.at(&done);
        scene.eka(
            source.path(),
            &["publish", "--all", "--remote", &done.url()],
        );
        let refless = scene.env.bare(&format!("{below}/refless.git"));
        let objects = done.path().join("objects");
        refless.write(
            "objects/info/alternates",
            format!("{}\n", objects.display()),
        );
        let refs = done.refs();
        let refs = refs.iter().filter_map(|it| it.split_once(' '));
        let refs = refs.filter(|(_, name)| name.starts_with("refs/atoms/"));
        let refs = refs.map(|(id, name)| (id.to_owned(), name.to_owned()));
        Self {
            scene,
            below,
            source,
            refless,
            refs: refs.collect(),
        }
    }

    fn served(&self) -> PathBuf {
        self.scene.env.path(&format!("{}/served", self.below))
    }

    /// eka, a plain push, and one with a lease on each ref, each to a remote of its own.
    fn compare(&self, url: &str, n_rounds: usize) -> Rounds<3> {
        let number = RefCell::new(0);
        let fresh = || {
            *number.borrow_mut() += 1;
            let name = format!("fresh-{}.git", number.borrow());
            let path = self.served().join(&name);
            self.scene.copy(&self.served().join("template.git"), &path);
            (path, format!("{url}/{name}"))
        };
        let to_fresh = |work: &dyn Fn(&str) -> Spent| {
            let (path, url) = fresh();
            let took = work(&url);
            let n_refs = self.scene.env.at(&path).refs().len();
            assert!(n_refs > self.refs.len(), "{url} has {n_refs} refs alone");
            std::fs::remove_dir_all(path).expect("a remote is removed");
            took
        };
        rounds(
            n_rounds,
            [
                &mut |_| {
                    self.scene.forget();
                    to_fresh(&|url| {
                        let arguments = ["publish", "--all", "--remote", url];
                        self.scene.timed_eka(self.source.path(), &arguments)
                    })
                },
                &mut |_| to_fresh(&|url| self.push(url, &[])),
                &mut |_| {
                    let leases = self.refs.iter();
                    let leases = leases.map(|(_, name)| format!("--force-with-lease={name}:"));
                    let leases: Vec<_> = leases.collect();
                    to_fresh(&|url| self.push(url, &leases))
                },
            ],
        )
    }

    fn push(&self, url: &str, leases: &[String]) -> Spent {
        let specs = self.refs.iter().map(|(id, name)| format!("{id}:{name}"));
        let mut command = self.scene.env.command("git");
        command
            .args(["-C", text(self.refless.path())])
            .args(["push", "--porcelain", "--atomic"])
            .args(leases)
            .arg(url)
            .args(specs);
        timed_run(&mut command)
    }
}
