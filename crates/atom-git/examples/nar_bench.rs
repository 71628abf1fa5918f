//! Times a NAR hash straight from git objects against `nix hash path` on a ready checkout.
//!
//! `cargo run --release -p atom-git --example nar_bench`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends where something is amiss"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use atom_git::nar::nar_hash;
use atom_git::repo::{Options, Repo};
use atom_git::tree_guard::{GuardedTree, Limits, guard};
use testkit::env::Env;
use testkit::monorepo::{self, Shape};

const N_ROUNDS: usize = 7;
const LARGE_BYTES: usize = 500 << 20;

/// 20,000 files.
const MANY: Shape = Shape {
    packages: 1_000,
    files: 20,
    commits: 300,
};

fn main() {
    let env = Env::new();
    let many = env.clone_of(monorepo::cached(MANY).to_str().unwrap(), "many", &[]);
    compare(&env, "20,000 small files", many.path(), "libs");
    let text = large(&env, "text", |dice| {
        format!("{:x}\n", dice.next()).into_bytes()
    });
    compare(&env, "one file of 500 MB, text", &text, "atom");
    let noise = large(&env, "noise", |dice| dice.next().to_le_bytes().to_vec());
    compare(&env, "one file of 500 MB, noise", &noise, "atom");
}

/// A repository with one large file in a folder.
fn large(env: &Env, name: &str, next: impl Fn(&mut Dice) -> Vec<u8>) -> std::path::PathBuf {
    let repo = env.repo(name);
    repo.write(
        "atom/atom.toml",
        "[atom]\nid = \"large\"\nversion = \"1.0.0\"\n",
    );
    let file = std::fs::File::create(repo.path().join("atom/large")).unwrap();
    let mut file = std::io::BufWriter::new(file);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut n_bytes = 0;
    while n_bytes < LARGE_BYTES {
        let piece = next(&mut dice);
        file.write_all(&piece).unwrap();
        n_bytes += piece.len();
    }
    file.flush().unwrap();
    drop(file);
    // Straight into a pack, as a clone has it.
    repo.git(["config", "core.bigFileThreshold", "1m"]);
    repo.commit("Bring a large file");
    repo.path().to_owned()
}

fn compare(env: &Env, what: &str, folder: &Path, below: &str) {
    let repo = Repo::discover(folder, &Options::default()).unwrap();
    let tree = env.at(folder).rev(&format!("HEAD:{below}")).parse();
    let tree = tree.unwrap();
    let tree = guard(repo.objects(), tree, &Limits::default()).unwrap();
    let checkout = folder.join(below);
    let rounds: Vec<_> = (0..N_ROUNDS)
        .map(|_| {
            let ours = spent(|| ours(folder, tree));
            let nix = spent(|| nix(env, &checkout));
            assert_eq!(ours.2, nix.2, "{what}");
            (ours, nix)
        })
        .collect();
    let middle = |figure: &dyn Fn(&(Spent, Spent)) -> f64| {
        let mut all: Vec<_> = rounds.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let ms = |it: Duration| it.as_secs_f64() * 1e3;
    println!(
        "{what}: eka {:.0} ms, CPU {:.0} ms · nix hash path {:.0} ms, CPU {:.0} ms",
        middle(&|it| ms(it.0.0)),
        middle(&|it| ms(it.0.1)),
        middle(&|it| ms(it.1.0)),
        middle(&|it| ms(it.1.1)),
    );
    let goal = |name, found: f64, most| {
        let met = if found <= most { "met" } else { "MISSED" };
        println!("{what}, {name}: {found:.2} · goal ≤ {most} · {met}");
    };
    goal("wall ratio", middle(&|it| ms(it.0.0) / ms(it.1.0)), 1.0);
    goal("CPU ratio", middle(&|it| ms(it.0.1) / ms(it.1.1)), 1.5);
}

fn ours(folder: &Path, tree: GuardedTree) -> String {
    let repo = Repo::discover(folder, &Options::default()).unwrap();
    let n_threads = available_parallelism().unwrap().get();
    let hash = nar_hash(repo.objects(), tree, n_threads).unwrap();
    hash.to_string()
}

fn nix(env: &Env, checkout: &Path) -> String {
    let mut command: Command = env.command("nix");
    command.args([
        "--extra-experimental-features",
        "nix-command",
        "hash",
        "path",
    ]);
    let out = command.arg(checkout).output().unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
}

/// Wall time, processor time of us and of ended children, and what came out.
type Spent = (Duration, Duration, String);

fn spent(work: impl FnOnce() -> String) -> Spent {
    let (cpu, started) = (cpu(), Instant::now());
    let out = work();
    (started.elapsed(), self::cpu() - cpu, out)
}

/// Processor time so far, by the kernel's ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks = rest.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.map(|it| it.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

/// Bytes that are the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
