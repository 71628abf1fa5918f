//! What strangers write, read by the binary: servers, publishers, and pull requests.

mod secrets;
mod terminal;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::published::{Published, Sets, manifest};
use crate::support::World;

/// A server on the loopback that answers each request, known by its first line, with these bytes;
/// what it was asked is kept.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&asked);
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (answer, heads) = (Arc::clone(&answer), Arc::clone(&heads));
                thread::spawn(move || {
                    let mut request = vec![0; 64 << 10];
                    let n = stream.read(&mut request).unwrap_or_default();
                    let text = String::from_utf8_lossy(&request[..n]).into_owned();
                    let first = text.lines().next().unwrap_or_default().to_owned();
                    heads.lock().unwrap().push(text);
                    answer(&first, &mut stream);
                });
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}/r", self.address)
    }

    fn n_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn packet(line: &str) -> String {
    format!("{:04x}{line}", line.len() + 4)
}

/// Answers in full, then hangs up.
fn answer(stream: &mut TcpStream, kind: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-{kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    drop(sent);
}

/// The advertisement of protocol v2.
fn version_2() -> String {
    let lines = ["version 2\n", "agent=x\n", "ls-refs\n", "fetch=shallow\n"];
    let lines: String = lines.into_iter().map(packet).collect();
    format!("{}0000{lines}0000", packet("# service=git-upload-pack\n"))
}

/// Runs a command, and returns the exit code and the most memory it took, in KiB.
fn memory(world: &World, args: &[&str]) -> (Option<i32>, u64) {
    let mut command = world.eka(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|it| it.strip_prefix("VmHWM:"));
        let now = line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended.code(), most);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_project_cannot_break_the_parser_of_configurations() {
    let world = World::new();
    for text in ["=", "+", "-", "[", "{a="] {
        let text = format!("a = {}", text.repeat(100_000));
        world.write(".eka/config.toml", &text);
        let shown = world.run(&["config"]);
        assert!(
            shown.starts_with("2\n"),
            "{}",
            &shown[..shown.len().min(400)]
        );
    }
}

#[test]
fn lines_too_long_to_be_drawn_are_told_by_their_place() {
    let world = World::new();
    for (line, column) in [
        (format!("a = \"{}", "x".repeat(100_000)), 100_006),
        (format!("{}q", "\t".repeat(100_000)), 100_002),
    ] {
        world.write("atom.toml", &format!("{}{line}", manifest("a", "1.0.0")));
        let shown = world.run(&["lock"]);
        assert!(
            shown.starts_with("2\n") && shown.len() < 2000,
            "{}",
            &shown[..400]
        );
        assert!(shown.contains(&format!("{column})")), "{shown}");
    }
}

#[test]
fn a_flood_of_refs_or_of_empty_lines_takes_little_memory() {
    let world = World::new();
    let endless = |stream: &mut TcpStream, mut line: Box<dyn FnMut(usize) -> String>| {
        let mut n = 0;
        loop {
            let lines: String = (n..n + 500).map(&mut line).collect();
            n += 500;
            if stream.write_all(lines.as_bytes()).is_err() {
                return;
            }
        }
    };
    let head = |kind: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-{kind}\r\n\r\n")
    };
    for pad in ["", &"x".repeat(180)] {
        let pad = pad.to_owned();
        let server = Server::start(move |first, stream| {
            if first.starts_with("GET") {
                return answer(stream, "advertisement", version_2().as_bytes());
            }
            drop(stream.write_all(head("result").as_bytes()));
            let pad = pad.clone();
            endless(
                stream,
                Box::new(move |n| packet(&format!("{n:040x} refs/atoms/a/1.0.{n}-{pad}/atom\n"))),
            );
        });
        let (code, most) = memory(&world, &["versions", &server.url()]);
        assert_eq!(code, Some(4));
        assert!(most < 100 << 10, "{most} KiB");
    }
    for first in ["version 2\n", "# service=git-upload-pack\n"] {
        let server = Server::start(move |_, stream| {
            drop(
                stream.write_all(format!("{}{}", head("advertisement"), packet(first)).as_bytes()),
            );
            endless(stream, Box::new(|_| "0004".to_owned()));
        });
        let (code, most) = memory(&world, &["versions", &server.url()]);
        assert_eq!(code, Some(4));
        assert!(most < 100 << 10, "{most} KiB");
    }
}

#[test]
fn the_lock_of_a_publisher_leads_to_no_local_place() {
    let world = World::new();
    let sets = Sets::new(&world);
    let core = sets.set("core");
    core.publish("zlib", "1.0.0", &manifest("zlib", "1.0.0"));
    let canary = Server::start(|_, _| {});
    for url in [
        canary.url(),
        canary.url().replace("http", "git"),
        format!("file://{}", world.env.path("sets/secret").display()),
    ] {
        let app = sets.set("app");
        with_lock(&app, &core, &url);
        world.write("atom.toml", &manifest("it", "1.0.0"));
        let shown = world.run(&["-v", "add", "https://sets.test/app::app"]);
        assert!(shown.starts_with("0\n"), "{shown}");
        assert!(!shown.contains(&url), "{shown}");
        sets.remove("app");
        std::fs::remove_file(world.path("atom.lock")).unwrap();
    }
    assert_eq!(canary.n_asked(), 0);
}

/// Publishes `app`, with a lock whose set lies at `url`.
fn with_lock(app: &Published, core: &Published, url: &str) {
    let root = core.root;
    let digest = atom::AtomId::new(root, "zlib".parse().unwrap()).digest();
    let nar = atom::NarHash([7; 32]);
    let lock = format!(
        "version = 1\n\n[[require]]\nid = \"zlib\"\nreq = \"^1\"\nset = \"{root}\"\n\n[[set]]\nroot = \"{root}\"\nnames = [\n    \"core\",\n]\norigin = \"{url}\"\n\n[[atom]]\nid = \"zlib\"\nversion = \"1.0.0\"\ndigest = \"{digest}\"\nset = \"{root}\"\nrev = \"{root}\"\nspec = \"{root}\"\nnar = \"{nar}\"\n"
    );
    let read = atom::lock::Lock::parse(&lock).unwrap();
    assert_eq!(read.sets[0].origin.to_string(), url, "the lock is read");
    let blob = |text: &str| {
        let args = ["hash-object", "-w", "--stdin"];
        app.repo.git_with(args, text.as_bytes()).trim().to_owned()
    };
    let (toml, lock) = (blob(&manifest("app", "1.0.0")), blob(&lock));
    let entries = format!("100644 blob {lock}\tatom.lock\n100644 blob {toml}\tatom.toml\n");
    let tree = app.repo.git_with(["mktree"], entries.as_bytes());
    app.publish_as("app", "1.0.0", &manifest("app", "1.0.0"), |spec| {
        spec.tree = tree.trim().parse().unwrap();
    });
}

#[test]
fn a_pin_that_a_pull_request_slips_into_the_lock_is_told_and_taken_out() {
    let world = World::new();
    let sets = Sets::new(&world);
    sets.set("core")
        .publish("zlib", "1.0.0", &manifest("zlib", "1.0.0"));
    world.write("atom.toml", &manifest("it", "1.0.0"));
    assert!(
        world
            .run(&["add", "https://sets.test/core::zlib"])
            .starts_with("0\n")
    );
    let (toml, lock) = (world.read("atom.toml"), world.read("atom.lock"));
    let pin = "\n[[pin]]\nname = \"evil\"\ngit = \"https://evil.test/x\"\nref = \"main\"\nrev = \"0000000000000000000000000000000000000000\"\nnar = \"sha256-kWdB9sJ9rqG5sqwg6biEPrJEX5iUfipgSEDo0V0NOMY=\"\n";
    world.write("atom.lock", &format!("{lock}{pin}"));
    let shown = world.run(&["lock", "--check"]);
    assert!(
        shown.starts_with("3\n") && shown.contains("evil"),
        "{shown}"
    );
    assert!(world.run(&["lock"]).starts_with("0\n"));
    assert_eq!(world.read("atom.lock"), lock);
    // A pin of another place than the manifest names is not kept as if it were that.
    let wanted = "[pins.evil]\ngit = \"https://good.test/x\"\nref = \"main\"\n";
    world.write("atom.toml", &format!("{toml}{wanted}"));
    world.write("atom.lock", &format!("{lock}{pin}"));
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("4\n") && shown.contains("good.test/x"),
        "{shown}"
    );
    assert_eq!(world.read("atom.lock"), format!("{lock}{pin}"));
}

#[test]
fn a_pack_of_garbage_is_the_servers_fault() {
    let world = World::new();
    let first = "a".repeat(40);
    let refs = format!(
        "{}{}{}0000",
        packet(&format!("{first} refs/eka/root\n")),
        packet(&format!("{first} refs/atoms/ok/1.0.0/atom\n")),
        packet(&format!("{first} refs/atoms/ok/1.0.0/spec\n"))
    );
    let mut pack = packet("packfile\n").into_bytes();
    let data = [&b"\x01PACK\0\0\0\x02\0\0\0\x05"[..], &[0; 1000]].concat();
    pack.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    pack.extend_from_slice(&data);
    pack.extend_from_slice(b"0000");
    let asked = Mutex::new(false);
    let server = Server::start(move |first, stream| {
        let mut asked = asked.lock().unwrap();
        match (
            first.starts_with("GET"),
            std::mem::replace(&mut *asked, !first.starts_with("GET")),
        ) {
            (true, _) => answer(stream, "advertisement", version_2().as_bytes()),
            (false, false) => answer(stream, "result", refs.as_bytes()),
            (false, true) => answer(stream, "result", &pack),
        }
    });
    let shown = world.run(&["info", &format!("{}::ok@^1", server.url())]);
    assert!(
        shown.starts_with("4\n") && shown.contains("eka::remote::protocol"),
        "{shown}"
    );
}
