//! The versions of one atom among many refs against the same two requests by curl, and against
//! `git ls-remote` with a pattern, which the server does not filter.

use std::fmt::Write as _;

use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Counts, Proxy};
use testkit::repo::Repo;

use crate::measure::{goal, ms, rounds, say};
use crate::scene::{Scene, text, timed_run};

const N_ROUNDS: usize = 15;
const N_VERSIONS: usize = 10;
const ID: &str = "zlib";

pub(crate) fn run(scene: &Scene) {
    for n_refs in [1_000, 10_000, 100_000] {
        let name = format!("{n_refs}.git");
        let repo = scene.env.bare(&format!("served/{name}"));
        fill(&repo, n_refs);
        let server = GitHttp::start(&scene.env.path("served"));
        let proxy = Proxy::start(server.address(), Behaviour::default());
        compare(scene, &proxy, n_refs);
    }
}

/// Fills a repository with refs: ten versions of one atom, and one each of others.
fn fill(repo: &Repo, n_refs: usize) {
    let tree = repo.git_with(["mktree"], b"");
    let commit = repo.git(["commit-tree", "-m", "begin", &tree]);
    let others = (n_refs - 3 * N_VERSIONS) / 3;
    let atoms = (0..others).map(|it| format!("p{it:06}/1.0.0"));
    let versions = (0..N_VERSIONS).map(|it| format!("{ID}/1.{it}.0"));
    let mut text = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    for version in atoms.chain(versions) {
        for part in ["atom", "spec", "src"] {
            writeln!(text, "{commit} refs/atoms/{version}/{part}").expect("a string takes all");
        }
    }
    for name in ["refs/eka/root", "refs/heads/main"] {
        writeln!(text, "{commit} {name}").expect("a string takes all");
    }
    repo.write("packed-refs", text);
}

fn compare(scene: &Scene, proxy: &Proxy, n_refs: usize) {
    let url = format!("{}/{n_refs}.git", proxy.url());
    let uri = format!("{url}::{ID}");
    let folder = scene.env.path("");
    let body = scene.env.path("body");
    std::fs::write(&body, question()).expect("a request is written");
    let mut counts = [Counts::default(); 3];
    let [ours, curl, git] = counts.each_mut();
    let found = rounds(
        N_ROUNDS,
        [
            &mut |_| {
                scene.forget();
                proxy.reset();
                let took = scene.timed_eka(&folder, &["versions", &uri]);
                *ours = proxy.reset();
                took
            },
            &mut |_| {
                let took = timed_run(ask(scene, &url, text(&body)).current_dir(&folder));
                *curl = proxy.reset();
                took
            },
            &mut |_| {
                let pattern = format!("refs/atoms/{ID}/*");
                let took = timed_run(scene.env.command("git").args(["ls-remote", &url, &pattern]));
                *git = proxy.reset();
                took
            },
        ],
    );
    let [ours_ms, curl_ms, git_ms] = [0, 1, 2].map(|it| ms(found.median(it)));
    let [ours, curl, git] = counts;
    say(format!(
        "{n_refs} refs: eka {ours_ms:.1} ms, {} bytes, {} turns · curl {curl_ms:.1} ms, {} bytes · git ls-remote {git_ms:.1} ms, {} bytes",
        ours.received_bytes, ours.turns, curl.received_bytes, git.received_bytes
    ));
    goal("bytes received", number(ours.received_bytes), 4096.0);
    goal("turns", number(ours.turns), 2.0);
    let bytes = number(ours.received_bytes) / number(curl.received_bytes);
    goal("bytes, to curl", bytes, 1.2);
    goal("time, to curl", found.ratio(0, 1), 1.2);
    say(format!("time, to git ls-remote: {:.2}", found.ratio(0, 2)));
}

fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// The body of an `ls-refs` for the atom and the root.
fn question() -> String {
    let line = |text: &str| format!("{:04x}{text}\n", text.len() + 5);
    let head = [line("command=ls-refs"), line("object-format=sha1")].concat();
    let prefixes = [format!("refs/atoms/{ID}/"), "refs/eka/root".to_owned()];
    let prefixes = prefixes
        .map(|it| line(&format!("ref-prefix {it}")))
        .concat();
    format!(
        "{head}0001{}{}{prefixes}0000",
        line("peel"),
        line("symrefs")
    )
}

/// The two requests of a filtered listing, on one connection.
fn ask(scene: &Scene, url: &str, body: &str) -> std::process::Command {
    let protocol = ["--silent", "--fail", "--header", "Git-Protocol: version=2"];
    let mut command = scene.env.command("curl");
    command
        .args(protocol)
        .args(["--output", "greeting"])
        .arg(format!("{url}/info/refs?service=git-upload-pack"))
        .arg("--next")
        .args(protocol)
        .args(["--output", "refs", "--data-binary"])
        .arg(format!("@{body}"))
        .args([
            "--header",
            "Content-Type: application/x-git-upload-pack-request",
        ])
        .arg(format!("{url}/git-upload-pack"));
    command
}
