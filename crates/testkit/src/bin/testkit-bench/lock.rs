//! Locking 200 atoms of 40 repositories, 8 levels deep, against the turns that it must take.
//!
//! The peer is arithmetic: without hints each level is one listing and one fetch, of two turns
//! each. What the processor does is taken out by a second run over slower lines: the critical
//! path in turns is what the time grows by, over what a turn grows by.

use std::time::Duration;

use testkit::graph::LARGE;
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Counts, Proxy};

use crate::graph::{Graph, find_sets_at};
use crate::measure::{Rounds, Spent, goal, ms, rounds, say};
use crate::scene::{Scene, clear};

const N_ROUNDS: usize = 3;
const TURN: Duration = Duration::from_millis(50);
const LONG_TURN: Duration = Duration::from_millis(550);

/// Turns a level: a listing and a fetch.
const TURNS_A_LEVEL: f64 = 4.0;

pub(crate) fn run(scene: &Scene) {
    let graph = Graph::publish(scene, LARGE);
    let depth = u32::try_from(LARGE.depth).map_or(0.0, f64::from);
    let floor = TURNS_A_LEVEL * depth;
    for (what, served, cold) in [
        ("without hints", &graph.silent, 1.3 * floor),
        ("with hints", &graph.hinting, 20.0),
    ] {
        let server = GitHttp::start(served);
        let slow = Slow::new(scene, &graph, &server);
        let found = slow.rounds(Memory::None);
        tell(&format!("cold, {what}"), &found, cold);
        let found = slow.rounds(Memory::All);
        tell(&format!("warm, {what}"), &found, 3.0);
    }
}

/// What the cache holds when a lock begins.
#[derive(Clone, Copy)]
enum Memory {
    None,
    All,
}

/// Somebody who locks over slow lines.
struct Slow {
    scene: Scene,
    proxy: Proxy,
}

/// What some rounds of locking came to.
struct Found {
    rounds: Rounds<2>,
    counts: Counts,
}

impl Slow {
    fn new(scene: &Scene, graph: &Graph, server: &GitHttp) -> Self {
        let scene = scene.other();
        let proxy = Proxy::start(server.address(), Behaviour::default());
        find_sets_at(&scene, &format!("{}/", proxy.url()));
        let work = scene.env.path("work");
        clear(&work);
        std::fs::write(work.join("atom.toml"), graph.manifest()).expect("a manifest is written");
        Self { scene, proxy }
    }

    fn rounds(&self, memory: Memory) -> Found {
        let mut counts = Counts::default();
        let rounds = rounds(
            N_ROUNDS,
            [&mut |_| self.lock(memory, TURN), &mut |_| {
                let took = self.lock(memory, LONG_TURN);
                counts = self.proxy.reset();
                took
            }],
        );
        Found { rounds, counts }
    }

    fn lock(&self, memory: Memory, latency: Duration) -> Spent {
        let work = self.scene.env.path("work");
        std::fs::remove_file(work.join("atom.lock")).ok();
        match memory {
            Memory::None => self.scene.forget(),
            Memory::All => {}
        }
        self.proxy.set(Behaviour {
            latency,
            ..Behaviour::default()
        });
        self.proxy.reset();
        self.scene.timed_eka(&work, &["lock"])
    }
}

fn tell(what: &str, found: &Found, at_most: f64) {
    let [took, longer] = [0, 1].map(|it| ms(found.rounds.median(it)));
    let path = found.rounds.more_ms(1, 0) / ms(LONG_TURN - TURN);
    let cpu = found.rounds.cpu_ms(0);
    let Counts {
        turns,
        received_bytes,
        connections,
        ..
    } = found.counts;
    say(format!(
        "{what}: {took:.0} ms at 50 ms a turn, {longer:.0} ms at 550 · {cpu:.0} ms CPU · {turns} requests, {connections} connections, {received_bytes} bytes"
    ));
    goal(
        &format!("{what}, turns on the critical path"),
        path,
        at_most,
    );
    let whole = took / ms(TURN);
    goal(
        &format!("{what}, all time in turns of 50 ms"),
        whole,
        at_most,
    );
}
