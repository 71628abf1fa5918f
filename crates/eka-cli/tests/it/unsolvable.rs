//! Where no versions fit together: from what the error says alone one gets to a manifest that locks.

use std::fs;

use crate::published::{Sets, manifest, needs};
use crate::support::World;

const CORE: &str = "https://sets.test/core";

/// A manifest of `app` that asks for these of the set `core`, with more lines under `[atom]`.
fn app(more: &str, deps: &str) -> String {
    format!(
        "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n{more}\n[sets]\ncore = \"{CORE}\"\n\n[deps.core]\n{deps}"
    )
}

/// What there is of the set `core`.
fn world() -> World {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    for version in ["1.4.0", "1.5.2", "2.0.0", "2.0.1"] {
        core.publish("auth-service", version, &manifest("auth-service", version));
    }
    core.yank("auth-service", "2.0.0", "leaks tokens");
    core.yank("auth-service", "2.0.1", "same");
    for version in ["1.0.0", "2.0.0", "3.0.0-rc.1"] {
        core.publish("log", version, &manifest("log", version));
    }
    core.publish("one", "1.0.0", &needs("one", "1.0.0", "log = \"^1\""));
    core.publish("two", "1.0.0", &needs("two", "1.0.0", "log = \"^2\""));
    core.publish("old", "0.9.0", &needs("old", "0.9.0", "log = \"^1\""));
    core.publish("old", "1.0.0", &needs("old", "1.0.0", "log = \"^7\""));
    world
}

/// The lines of help under a command that fails with exit code 1.
#[track_caller]
fn help(world: &World, args: &[&str]) -> Vec<String> {
    let output = world.eka(args).args(["--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", world.show(&output));
    let text = String::from_utf8(output.stderr).unwrap();
    let error = text.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["code"], "eka::resolver::unsolvable", "{text}");
    let help = error["help"].as_str().unwrap_or_default();
    help.lines().map(str::to_owned).collect()
}

/// Does what a line of help says, and sees that the manifest is locked then.
#[track_caller]
fn follow(world: &World, line: &str) {
    let shown = match line.rsplit_once("`eka ") {
        Some((_, command)) => world.paste(&format!("eka {}", command.trim_end_matches('`'))),
        None => {
            let (_, edit) = line.split_once("write `").unwrap();
            let (edit, _) = edit.split_once("` under `[atom]`").unwrap();
            let text = world.read("atom.toml");
            let text = text.replace("duplicates = \"deny\"\n", "");
            world.write(
                "atom.toml",
                &text.replace("[atom]\n", &format!("[atom]\n{edit}\n")),
            );
            world.run(&["lock"])
        }
    };
    assert!(shown.starts_with("0\n"), "{line}\n{shown}");
    let shown = world.run(&["lock", "--locked"]);
    assert!(shown.starts_with("0\n"), "{line}\n{shown}");
}

/// Every way out of an unsolvable manifest works when it is pasted.
#[track_caller]
fn ways_out(more: &str, deps: &str, expected: &[&str]) {
    let world = world();
    let text = app(more, deps);
    world.write("atom.toml", &text);
    let lines = help(&world, &["lock"]);
    assert_eq!(lines, expected, "{lines:#?}");
    for line in &lines {
        assert!(!world.path("atom.lock").exists());
        follow(&world, line);
        world.write("atom.toml", &text);
        fs::remove_file(world.path("atom.lock")).unwrap_or_default();
    }
}

#[test]
fn no_version_fits() {
    ways_out(
        "",
        "auth-service = \"^2\"\n",
        &[
            "use `^1.5`: `eka add https://sets.test/core::auth-service@^1.5`",
            "allow the yanked `auth-service@2.0.1` once: `eka lock --allow-yanked`",
        ],
    );
}

#[test]
fn no_such_atom() {
    ways_out(
        "",
        "nope = \"^2\"\nlog = \"^1\"\n",
        &["do without `nope`: `eka remove nope`"],
    );
}

#[test]
fn two_requirements_collide_where_duplicates_are_denied() {
    ways_out(
        "duplicates = \"deny\"\n",
        "one = \"^1\"\ntwo = \"^1\"\n",
        &[
            "allow several majors of `log`: write `duplicates = \"allow\"` under `[atom]`",
            "do without `one`: `eka remove one`",
            "do without `two`: `eka remove two`",
        ],
    );
}

#[test]
fn a_dependency_leads_nowhere() {
    ways_out(
        "",
        "old = \"^1\"\nlog = \">=1, <2\"\n",
        &["use `^0.9.0`: `eka add https://sets.test/core::old@^0.9.0`"],
    );
}

#[test]
fn an_atom_of_the_work_tree_has_another_version() {
    let world = world();
    let _repo = world.env.repo("work");
    world.write("libs/util/atom.toml", &manifest("util", "0.1.0"));
    let text = needs("app", "1.0.0", "util = \"^1\"");
    world.write("atom.toml", &text);
    let lines = help(&world, &["lock"]);
    assert_eq!(lines, ["use `^0.1.0`: `eka add ::util@^0.1.0`"]);
    follow(&world, &lines[0]);
    // From elsewhere the command says where.
    world.write("atom.toml", &text);
    world.write("libs/other/atom.toml", &text.replace("app", "other"));
    for at in ["", " -C libs/other"] {
        let command = format!("eka{at} add ::util@^0.1.0");
        for asked in ["lock", "update"] {
            let lines = help(&world, &[asked, "--all"]);
            assert_eq!(lines, [format!("use `^0.1.0`: `{command}`")]);
        }
        world.paste(&command);
    }
    let shown = world.run(&["lock", "--all"]);
    assert!(shown.starts_with("0\n"), "{shown}");
}

#[test]
fn two_sets_have_an_atom_of_that_id() {
    let world = world();
    let other = Sets::new(&world).set("other");
    other.publish("nope", "1.0.0", &manifest("nope", "1.0.0"));
    let text = app("", "nope = \"^2\"\n")
        .replace("[sets]\n", "[sets]\nother = \"https://sets.test/other\"\n");
    world.write("atom.toml", &format!("{text}[deps.other]\nnope = \"^1\"\n"));
    let lines = help(&world, &["lock"]);
    assert_eq!(lines, ["do without `nope`: `eka remove core.nope`"]);
    follow(&world, &lines[0]);
}

#[test]
fn what_is_added_is_not_in_the_manifest_yet() {
    let world = world();
    let text = app("", "log = \"=1.0.0\"\n");
    world.write("atom.toml", &text);
    let uri = format!("{CORE}::auth-service@>=2, <3");
    let lines = help(&world, &["add", &uri]);
    assert_eq!(
        lines,
        [
            "use `^1.5`: `eka add https://sets.test/core::auth-service@^1.5`",
            "allow the yanked `auth-service@2.0.1` once: `eka add 'https://sets.test/core::auth-service@>=2, <3' --allow-yanked`"
        ]
    );
    for line in lines {
        assert_eq!(world.read("atom.toml"), text);
        follow(&world, &line);
        world.write("atom.toml", &text);
        fs::remove_file(world.path("atom.lock")).unwrap();
    }
}
