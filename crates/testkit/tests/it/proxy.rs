//! The proxy: what it counts, and how it breaks things.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use testkit::env::Env;
use testkit::http::GitHttp;
use testkit::proxy::{Behaviour, Cut, Proxy, Way};
use testkit::repo::Repo;
use testkit::tools;

struct World {
    _server: GitHttp,
    proxy: Proxy,
    repo: Repo,
}

impl World {
    fn new(behaviour: Behaviour) -> Option<Self> {
        if !tools::have(&["git", "lighttpd"]) {
            return None;
        }
        let env = Env::new();
        let work = env.repo("work");
        work.write("a", "a".repeat(9000)).commit("first");
        let repo = env.clone_of(&work.url(), "srv/repo.git", &["--bare"]);
        let server = GitHttp::start(&env.path("srv"));
        let proxy = Proxy::start(server.address(), behaviour);
        Some(Self {
            _server: server,
            proxy,
            repo,
        })
    }

    fn lists(&self) -> bool {
        let url = format!("{}/repo.git", self.proxy.url());
        self.repo.try_git(&["ls-remote", &url]).status.success()
    }

    /// One plain request: git itself takes a head that breaks off for an empty repository.
    fn asks(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.proxy.address()).unwrap();
        let head = "GET /repo.git/info/refs?service=git-upload-pack HTTP/1.0\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A connection that is cut may end in a reset.
        stream.read_to_end(&mut answer).ok();
        answer
    }
}

#[test]
fn counts_turns_and_adds_latency() {
    let latency = Duration::from_millis(60);
    let Some(world) = World::new(Behaviour {
        latency,
        ..Behaviour::default()
    }) else {
        return;
    };
    let started = Instant::now();
    assert!(world.lists());
    assert!(started.elapsed() >= 2 * latency);
    let counts = world.proxy.reset();
    assert_eq!(counts.turns, 2, "a listing is a handshake and an ls-refs");
    assert!(
        counts.sent_bytes > 100 && counts.received_bytes > 100,
        "{counts:?}"
    );
    assert_eq!(world.proxy.counts().turns, 0);
}

#[test]
fn takes_the_protocol_header_away() {
    let behaviour = Behaviour {
        drop_git_protocol: true,
        ..Behaviour::default()
    };
    let Some(world) = World::new(behaviour) else {
        return;
    };
    assert!(world.lists());
    assert_eq!(world.proxy.counts().turns, 1, "v0 lists in the handshake");
    assert!(
        world.proxy.heads()[0].contains("Git-Protocol"),
        "as it came"
    );
}

#[test]
fn refuses_answers_and_cuts() {
    let Some(world) = World::new(Behaviour {
        refuse_first: 1,
        ..Behaviour::default()
    }) else {
        return;
    };
    assert!(!world.lists());
    assert!(world.lists());
    world.proxy.set(Behaviour {
        status_first: Some((1, 503)),
        ..Behaviour::default()
    });
    assert!(!world.lists());
    assert!(world.lists());
    for (way, after_bytes) in [(Way::Sent, 50), (Way::Received, 10)] {
        let cut = Cut {
            way,
            after_bytes,
            times: 1,
        };
        world.proxy.set(Behaviour {
            cut: Some(cut),
            ..Behaviour::default()
        });
        let answer = world.asks();
        let whole = if way == Way::Sent { 0 } else { 10 };
        assert_eq!(answer.len(), whole, "{way:?}");
        assert!(world.lists());
    }
}
