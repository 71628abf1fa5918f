//! What every command does alike: flags and variables, exit codes, color, foreign text.

use std::fs::File;
use std::process::Stdio;
use std::time::Instant;

use crate::locked::Locked;
use crate::support::World;

#[test]
fn the_version_comes_at_once() {
    let world = World::new();
    let text = format!("0\nout: eka {}", env!("CARGO_PKG_VERSION"));
    world.check(&["--version"], &text);
    world.check(&["-V"], &text);
}

#[test]
fn wrong_usage_is_2() {
    let world = World::new();
    let shown = world.run(&["nwe"]);
    assert!(
        shown.starts_with("2\nerr: error: unrecognized subcommand 'nwe'\n"),
        "{shown}"
    );
    assert!(world.run(&[]).starts_with("2\nerr: "), "help on stderr");
    assert!(world.run(&["--help"]).starts_with("0\nout: "));
    let shown = world.run(&["--format", "json", "nwe"]);
    let expected = "2\nerr: {\"schema\":\"eka.diagnostic/1\",\"severity\":\"error\",\"code\":\"eka::cli::usage\",\"message\":\"unrecognized subcommand 'nwe'\"";
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn a_missing_program_is_2_and_named() {
    let locked = Locked::new();
    let url = locked.up.url();
    let lone = locked.world.env.path("no programs");
    std::fs::create_dir(&lone).unwrap();
    let ssh = "ssh://nowhere.example/r";
    let commands: [(&[&str], &str); 5] = [
        (&["versions", &url], "git"),
        (&["lock", "--check"], "git"),
        (&["fetch"], "git"),
        (&["-C", "../lib", "publish", "--all"], "git"),
        (&["versions", ssh], "ssh"),
    ];
    for (args, program) in commands {
        let mut eka = locked.world.eka(args);
        eka.env("PATH", &lone);
        let shown = locked.world.show(&eka.output().unwrap());
        assert!(shown.starts_with("2\n"), "{args:?}\n{shown}");
        assert!(
            shown.contains(&format!("cannot run `{program}`")),
            "{shown}"
        );
        assert!(shown.contains(" install "), "{shown}");
    }
}

#[test]
fn help_names_every_variable_and_exit_code() {
    let world = World::new();
    let help = world.run(&["--help"]);
    for variable in eka::env::ALL {
        let of_commands = ["EKA_LOCKED", "EKA_FROZEN"].contains(&variable.name);
        assert!(
            of_commands || help.contains(variable.name),
            "{}",
            variable.name
        );
    }
    for exit in eka::Exit::ALL {
        assert!(help.contains(exit.meaning()), "{exit:?}");
    }
}

#[test]
fn variables_stand_for_flags_and_are_named() {
    let mut world = World::new();
    std::fs::create_dir_all(world.path("sub")).unwrap();
    world.env.set("EKA_DIR", "sub");
    world.env.set("EKA_FORMAT", "json");
    let shown = world.run(&["new", "x"]);
    assert!(
        shown.starts_with("0\nout: {\"schema\":\"eka.new/1\""),
        "{shown}"
    );
    assert!(world.path("sub/x/atom.toml").is_file());
    world.env.set("EKA_FORMAT", "xml");
    world.check(
        &["config"],
        "2
        err: eka::env::value
        err:
        err:   × the variable `EKA_FORMAT` is `xml`, which is not one of `text`, `json`
        err:   help: set it to one of `text`, `json`, or unset it",
    );
    assert!(
        world
            .run(&["config", "--format", "text"])
            .starts_with("0\n"),
        "the flag wins"
    );
    world.env.unset("EKA_FORMAT").set("EKA_QUIET", "maybe");
    let shown = world.run(&["config"]);
    assert!(
        shown.contains("the variable `EKA_QUIET` is `maybe`"),
        "{shown}"
    );
    world
        .env
        .unset("EKA_QUIET")
        .set("EKA_CONFIG", "publish.remote=x");
    let shown = world.run(&["config"]);
    assert!(
        shown.starts_with("2\n") && shown.contains("[EKA_CONFIG:1:1]"),
        "{shown}"
    );
}

#[test]
fn a_relative_folder_works() {
    let world = World::new();
    std::fs::create_dir_all(world.path("a/b")).unwrap();
    assert!(world.run(&["-C", "a/b", "new", "x"]).starts_with("0\n"));
    assert!(world.path("a/b/x/atom.toml").is_file());
    let shown = world.run(&["-C", "a/none", "new", "x"]);
    assert!(
        shown.starts_with("2\nerr: eka::context::no_folder\n"),
        "{shown}"
    );
    assert!(shown.contains("there is no folder `a/none`"), "{shown}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let world = World::new();
    let mut command = world.eka(&["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_full_stdout_is_a_failure() {
    let world = World::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = world.eka(&["config"]).stdout(full).output().unwrap();
    let shown = world.show(&output);
    assert!(shown.starts_with("1\nerr: eka::cli::stdout\n"), "{shown}");
}

#[test]
fn color_is_asked_for_or_not_there() {
    let mut world = World::new();
    let esc = |shown: &str| shown.contains('\u{1b}');
    assert!(!esc(&world.run(&["new", "a b"])));
    assert!(esc(&world.run(&["new", "a b", "--color", "always"])));
    world.env.set("EKA_COLOR", "always").set("NO_COLOR", "1");
    assert!(esc(&world.run(&["new", "a b"])));
    assert!(!esc(&world.run(&["new", "a b", "--color=auto"])));
}

#[test]
fn what_is_foreign_reaches_no_terminal_as_it_is() {
    let world = World::new();
    let evil = "a\u{1b}[31m\u{202e}\u{200b}b";
    let key = format!("aliases.{evil}");
    let set = format!("publish.remotes={evil}");
    for args in [
        &["new", evil][..],
        &["new", "x", "--id", evil],
        &["new", "x", "--id", evil, "--format", "json"],
        &["-C", evil, "config"],
        &["config", &key],
        &["config", &key, "--format", "json"],
        &["config", "--config", &set],
        &["config", "--config", &set, "--format", "json"],
        &["config", "--config", evil],
        &["config", "--config", evil, "--format", "json"],
        &[evil],
        &[evil, "--format", "json"],
    ] {
        let shown = world.run(args);
        let bad = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}'];
        assert!(!shown.contains(bad), "{args:?}\n{shown:?}");
    }
}

#[test]
fn it_starts_within_a_moment() {
    // Not a timed test: it only says so where something is badly wrong.
    let world = World::new();
    let start = Instant::now();
    world.run(&["--version"]);
    assert!(start.elapsed().as_secs() < 5);
}
