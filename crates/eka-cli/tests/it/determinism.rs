//! One question, one answer: the bytes of a lock depend neither on who answered when, nor on what
//! the cache held, nor on the order of mirrors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use testkit::env::Env;
use testkit::graph::{self, Planned, Shape};
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Proxy};
use testkit::repo::{Repo, run};
use testkit::tools;

const SHAPE: Shape = Shape {
    repositories: 8,
    atoms_each: 3,
    depth: 4,
    dependencies: 2,
};

/// How many ways in which remotes answer sooner or later; each is asked at least three times, with
/// caches that hold more and less.
const N_PATTERNS: usize = 34;

/// How many people lock at once.
const N_AT_ONCE: usize = 3;

#[test]
fn whenever_remotes_answer_and_whatever_the_cache_holds() {
    if !tools::have(&["lighttpd"]) {
        return;
    }
    let hall = Hall::published();
    let expected = Person::new(&hall, 0).lock(&hall.whole());
    assert!(
        expected.contains("version = \"1.1.0\"") && expected.contains("version = \"1.0.0\""),
        "the answer takes some thought: {expected}"
    );
    let check = |pattern: usize| {
        let person = Person::new(&hall, pattern);
        let same = |what: &str| {
            let lock = person.lock(&hall.whole());
            assert_eq!(lock, expected, "pattern {pattern}, {what}");
        };
        if pattern.is_multiple_of(3) {
            person.lock(&hall.part(pattern));
            same("a cache that holds some of it");
            person.forget("");
        }
        same("no cache");
        same("a warm cache");
        match pattern % 3 {
            0 => {}
            1 => {
                person.forget("refs");
                same("a cache without listings");
            }
            _ => {
                person.forget("git");
                same("a cache without objects");
            }
        }
    };
    for_all_patterns(check);
}

#[test]
fn why_there_is_no_answer_too() {
    if !tools::have(&["lighttpd"]) {
        return;
    }
    let hall = Hall::published();
    // Some of the newest insist on older ones of others.
    let manifest = hall.of_all().replace("\"^1\"", "\"^1.1\"");
    let expected = Person::new(&hall, 0).refused(&manifest);
    assert!(expected.contains("eka::resolver::unsolvable"), "{expected}");
    assert!(expected.contains("help: "), "{expected}");
    for_all_patterns(|pattern| {
        let person = Person::new(&hall, pattern);
        let same = |what: &str| {
            let said = person.refused(&manifest);
            assert_eq!(said, expected, "pattern {pattern}, {what}");
        };
        if pattern.is_multiple_of(3) {
            person.lock(&hall.part(pattern));
            same("a cache that holds some of it");
            person.forget("");
        }
        same("no cache");
        same("a warm cache");
        person.forget(if pattern.is_multiple_of(2) {
            "refs"
        } else {
            "git"
        });
        same("half a cache");
    });
}

#[test]
fn whichever_mirror_is_named_first() {
    if !tools::have(&["lighttpd"]) {
        return;
    }
    let hall = Hall::published();
    let (first, second) = (&hall.planned[0].atoms, &hall.planned[0].name);
    // Neither mirror has all that the lock holds of this set.
    for (mirror, lost) in [("a", &first[0].id), ("b", &first[1].id)] {
        let repo = hall.served(&format!("{mirror}-{second}"));
        for line in repo.refs() {
            let name = line.split_once(' ').unwrap().1;
            if name.starts_with(&format!("refs/atoms/{lost}/")) {
                repo.git(["update-ref", "-d", name]);
            }
        }
    }
    let locks = ["a b", "b a"].map(|order| {
        let mut person = Person::new(&hall, 1);
        let before = person.lock(&hall.whole());
        person.name_mirrors(&hall, order);
        person.proxies.remove(second);
        person.forget("");
        // What the lock holds meets it; who still has that must be asked.
        let manifest = hall.whole().replace("\"^1\"", "\">=1\"");
        fs::write(person.work().join("atom.toml"), manifest).unwrap();
        let output = person.run(&["lock"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "mirrors {order}: {said}");
        let after = fs::read_to_string(person.work().join("atom.lock")).unwrap();
        assert_eq!(
            after,
            before.replace("\"^1\"", "\">=1\""),
            "mirrors {order}"
        );
        after
    });
    assert_eq!(locks[0], locks[1]);
}

/// Does something for each pattern, some at once.
fn for_all_patterns(check: impl Fn(usize) + Sync) {
    let patterns: Vec<_> = (1..=N_PATTERNS).collect();
    let check = &check;
    std::thread::scope(|scope| {
        for share in patterns.chunks(N_PATTERNS.div_ceil(N_AT_ONCE)) {
            scope.spawn(move || share.iter().copied().for_each(check));
        }
    });
}

/// Published repositories behind http, each with two mirrors.
struct Hall {
    env: Env,
    planned: Vec<Planned>,
    server: GitHttp,
}

/// Somebody with a home of their own, to whom remotes are near or far.
struct Person {
    env: Env,
    proxies: BTreeMap<String, Proxy>,
    /// What gives one processor alone to a program, where this person has no more.
    one_processor: Option<PathBuf>,
}

impl Hall {
    fn published() -> Self {
        let env = Env::new();
        fs::create_dir_all(env.path("served")).unwrap();
        env.git_config(&format!(
            "[url \"file://{}/\"]\n\tinsteadOf = https://sets.test/\n",
            env.path("served").display()
        ));
        let planned = graph::plan(SHAPE);
        let sources = graph::write(&env, "sources", &planned, |name| {
            format!("https://sets.test/{name}")
        });
        let server = GitHttp::start(&env.path("served"));
        let hall = Self {
            env,
            planned,
            server,
        };
        let all = || hall.planned.iter().zip(&sources);
        for level in (0..SHAPE.depth).rev() {
            std::thread::scope(|scope| {
                for (planned, source) in all().filter(|(it, _)| it.level == level) {
                    let hall = &hall;
                    scope.spawn(move || hall.publish(planned, source));
                }
            });
        }
        for planned in &hall.planned {
            for mirror in ["a", "b"] {
                let to = hall.served(&format!("{mirror}-{}", planned.name));
                let from = hall.served(&planned.name);
                let mut copy = hall.env.command("cp");
                run(copy.arg("-a").arg(from.path()).arg(to.path()));
            }
        }
        hall
    }

    fn served(&self, name: &str) -> Repo {
        self.env.at(&self.env.path(&format!("served/{name}")))
    }

    /// Publishes a repository's atoms, and newer ones of which some insist on the older.
    fn publish(&self, planned: &Planned, source: &Repo) {
        let up = self.env.bare(&format!("served/{}", planned.name));
        source.git(["remote", "add", "origin", &up.url()]);
        source.git(["push", "--quiet", "origin", "main"]);
        self.eka(source, &["init"]);
        self.publish_all(source);
        for (number, atom) in planned.atoms.iter().enumerate() {
            let text = graph::manifest(&atom.id, "1.1.0", &atom.dependencies, |at| {
                let name = self.planned[at].name.clone();
                let url = format!("https://sets.test/{name}");
                (name, url)
            });
            let text = if number == 0 {
                text.replace("\"^1\"", "\"~1.0\"")
            } else {
                text
            };
            source.write(&format!("{}/atom.toml", atom.id), text);
        }
        self.publish_all(source);
    }

    fn publish_all(&self, source: &Repo) {
        self.eka(source, &["lock", "--all"]);
        source.commit("Lock");
        source.git(["push", "--quiet", "origin", "main"]);
        self.eka(source, &["publish", "--all"]);
    }

    fn eka(&self, source: &Repo, arguments: &[&str]) {
        run(self.env.eka(binary(), source.path()).args(arguments));
    }

    /// A manifest that depends on all atoms of the first level.
    fn whole(&self) -> String {
        self.manifest(|_| true)
    }

    /// One that depends on some of them.
    fn part(&self, pattern: usize) -> String {
        let n_first = SHAPE.repositories / SHAPE.depth * SHAPE.atoms_each;
        self.manifest(|at| at == pattern % n_first)
    }

    /// One that depends on all there is.
    fn of_all(&self) -> String {
        let all = self.planned.iter().enumerate();
        let all = all.flat_map(|(at, it)| it.atoms.iter().map(move |it| (at, it.id.clone())));
        self.manifest_of(&all.collect::<Vec<_>>())
    }

    fn manifest(&self, wanted: impl Fn(usize) -> bool) -> String {
        let first = self.planned.iter().enumerate();
        let first = first.filter(|(_, it)| it.level == 0);
        let atoms = first.flat_map(|(at, it)| it.atoms.iter().map(move |it| (at, it.id.clone())));
        let wanted = atoms.enumerate().filter(|(at, _)| wanted(*at));
        let wanted: Vec<_> = wanted.map(|(_, it)| it).collect();
        self.manifest_of(&wanted)
    }

    fn manifest_of(&self, wanted: &[(usize, String)]) -> String {
        graph::manifest("app", "1.0.0", wanted, |at| {
            let name = self.planned[at].name.clone();
            let url = format!("https://sets.test/{name}");
            (name, url)
        })
    }
}

impl Person {
    fn new(hall: &Hall, pattern: usize) -> Self {
        let env = Env::new();
        fs::create_dir_all(env.path("work")).unwrap();
        let mut proxies = BTreeMap::new();
        let names = hall.planned.iter().map(|it| it.name.clone());
        let names = names.chain(["a".to_owned(), "b".to_owned()]);
        for (number, name) in names.enumerate() {
            let behaviour = Behaviour {
                latency: Duration::from_millis(wait_ms(pattern, number)),
                ..Behaviour::default()
            };
            let proxy = Proxy::start(hall.server.address(), behaviour);
            let (from, to) = if name.len() == 1 {
                (format!("https://{name}.test/"), format!("/{name}-"))
            } else {
                (format!("https://sets.test/{name}"), format!("/{name}"))
            };
            let url = proxy.url();
            env.git_config(&format!("[url \"{url}{to}\"]\n\tinsteadOf = {from}\n"));
            proxies.insert(name, proxy);
        }
        let one_processor = tools::find("taskset").filter(|_| pattern % 4 == 1);
        let person = Self {
            env,
            proxies,
            one_processor,
        };
        let order = if pattern.is_multiple_of(2) {
            "a b"
        } else {
            "b a"
        };
        person.name_mirrors(hall, order);
        person
    }

    /// Writes the user's configuration: mirrors in this order.
    fn name_mirrors(&self, hall: &Hall, order: &str) {
        let mut text = String::from("[network]\nretries = 0\n[mirrors]\n");
        for Planned { name, .. } in &hall.planned {
            let mirrors = order
                .split(' ')
                .map(|it| format!("https://{it}.test/{name}"));
            let mirrors: Vec<_> = mirrors.collect();
            writeln!(text, "\"https://sets.test/{name}\" = {mirrors:?}").unwrap();
        }
        let folder = self.env.home().join(".config/eka");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    }

    fn work(&self) -> PathBuf {
        self.env.path("work")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = match &self.one_processor {
            None => self.env.eka(binary(), &self.work()),
            Some(taskset) => self.env.eka(taskset, &self.work()),
        };
        if self.one_processor.is_some() {
            command.args(["-c", "0"]).arg(binary());
        }
        command.args(arguments).output().unwrap()
    }

    /// Locks a manifest without a lock at hand, and gives what was written.
    fn lock(&self, manifest: &str) -> String {
        fs::write(self.work().join("atom.toml"), manifest).unwrap();
        let path = self.work().join("atom.lock");
        fs::remove_file(&path).ok();
        let output = self.run(&["lock"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        fs::read_to_string(path).unwrap()
    }

    /// What is said of a manifest that cannot be locked.
    fn refused(&self, manifest: &str) -> String {
        fs::write(self.work().join("atom.toml"), manifest).unwrap();
        fs::remove_file(self.work().join("atom.lock")).ok();
        let output = self.run(&["lock"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        said.replace(&self.env.path("").display().to_string(), "[WORLD]")
    }

    /// Removes a folder of the cache.
    fn forget(&self, below: &str) {
        let cache = self.env.home().join(".cache/eka").join(below);
        fs::remove_dir_all(cache).unwrap();
    }
}

/// How far a remote is in a pattern: no two patterns are alike.
fn wait_ms(pattern: usize, remote: usize) -> u64 {
    let dice = (pattern * 31 + remote + 1) as u64 * 0x9e37_79b9;
    (dice >> 16) % 25
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_eka"))
}
