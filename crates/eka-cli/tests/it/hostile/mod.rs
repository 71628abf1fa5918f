//! What strangers write, read by the binary: servers, publishers, and pull requests.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use atom::refname::Part;

use crate::published::{Published, Sets, manifest};
use crate::support::World;

/// What a terminal would obey, or a reader not see.
const EVIL: &str = "\x1b[31mred\x07\u{9b}2J\u{202e}gnp\u{200b}\u{2066}\u{feff}\r";

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

/// A server of protocol v2 with these refs, whose fetches are answered with `pack`.
fn refs_and(refs: Vec<String>, pack: String) -> Server {
    let refs: String = refs.iter().map(|it| packet(&format!("{it}\n"))).collect();
    let asked = Mutex::new(0);
    Server::start(move |first, stream| {
        if first.starts_with("GET") {
            return answer(stream, "advertisement", version_2().as_bytes());
        }
        // The first question is for refs, each further one for objects.
        let mut n = asked.lock().unwrap();
        *n += 1;
        let body = if *n == 1 {
            format!("{refs}0000")
        } else {
            pack.clone()
        };
        answer(stream, "result", body.as_bytes());
    })
}

fn is_unsafe(it: char) -> bool {
    it != '\n' && eka::escape::is_unsafe(it)
}

/// Runs a command as text and as JSON: nothing unsafe reaches a stream, each line of JSON is one
/// object, and the exit code is one of those that are expected.
#[track_caller]
fn harmless(world: &World, args: &[&str], exits: &[i32]) {
    for format in ["text", "json"] {
        let mut command = world.eka(args);
        command.args(["--format", format, "-v", "--config", "network.retries=0"]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let shown = world.show(&output);
        let code = output.status.code().unwrap_or(-1);
        assert!(exits.contains(&code), "{args:?}: {shown}");
        for stream in [&output.stdout, &output.stderr] {
            let text = std::str::from_utf8(stream).unwrap();
            assert!(!text.contains(is_unsafe), "{args:?}: {text:?}");
        }
    }
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

/// Each puts what is evil in another place.
fn evil_servers() -> Vec<Server> {
    let body =
        |it: String| move |_: &str, s: &mut TcpStream| answer(s, "advertisement", it.as_bytes());
    let head = |it: String| {
        move |_: &str, stream: &mut TcpStream| {
            let head = format!("HTTP/1.1 {it}\r\nContent-Length: 0\r\n\r\n");
            drop(stream.write_all(head.as_bytes()));
        }
    };
    let line = EVIL.trim_end();
    let first = "a".repeat(40);
    let ok = |part: &str| format!("{first} refs/atoms/ok/1.0.0/{part}");
    let refs = || vec![format!("{first} refs/eka/root"), ok("atom"), ok("spec")];
    let band = |band: char| {
        format!(
            "{}{}0000",
            packet("packfile\n"),
            packet(&format!("{band}{EVIL}"))
        )
    };
    vec![
        Server::start(body(packet(&format!("ERR {EVIL}")))),
        Server::start(body(packet(&format!("version {EVIL}")))),
        Server::start(body(format!(
            "{}{}0000",
            packet("version 2\n"),
            packet(&format!("object-format={EVIL}\n"))
        ))),
        Server::start(body(EVIL.to_owned())),
        Server::start(head(format!("200 {line}\r\nContent-Type: {line}"))),
        Server::start(head(format!(
            "302 {line}\r\nLocation: http://evil.test/{line}"
        ))),
        Server::start(head(format!(
            "401 {line}\r\nWWW-Authenticate: Basic realm=\"{line}\""
        ))),
        Server::start(head(format!("500 {line}"))),
        refs_and(vec![format!("{EVIL} refs/{EVIL}")], String::new()),
        refs_and(
            vec![
                format!("{first} refs/atoms/{EVIL}/1.0.0/atom"),
                format!("{first} refs/eka/root symref-target:{EVIL}"),
            ],
            String::new(),
        ),
        refs_and(refs(), packet(&format!("ERR {EVIL}"))),
        refs_and(refs(), band('\x03')),
        refs_and(refs(), band('\x02')),
        refs_and(refs(), band('\x01')),
    ]
}

#[test]
fn nothing_that_a_server_says_reaches_the_terminal_as_it_is() {
    let world = World::new();
    world.write("atom.toml", &manifest("it", "1.0.0"));
    for server in evil_servers() {
        let (set, atom) = (server.url(), format!("{}::ok@^1", server.url()));
        for args in [
            ["versions", &set],
            ["info", &atom],
            ["add", &atom],
            ["verify", &atom],
        ] {
            harmless(&world, &args, &[0, 1, 4, 5]);
        }
    }
}

#[test]
fn nothing_on_the_command_line_reaches_the_terminal_as_it_is() {
    let world = World::new();
    world.write("atom.toml", &manifest("it", "1.0.0"));
    let evil = format!("a{EVIL}");
    let key = format!("{evil}=1");
    let flag = format!("--{evil}");
    let _repo = world.env.repo("work");
    for args in [
        &["versions", &evil][..],
        &["info", &evil],
        &["add", &evil],
        &["remove", &evil],
        &["fetch", &evil],
        &["verify", &evil],
        &["publish", &evil],
        &["publish", "--remote", &evil],
        &["publish", "--rev", &evil],
        &["init", "--remote", &evil],
        &["init", "--root", &evil],
        &["new", "x", "--id", &evil],
        &["new", &evil],
        &["completions", &evil],
        &["lock", &flag],
        &["config", "--config", &key],
        &["lock", "-C", &evil],
        &[&evil],
    ] {
        harmless(&world, args, &[1, 2, 4]);
    }
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_as_it_is() {
    let name = "d\x1b[31m\u{202e}\u{200b}";
    let world = World::new();
    let good = format!("{name}/atom.toml");
    let lock = format!("{name}/atom.lock");
    let config = format!("{name}/.eka/config.toml");
    world.write(&good, &manifest("it", "1.0.0"));
    harmless(&world, &["lock", "-C", name], &[0]);
    harmless(&world, &["config", "-C", name], &[0]);
    for text in [
        format!("# {EVIL}\n[atom]\n{EVIL}"),
        format!(
            "[atom]\nid = \"{}\"\nversion = '{EVIL}'\n",
            EVIL.escape_unicode()
        ),
        format!(
            "{}\n[deps.\"{}\"]\n\"{EVIL}\" = \"^1\"",
            manifest("it", "1.0.0"),
            EVIL.trim()
        ),
        format!(
            "{}\n[sets]\na = \"https://{EVIL}\"\n",
            manifest("it", "1.0.0")
        ),
    ] {
        world.write(&good, &text);
        for command in ["lock", "fetch"] {
            harmless(&world, &[command, "-C", name], &[2]);
        }
    }
    world.write(&good, &manifest("it", "1.0.0"));
    world.write(&lock, &format!("version = 1\n{EVIL}"));
    harmless(&world, &["lock", "-C", name], &[2]);
    world.write(&lock, "version = 1\n");
    let red = "\\u001b[31m\\u202e";
    world.write(
        &config,
        &format!("\"{red}\" = 1\n[\"{red}\"]\na = 1\n[aliases]\n\"{red}\" = \"{red}\"\n"),
    );
    for command in ["config", "lock"] {
        harmless(&world, &[command, "-C", name], &[0, 2]);
    }
}

#[test]
fn nothing_in_a_published_atom_reaches_the_terminal_as_it_is() {
    let world = World::new();
    let sets = Sets::new(&world);
    let core = sets.set("core");
    let red = "\\u001b[31m\\u202e\\u200b";
    let text = |version: &str| {
        format!(
            "{}description = \"{red}\"\nlicense = \"{red}\"\nhomepage = \"https://h/{red}\"\ntags = [\"{red}\"]\n[\"{red}\"]\n\"{red}\" = 1\n",
            manifest("ok", version)
        )
    };
    core.publish("ok", "1.0.0", &text("1.0.0"));
    core.publish("ok", "1.1.0", &format!("{}{EVIL}", manifest("ok", "1.1.0")));
    let spec = core.publish("ok", "1.2.0", &manifest("ok", "1.2.0"));
    let commit = core.repo.git(["cat-file", "commit", &spec]);
    let forged = commit.replace("format 1", &format!("format 1\nnote {}", EVIL.trim()));
    let args = ["hash-object", "-t", "commit", "-w", "--stdin"];
    let forged = core.repo.git_with(args, forged.as_bytes());
    core.set("ok", "1.2.0", Part::Spec, forged.trim());
    world.write("atom.toml", &manifest("it", "1.0.0"));
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let uri = format!("https://sets.test/core::ok@={version}");
        for command in ["versions", "info", "verify", "add"] {
            harmless(&world, &[command, &uri], &[0, 1, 2, 5]);
        }
    }
    harmless(&world, &["lock", "--check"], &[0, 1, 3, 5]);
    harmless(&world, &["fetch"], &[0, 1, 3, 5]);
}

#[test]
fn nothing_in_a_repository_reaches_the_terminal_as_it_is() {
    let world = World::new();
    let bare = world.env.path("sets/core.git");
    let repo = world.env.repo("work");
    world.write("atom.toml", &manifest("it", "1.0.0"));
    for name in [
        "\u{202e}id_rsa",
        ".env\u{200b}",
        "\u{202e}.gitattributes",
        "\u{feff}",
    ] {
        world.write(name, "secret -----BEGIN OPENSSH PRIVATE KEY-----\n");
        world.write(&format!("{name}.d/atom.toml"), &manifest("sub", "1.0.0"));
    }
    world.write(".gitattributes", "\u{202e} export-ignore filter=\u{202e}\n");
    let evil = EVIL.trim_end();
    repo.git(["add", "-A"]);
    repo.git(["commit", "--quiet", "-m", evil]);
    let branch = "x\u{202e}\u{200b}";
    repo.git(["branch", branch]);
    repo.git(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    repo.git(["remote", "add", "origin", bare.to_str().unwrap()]);
    harmless(&world, &["init", "--rev", branch], &[0]);
    for args in [
        &["publish", "--dry-run"][..],
        &["publish", "--all"],
        &["publish", "it", "--rev", branch],
        &["versions", bare.to_str().unwrap()],
    ] {
        harmless(&world, args, &[0, 1, 2]);
    }
    world.write("atom.toml", &manifest("it", "1.1.0"));
    repo.git(["commit", "--quiet", "-am", "more"]);
    repo.git([
        "push",
        "--quiet",
        "--no-verify",
        bare.to_str().unwrap(),
        "HEAD:refs/heads/none",
    ]);
    let hook = bare.join("hooks/pre-receive");
    std::fs::write(
        &hook,
        format!("#!/bin/sh\nprintf '%s\\n' '{evil}' >&2\nexit 1\n"),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    harmless(&world, &["publish"], &[1, 4]);
}
