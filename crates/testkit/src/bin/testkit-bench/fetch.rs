//! One atom of twenty files out of a repository of 50,000, against its own pack and against a
//! shallow clone.

use testkit::http::GitHttp;
use testkit::monorepo;
use testkit::proxy::{Behaviour, Counts, Proxy};
use testkit::repo::Repo;

use crate::measure::{goal, ms, rounds, say};
use crate::scene::{Scene, clear, text, timed_run};

const N_ROUNDS: usize = 5;
const PACKAGE: u64 = 42;

pub(crate) fn run(scene: &Scene) {
    let served = monorepo::borrowed(&scene.env, "served/mono.git", monorepo::LARGE);
    publish(scene, &served);
    let server = GitHttp::start(&scene.env.path("served"));
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let url = format!("{}/mono.git", proxy.url());
    let work = scene.env.path("work");
    clear(&work);
    let id = monorepo::id(PACKAGE);
    let manifest = format!(
        "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n[sets]\nmono = \"{url}\"\n[deps.mono]\n{id} = \"^0.1\"\n"
    );
    std::fs::write(work.join("atom.toml"), manifest).expect("a manifest is written");
    scene.eka(&work, &["lock"]);
    let into = scene.env.path("into");
    let clone = scene.env.path("clone");
    let mut counts = [Counts::default(); 2];
    let [ours, git] = counts.each_mut();
    let found = rounds(
        N_ROUNDS,
        [
            &mut |_| {
                scene.forget();
                clear(&into);
                proxy.reset();
                let took = scene.timed_eka(&work, &["fetch", "--into", text(&into)]);
                *ours = proxy.reset();
                took
            },
            &mut |_| {
                std::fs::remove_dir_all(&clone).ok();
                let mut command = scene.env.command("git");
                command.args([
                    "clone",
                    "--quiet",
                    "--bare",
                    "--depth",
                    "1",
                    &url,
                    text(&clone),
                ]);
                let took = timed_run(&mut command);
                *git = proxy.reset();
                took
            },
        ],
    );
    let [ours_ms, git_ms] = [0, 1].map(|it| ms(found.median(it)));
    let pack_bytes = pack_bytes(scene, &served, &id);
    say(format!(
        "eka {ours_ms:.0} ms, {} bytes, {} turns · git clone --bare --depth 1 {git_ms:.0} ms, {} bytes · its pack {pack_bytes} bytes · ratio {:.3}",
        ours.received_bytes,
        ours.turns,
        git.received_bytes,
        found.ratio(0, 1),
    ));
    let number = |it: u64| u32::try_from(it).map_or(f64::INFINITY, f64::from);
    let allowed = 1.1 * number(pack_bytes) + 4096.0;
    goal("bytes received", number(ours.received_bytes), allowed);
}

/// Publishes one package of the repository into itself.
fn publish(scene: &Scene, served: &Repo) {
    let arguments = ["--no-checkout", "--shared"];
    let from = text(served.path());
    let source = scene.env.clone_of(from, "source", &arguments);
    source.git(["reset", "--quiet"]);
    scene.eka(source.path(), &["init"]);
    scene.eka(source.path(), &["publish", &monorepo::id(PACKAGE)]);
}

/// The size of the pack that holds one atom's objects and nothing else.
fn pack_bytes(scene: &Scene, served: &Repo, id: &str) -> u64 {
    let name = format!("refs/atoms/{id}/0.1.0/atom");
    let commit = served.rev(&name);
    let packs = scene.env.path("pack");
    clear(&packs);
    let prefix = packs.join("p");
    let arguments = ["pack-objects", "--quiet", "--revs", text(&prefix)];
    let id = served.git_with(arguments, format!("{commit}\n").as_bytes());
    let pack = packs.join(format!("p-{id}.pack"));
    std::fs::metadata(pack).expect("the pack was written").len()
}
