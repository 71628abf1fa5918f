//! `eka config`: what counts and where it came from, and the faults of files.

use crate::support::World;

#[test]
fn shows_what_counts_and_where_it_came_from() {
    let world = World::new();
    std::fs::create_dir_all(world.path(".git")).unwrap();
    world.write(".eka/config.toml", "[publish]\nremotes = ['up']\n");
    world.write(
        "../home/.config/eka/config.toml",
        "[aliases]\nwork = 'https://u:secret@h/x'\n",
    );
    let shown = world.run(&["config"]);
    assert!(
        shown.starts_with(
            "0\nout: aliases.work = \"https://u:***@h/x\"  # [WORLD]/home/.config/eka/config.toml\n"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("out: publish.remotes = [\"up\"]  # [WORLD]/work/.eka/config.toml\n"),
        "{shown}"
    );
    assert!(
        shown.contains("out: limits.stall-time = 60  # default\n"),
        "{shown}"
    );
    world.check(&["config", "publish.remotes"], "0\nout: up");
    world.check(
        &[
            "config",
            "publish.remotes",
            "--config",
            "publish.remotes=[\"a\", \"b\"]",
        ],
        "0\nout: a\nout: b",
    );
    world.check(
        &["config", "publish", "--format=json"],
        r#"0
        out: {"schema":"eka.config/1","settings":[{"key":"publish.remotes","value":["up"],"place":"project","from":"[WORLD]/work/.eka/config.toml","doc":"The remotes that `eka init` and `eka publish` use where `--remote` names none."}]}"#,
    );
}

#[test]
fn unknown_and_unset_keys_differ() {
    let world = World::new();
    world.check(
        &["config", "publish.remote"],
        "2
        err: eka::config::unknown_key
        err:
        err:   × there is no key `publish.remote`
        err:   help: did you mean `publish.remotes`?",
    );
    let shown = world.run(&["config", "aliases.none"]);
    assert!(
        shown.starts_with("1\nerr: eka::config::not_set\n"),
        "{shown}"
    );
}

#[test]
fn a_fault_points_into_its_file() {
    let world = World::new();
    world.write(".eka/config.toml", "[publish]\nremotes = 5\n");
    world.check(
        &["config"],
        "2
        err: eka::config::invalid
        err:
        err:   × the configuration is not valid
        err:
        err: Error: eka::config::type_
        err:
        err:   × `publish.remotes` is not a list of texts
        err:    ╭─[[WORLD]/work/.eka/config.toml:2:11]
        err:  1 │ [publish]
        err:  2 │ remotes = 5
        err:    ·           ┬
        err:    ·           ╰── not a list of texts
        err:    ╰────
        err:   help: `publish.remotes` takes a list of texts",
    );
    let shown = world.run(&["config", "--format", "json"]);
    assert!(shown.starts_with("2\nerr: {\"schema\":\"eka.diagnostic/1\",\"severity\":\"error\",\"code\":\"eka::config::invalid\""), "{shown}");
    assert!(shown.contains(r#""spans":[{"file":"[WORLD]/work/.eka/config.toml","offset":20,"length":1,"line":2,"column":11,"label":"not a list of texts"}]"#), "{shown}");
}

#[test]
fn a_project_adds_no_trust() {
    let world = World::new();
    world.write(
        ".eka/config.toml",
        "[caches]\nevil = 'https://evil.example'\n",
    );
    world.check(
        &["config", "publish.remotes"],
        "0
        out: origin
        err: eka::config::not_for_projects
        err:
        err:   ⚠ a project may not set `caches.evil`; it is ignored
        err:    ╭─[[WORLD]/work/.eka/config.toml:2:1]
        err:  1 │ [caches]
        err:  2 │ evil = 'https://evil.example'
        err:    · ──┬─
        err:    ·   ╰── ignored
        err:    ╰────
        err:   help: whom to trust, where bytes come from and how much is taken is yours to say: set it in your
        err:         own configuration, if you agree",
    );
    world.check(&["-q", "config", "publish.remotes"], "0\nout: origin");
}

#[test]
fn aliases_that_cannot_be_are_faults() {
    let world = World::new();
    let set = [
        "--config",
        "aliases.one=two:x",
        "--config",
        "aliases.two=one:y",
    ];
    let shown = world.run(&[&["config"][..], &set].concat());
    assert!(shown.starts_with("2\nerr: eka::alias::cycle\n"), "{shown}");
    let shown = world.run(&["config", "--config", "aliases.gh=https://evil"]);
    assert!(
        shown.starts_with("2\nerr: eka::alias::built_in\n"),
        "{shown}"
    );
}
