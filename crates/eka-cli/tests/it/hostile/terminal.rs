//! What a terminal would obey, or a reader not see, comes out of no command.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Mutex;

use atom::refname::Part;

use super::{Server, answer, packet, version_2};
use crate::published::{Sets, manifest};
use crate::support::World;

/// What a terminal would obey, or a reader not see.
const EVIL: &str = "\x1b[31mred\x07\u{9b}2J\u{202e}gnp\u{200b}\u{2066}\u{feff}\r";

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
