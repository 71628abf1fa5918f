//! Passwords and tokens are neither shown nor kept, and go to their own host alone.

use std::io::Write as _;
use std::process::Stdio;

use super::Server;
use crate::published::{Sets, manifest};
use crate::support::World;

const SECRET: &str = "t0psecret";

/// All files of a world that hold the secret, but for those where the user put it.
fn holders(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![world.env.path("")];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                todo.push(path);
                continue;
            }
            let text = std::fs::read(&path).unwrap();
            let holds = text.windows(SECRET.len()).any(|it| it == SECRET.as_bytes());
            let own = path.ends_with(".netrc") || path.ends_with("gitconfig");
            if holds && !own {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// Runs a command as text and as JSON: nothing that it prints or leaves holds the secret.
#[track_caller]
fn discreet(world: &World, args: &[&str], exits: &[i32]) {
    for format in ["text", "json"] {
        let mut command = world.eka(args);
        command.args(["--format", format, "-v", "--config", "network.retries=0"]);
        let shown = world.show(&command.stdin(Stdio::null()).output().unwrap());
        let code = shown.lines().next().and_then(|it| it.parse().ok());
        let expected = code.is_some_and(|it| exits.contains(&it));
        assert!(expected, "{args:?}: {shown}");
        assert!(!shown.contains(SECRET), "{args:?}: {shown}");
    }
    assert_eq!(holders(world), Vec::<String>::new(), "{args:?}");
}

#[test]
fn secrets_are_neither_shown_nor_kept() {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    core.publish("ok", "1.0.0", &manifest("ok", "1.0.0"));
    let serving = testkit::http::Serving {
        login: Some(("ada".to_owned(), SECRET.to_owned())),
        ..testkit::http::Serving::default()
    };
    let server = testkit::http::GitHttp::start_with(&world.env.path("sets"), &serving);
    let place = format!("{}/core/.git", server.url());
    let with = |user: &str| place.replace("://", &format!("://{user}@"));
    world.write("atom.toml", &manifest("it", "1.0.0"));
    for (url, exits) in [
        (with(&format!("ada:{SECRET}")), &[0, 4, 5][..]),
        (with(SECRET), &[4]),
        (format!("https://ada:{SECRET}@h h/x"), &[2]),
        (format!("https://{SECRET}@h h/x"), &[2]),
        (format!("ftp://ada:{SECRET}@h/x"), &[2]),
        (format!("ada:{SECRET}@nope:x"), &[2]),
    ] {
        discreet(&world, &["versions", &url], exits);
        let atom = format!("{url}::ok@^1");
        for command in ["info", "verify", "add"] {
            discreet(&world, &[command, &atom], exits);
        }
    }
    // The server takes its time to say that a password is wrong.
    for user in [format!("bob:{SECRET}"), format!("{SECRET}:x-oauth-basic")] {
        discreet(&world, &["versions", &with(&user)], &[4]);
    }
    let netrc = format!("machine 127.0.0.1 login ada password {SECRET}\n");
    std::fs::write(world.env.home().join(".netrc"), netrc).unwrap();
    let header = format!("[http]\n\textraHeader = X-Token: {SECRET}\n");
    world.env.git_config(&header);
    discreet(&world, &["add", &format!("{place}::ok@^1")], &[0]);
    discreet(&world, &["lock", "--check"], &[0, 5]);
    let alias = format!("aliases.work=https://{SECRET}@h/x");
    discreet(&world, &["config", "--config", &alias], &[0]);
}

#[test]
fn secrets_do_not_follow_a_redirect_to_another_host() {
    let world = World::new();
    let other = Server::start(|_, _| {});
    let to = other.url();
    let from = Server::start(move |_, stream| {
        let head = format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\n\r\n"
        );
        drop(stream.write_all(head.as_bytes()));
    });
    world.env.git_config(&format!(
        "[http]\n\textraHeader = X-Token: {SECRET}\n\tfollowRedirects = true\n"
    ));
    let url = from.url().replace("://", &format!("://ada:{SECRET}@"));
    discreet(&world, &["versions", &url], &[4]);
    assert!(from.n_asked() > 0);
    assert_eq!(other.n_asked(), 0);
}
