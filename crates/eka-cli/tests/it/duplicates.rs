//! Two majors of one atom: where one version cannot please all, and nowhere else.

use crate::published::{Published, Sets, manifest, needs};
use crate::support::World;

const HEAD: &str = "[atom]
id = \"app\"
version = \"1.0.0\"

[sets]
core = \"https://sets.test/core\"

[deps.core]
";

/// `one` needs `log` 1, `two` needs `log` 2.
fn world() -> (World, Published) {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    core.publish("one", "1.0.0", &needs("one", "1.0.0", "log = \"^1\""));
    core.publish("two", "1.0.0", &needs("two", "1.0.0", "log = \"^2\""));
    core.publish("log", "1.4.0", &manifest("log", "1.4.0"));
    core.publish("log", "2.1.0", &manifest("log", "2.1.0"));
    world.write("atom.toml", &format!("{HEAD}one = \"^1\"\ntwo = \"^1\"\n"));
    (world, core)
}

const TOLD: &str = "0
        err: eka::lock::duplicate
        err:
        err:   ⚠ `log` is taken in 2 versions: 1.4.0 for one@1.0.0, 2.1.0 for two@1.0.0
        err:   help: no one version fits all of them; `duplicates = \"deny\"` under `[atom]` of `atom.toml`
        err:         forbids it
        err: wrote `[WORLD]/work/atom.lock` (4 atoms)
        err:   + log 1.4.0
        err:   + log 2.1.0
        err:   + one 1.0.0
        err:   + two 1.0.0";

#[test]
fn they_are_locked_told_checked_and_kept() {
    let (world, core) = world();
    world.check(&["lock"], TOLD);
    let text = world.read("atom.lock");
    assert!(text.contains("deps = [\n    \"log@1.4.0\",\n]"), "{text}");
    assert!(text.contains("deps = [\n    \"log@2.1.0\",\n]"), "{text}");
    world.check(
        &["lock", "--format", "json"],
        &format!("0
        out: {{\"schema\":\"eka.lock/1\",\"locks\":[{{\"path\":\"[WORLD]/work/atom.lock\",\"atoms\":4,\"pins\":0,\"written\":false,\"changes\":[],\"duplicates\":[{{\"id\":\"log\",\"digest\":\"{}\",\"versions\":[{{\"version\":\"1.4.0\",\"by\":[\"one@1.0.0\"]}},{{\"version\":\"2.1.0\",\"by\":[\"two@1.0.0\"]}}]}}]}}]}}",
        digest(&core)),
    );
    let shown = world.run(&["lock", "--locked"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    // A release that would do without the second major moves nothing.
    core.publish("one", "1.1.0", &needs("one", "1.1.0", "log = \"^2\""));
    core.publish("log", "1.5.0", &manifest("log", "1.5.0"));
    let shown = world.run(&["lock", "--check"]);
    assert!(shown.starts_with("0\n"), "{shown}");
    core.publish("other", "1.0.0", &manifest("other", "1.0.0"));
    let shown = world.run(&["add", "https://sets.test/core::other@^1"]);
    assert!(
        shown.ends_with("(5 atoms)\nerr:   + other 1.0.0\n"),
        "{shown}"
    );
    // Whoever asks gets it.
    let shown = world.run(&["update"]);
    assert!(
        shown.ends_with("(4 atoms)\nerr:   - log 1.4.0\nerr:   ↑ one 1.0.0 → 1.1.0\n"),
        "{shown}"
    );
    assert!(!shown.contains("duplicate"), "{shown}");
}

fn digest(core: &Published) -> String {
    atom::AtomId::new(core.root, "log".parse().unwrap())
        .digest()
        .to_string()
}

#[test]
fn what_is_needed_no_more_goes() {
    let (world, _core) = world();
    assert!(world.run(&["lock"]).starts_with("0\n"));
    let shown = world.run(&["remove", "one"]);
    assert!(
        shown.ends_with("(2 atoms)\nerr:   - log 1.4.0\nerr:   - one 1.0.0\n"),
        "{shown}"
    );
    // The manifest itself may be one who wants it.
    let shown = world.run(&["add", "https://sets.test/core::log@^1"]);
    assert!(
        shown.contains("1.4.0 for the manifest (^1), 2.1.0 for two@1.0.0"),
        "{shown}"
    );
    let shown = world.run(&["add", "https://sets.test/core::log@>=1"]);
    assert!(shown.contains("- log 1.4.0"), "{shown}");
}

#[test]
fn a_second_major_moves_by_itself() {
    let (world, core) = world();
    assert!(world.run(&["lock"]).starts_with("0\n"));
    core.publish("log", "1.5.0", &manifest("log", "1.5.0"));
    core.publish("log", "2.2.0", &manifest("log", "2.2.0"));
    let shown = world.run(&["update", "log", "--to", "1.5.0"]);
    assert!(
        shown.ends_with("(4 atoms)\nerr:   ↑ log 1.4.0 → 1.5.0\n"),
        "{shown}"
    );
    // No third one comes for the sake of the command.
    core.publish("log", "3.0.0", &manifest("log", "3.0.0"));
    let shown = world.run(&["update", "log", "--to", "3.0.0"]);
    assert!(shown.starts_with("1\n"), "{shown}");
    let shown = world.run(&["update", "log"]);
    assert!(shown.contains("↑ log 2.1.0 → 2.2.0"), "{shown}");
}

#[test]
fn they_are_fetched() {
    let locked = crate::locked::Locked::published();
    locked.atom("log", "1.0.0", "");
    locked.atom(
        "one",
        "1.0.0",
        "[sets]\nhere = \"::\"\n[deps.here]\nlog = \"^1\"\n",
    );
    locked.publish("--all");
    locked.atom("log", "2.0.0", "");
    locked.lib.git(["rm", "-q", "-r", "libs/one"]);
    locked.publish("--all");
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "one = \"^1\"\nlog = \"^2\"");
    locked.run(&["lock"]).exit(0);
    let out = locked.run(&["fetch"]).exit(0).out();
    assert_eq!(out.len(), 3, "{out:?}");
    locked.run(&["lock", "--check"]).exit(0);
}

#[test]
fn a_manifest_may_forbid_them() {
    let (world, _core) = world();
    let text = world.read("atom.toml");
    let deny = text.replace("[atom]\n", "[atom]\nduplicates = \"deny\"\n");
    world.write("atom.toml", &deny);
    let shown = world.run(&["lock"]);
    assert!(
        shown.starts_with("1\nerr: eka::resolver::unsolvable\n"),
        "{shown}"
    );
    assert!(!world.path("atom.lock").exists());
    // Any of those that are solved in one.
    let _repo = world.env.repo("work");
    world.write("atom.toml", &text);
    world.write(
        "libs/x/atom.toml",
        &deny
            .replace("\"app\"", "\"x\"")
            .replace("two = \"^1\"\n", ""),
    );
    let shown = world.run(&["lock", "--all"]);
    assert!(shown.starts_with("1\n"), "{shown}");
    world.check(&["lock"], TOLD);
}
