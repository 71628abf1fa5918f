//! `eka tree`: what a lock holds, from the lock alone.

use atom::lock::{DepRef, GitAsked, Lock, LockedAtom, LockedPin, LockedPinSource, LockedSet};
use atom::lock::{Place, Require, SetRef};
use atom::{AtomId, NarHash, Root};

use crate::locked::Locked;
use crate::support::World;

const CORE: &str = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
const UI: &str = "68b63bd131acd23bdfd57983fe85ba7c092ce02f";

/// A lock of what `[sets] core` has: `id@version: id@version …` a line, those asked for with `>`.
/// The lock is the manifest's own: nothing of it was ever published.
fn locked(world: &World, lines: &str, change: impl FnOnce(&mut Lock)) {
    let core: Root = CORE.parse().unwrap();
    let mut lock = Lock {
        sets: vec![LockedSet {
            root: core,
            names: vec!["core".parse().unwrap()],
            origin: atom::url::RepoUrl::parse("https://sets.test/core").unwrap(),
            mirrors: Vec::new(),
        }],
        ..Lock::default()
    };
    for line in lines.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let (name, deps) = line.split_once(':').unwrap();
        let atom = dep_ref(name.trim_start_matches("> "));
        if name.starts_with("> ") {
            lock.requires.push(Require {
                id: atom.id.clone(),
                req: format!("^{}", atom.version.major).parse().unwrap(),
                set: SetRef::Root(core),
            });
        }
        lock.atoms.push(LockedAtom {
            place: place(core, &atom.id),
            id: atom.id,
            version: atom.version,
            deps: deps.split_whitespace().map(dep_ref).collect(),
        });
    }
    change(&mut lock);
    let asked = lock.requires.iter().filter(|it| it.set != SetRef::Here);
    let asked: String = asked
        .map(|it| format!("{} = \"{}\"\n", it.id, it.req))
        .collect();
    let manifest = "[atom]\nid = \"app\"\nversion = \"1.0.0\"\n";
    let sets = "[sets]\ncore = \"https://sets.test/core\"\n[deps.core]\n";
    world.write("atom.toml", &format!("{manifest}{sets}{asked}"));
    world.write("atom.lock", &lock.print());
}

fn dep_ref(name: &str) -> DepRef {
    let (id, version) = name.split_once('@').unwrap();
    DepRef {
        id: id.parse().unwrap(),
        version: version.parse().unwrap(),
        short: None,
    }
}

fn place(root: Root, id: &atom::Id) -> Place {
    Place::Published {
        root,
        digest: AtomId::new(root, id.clone()).digest(),
        rev: root.0,
        spec: root.0,
        nar: NarHash([7; 32]),
    }
}

const DIAMOND: &str = "
    > openssl@3.0.9: zlib@1.3.1
    util@0.1.4:
    > zlib@1.3.1: util@0.1.4";

#[test]
fn what_is_needed_each_subtree_once() {
    let world = World::new();
    locked(&world, DIAMOND, |_| {});
    world.check(
        &["tree"],
        "0
        out: app 1.0.0
        out: ├── openssl 3.0.9 (core)
        out: │   └── zlib 1.3.1 (core)
        out: │       └── util 0.1.4 (core)
        out: └── zlib 1.3.1 (core) (*)",
    );
    world.check(
        &["tree", "--depth", "1"],
        "0
        out: app 1.0.0
        out: ├── openssl 3.0.9 (core)
        out: └── zlib 1.3.1 (core)",
    );
}

#[test]
fn who_needs_an_atom() {
    let world = World::new();
    locked(&world, DIAMOND, |_| {});
    let expected = "0
        out: util 0.1.4 (core)
        out: └── zlib 1.3.1 (core)
        out:     ├── app 1.0.0
        out:     └── openssl 3.0.9 (core)
        out:         └── app 1.0.0";
    world.check(&["tree", "-i", "util"], expected);
    world.check(&["tree", "-i", "util@^0.1"], expected);
    world.check(&["tree", "-i", "https://sets.test/core::util"], expected);
    world.check(&["tree", "-i", "core.util"], expected);
    let digest = AtomId::new(CORE.parse().unwrap(), "util".parse().unwrap()).digest();
    let short = format!("util#{}@^0.1", &digest.to_string()[..8]);
    world.check(&["tree", "-i", &short], expected);
    for stranger in [
        "ui.util",
        "util#00000000",
        "util@^2",
        "::util",
        "https://sets.test/ui::util",
    ] {
        let shown = world.run(&["tree", "-i", stranger]);
        assert!(
            shown.starts_with("1\nerr: eka::look::not_locked"),
            "{shown}"
        );
        assert!(shown.contains(stranger), "{shown}");
    }
    let shown = world.run(&["tree", "-i", "utli"]);
    assert!(shown.contains("did you mean `util`?"), "{shown}");
    let shown = world.run(&["tree", "-i", "unheard-of"]);
    assert!(
        shown.contains("it holds: `openssl`, `util`, `zlib`"),
        "{shown}"
    );
    let shown = world.run(&["tree", "-i", "https://sets.test/core"]);
    assert!(
        shown.starts_with("2\nerr: eka::look::not_an_atom"),
        "{shown}"
    );
}

#[test]
fn duplicates_are_versions_of_one_atom() {
    let world = World::new();
    locked(&world, DIAMOND, |_| {});
    world.check(&["tree", "-d"], "0\nerr: there is nothing to show");
    let twice = "
        > old@1.0.0: zlib@1.3.1
        zlib@1.3.1:
        > zlib@2.0.0:";
    locked(&world, twice, |_| {});
    world.check(
        &["tree", "-d"],
        "0
        out: zlib 1.3.1 (core)
        out: └── old 1.0.0 (core)
        out:     └── app 1.0.0
        out: zlib 2.0.0 (core)
        out: └── app 1.0.0",
    );
    world.check(
        &["tree", "-i", "zlib@2"],
        "0
        out: zlib 2.0.0 (core)
        out: └── app 1.0.0",
    );
}

#[test]
fn sets_without_a_name_stand_with_their_url_and_pins_come_last() {
    let world = World::new();
    locked(&world, "> zlib@1.3.1: view@1.0.0\nview@1.0.0:", |lock| {
        let ui: Root = UI.parse().unwrap();
        lock.sets.push(LockedSet {
            root: ui,
            names: Vec::new(),
            origin: atom::url::RepoUrl::parse("https://sets.test/ui").unwrap(),
            mirrors: Vec::new(),
        });
        lock.atoms[1].place = place(ui, &lock.atoms[1].id);
        lock.pins.push(LockedPin {
            name: "nixpkgs".parse().unwrap(),
            source: LockedPinSource::Git {
                git: atom::url::RepoUrl::parse("https://github.com/NixOS/nixpkgs").unwrap(),
                asked: GitAsked::Ref("nixos-unstable".to_owned()),
                rev: ui.0,
                nar: NarHash([7; 32]),
            },
        });
    });
    let manifest = world.read("atom.toml");
    let pin =
        "[pins.nixpkgs]\ngit = \"https://github.com/NixOS/nixpkgs\"\nref = \"nixos-unstable\"\n";
    world.write("atom.toml", &(manifest + pin));
    world.check(
        &["tree"],
        "0
        out: app 1.0.0
        out: ├── zlib 1.3.1 (core)
        out: │   └── view 1.0.0 (https://sets.test/ui)
        out: └── pin nixpkgs (https://github.com/NixOS/nixpkgs^^nixos-unstable 68b63bd131ac)",
    );
    let shown = world.run(&["tree", "--format", "json"]);
    let pin = r#""pins":[{"pin":"nixpkgs","kind":"git","url":"https://github.com/NixOS/nixpkgs","commit":"68b63bd131acd23bdfd57983fe85ba7c092ce02f","hash":"sha256-"#;
    assert!(shown.contains(pin), "{shown}");
}

#[test]
fn as_json_it_is_flat() {
    let world = World::new();
    locked(&world, DIAMOND, |_| {});
    let nar = NarHash([7; 32]);
    let digest = |id: &str| AtomId::new(CORE.parse().unwrap(), id.parse().unwrap()).digest();
    let atom = |id: &str, version: &str, rest: &str| {
        format!(
            r#"{{"name":"{id}@{version}","id":"{id}","version":"{version}","set":"{CORE}","set_names":["core"],"origin":"https://sets.test/core","path":null,"digest":"{}","rev":"{CORE}","nar":"{nar}",{rest}}}"#,
            digest(id)
        )
    };
    let util = atom(
        "util",
        "0.1.4",
        r#""asked":[],"needs":[],"needed_by":["zlib@1.3.1"]"#,
    );
    let zlib = atom(
        "zlib",
        "1.3.1",
        r#""asked":["^1"],"needs":["util@0.1.4"],"needed_by":["openssl@3.0.9"]"#,
    );
    let openssl = atom(
        "openssl",
        "3.0.9",
        r#""asked":["^3"],"needs":["zlib@1.3.1"],"needed_by":[]"#,
    );
    let tree = |atoms: &str| {
        format!(
            r#"{{"schema":"eka.tree/1","trees":[{{"id":"app","version":"1.0.0","lock":"[WORLD]/work/atom.lock","atoms":[{atoms}],"pins":[]}}]}}"#
        )
    };
    let all = tree(&format!("{openssl},{util},{zlib}"));
    world.check(&["tree", "--format", "json"], &format!("0\nout: {all}"));
    let direct = tree(&format!("{openssl},{zlib}"));
    let args = ["tree", "--depth", "1", "--format", "json"];
    world.check(&args, &format!("0\nout: {direct}"));
}

#[test]
fn a_lock_that_is_out_of_date_is_shown_with_a_warning() {
    let world = World::new();
    locked(&world, DIAMOND, |_| {});
    let manifest = world.read("atom.toml").replace("\"^3\"", "\"^4\"");
    world.write("atom.toml", &manifest);
    let shown = world.run(&["tree"]);
    assert!(
        shown.starts_with("0\nout: app 1.0.0\nout: ├── openssl 3.0.9"),
        "{shown}"
    );
    assert!(shown.contains("eka::look::stale"), "{shown}");
    std::fs::remove_file(world.path("atom.lock")).unwrap();
    let shown = world.run(&["tree", "-q"]);
    assert_eq!(shown, "0\nout: app 1.0.0\n");
    world.write("atom.lock", "<<<<<<< ours\n");
    assert!(world.run(&["tree"]).starts_with("2\n"));
}

#[test]
fn all_locks_of_a_repository_and_what_lies_in_the_work_tree() {
    let story = Locked::published();
    story.run_in("lib", &["lock", "--all"]).exit(0);
    let ran = story.run_in("lib", &["tree", "--all"]);
    ran.exit(0);
    assert_eq!(ran.out(), ["zlib 1.3.1", "└── util 0.1.4 (::libs/util)"]);
    let ran = story.run_in("lib/libs/zlib", &["tree", "-i", "::util"]);
    assert_eq!(ran.out(), ["util 0.1.4 (::libs/util)", "└── zlib 1.3.1"]);
    story
        .run(&["tree", "--all"])
        .exit(2)
        .says(&["eka::lock::no_work_tree"]);
}

/// Each atom of a rung needs both of the next: 2³⁰ paths, and 120 lines.
#[test]
fn a_ladder_of_30_rungs_is_short() {
    let world = World::new();
    let rung = |it: usize| {
        let next = format!("l{0:02}@1.0.0 r{0:02}@1.0.0", it + 1);
        let next = if it < 29 { next.as_str() } else { "" };
        let mark = if it == 0 { "> " } else { "" };
        format!("{mark}l{it:02}@1.0.0: {next}\n{mark}r{it:02}@1.0.0: {next}\n")
    };
    locked(&world, &(0..30).map(rung).collect::<String>(), |_| {});
    let shown = world.run(&["tree"]);
    assert_eq!(shown.lines().count(), 1 + 1 + 2 + 4 * 29, "{shown}");
    let shown = world.run(&["tree", "-i", "l29"]);
    assert!(shown.lines().count() < 150, "{shown}");
}

/// The branches of a chain would take room by the square of its length.
#[test]
fn a_deep_chain_is_drawn_by_numbers_from_some_level_on() {
    let world = World::new();
    let link = |it: usize| {
        let next = format!("a{:03}@1.0.0", it + 1);
        let (mark, next) = match it {
            0 => ("> ", next.as_str()),
            299 => ("", ""),
            _ => ("", next.as_str()),
        };
        format!("{mark}a{it:03}@1.0.0: {next}\n")
    };
    locked(&world, &(0..300).map(link).collect::<String>(), |_| {});
    let shown = world.run(&["tree"]);
    assert!(
        shown.contains("└── a099 1.0.0 (core)\nout: … 101 a100 1.0.0 (core)\n"),
        "{shown}"
    );
    assert!(shown.ends_with("out: … 300 a299 1.0.0 (core)\n"), "{shown}");
    assert!(shown.len() < 80_000, "{}", shown.len());
}
