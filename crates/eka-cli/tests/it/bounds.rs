//! What bounds a resolution: the time that solving may take, an interrupt, the number of sets.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::published::{Sets, manifest};
use crate::support::World;

const SET: &str = "https://sets.test/core";

/// `n + 1` pigeons and `n` holes: each version of a pigeon needs a hole for itself alone. There is
/// no answer, and to see it takes longer than anybody waits.
fn pigeons(n: usize) -> World {
    let world = World::new();
    let core = Sets::new(&world).set("core");
    let mut atoms = Vec::new();
    for pigeon in 0..=n {
        for hole in 0..n {
            let (id, version) = (format!("pigeon{pigeon}"), format!("1.0.{hole}"));
            let text = format!(
                "{}[sets]\nhere = \"::\"\n[deps.here]\nhole{hole} = \"=1.0.{pigeon}\"\n",
                manifest(&id, &version)
            );
            atoms.push((id, version, text));
            let (id, version) = (format!("hole{hole}"), format!("1.0.{pigeon}"));
            let text = manifest(&id, &version);
            atoms.push((id, version, text));
        }
    }
    core.publish_all(&atoms);
    let mut text = format!(
        "{}[sets]\ncore = \"{SET}\"\n[deps.core]\n",
        manifest("app", "1.0.0")
    );
    for pigeon in 0..=n {
        writeln!(text, "pigeon{pigeon} = \"^1\"").unwrap();
    }
    world.write("atom.toml", &text);
    world
}

#[test]
fn solving_ends_at_its_deadline() {
    let world = pigeons(11);
    let start = Instant::now();
    world.check(
        &["lock", "--config", "resolve.timeout=1"],
        "1
        err: eka::lock::too_long
        err:
        err:   × no answer was found in 1 s of solving, and whether there is one is not known
        err:   help: narrow a requirement, such as `>=1` to `^1`, or give it more time by `--config
        err:         resolve.timeout=10`",
    );
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(!world.path("atom.lock").exists());
}

#[test]
fn an_interrupt_ends_solving() {
    let world = pigeons(11);
    let mut command = world.eka(&["lock", "--config", "resolve.timeout=600"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    let (pid, end) = (child.id(), Instant::now() + Duration::from_secs(120));
    // Nothing but solving takes that much of a processor.
    while processor_ticks(pid) < 200 {
        assert!(Instant::now() < end, "it does not solve");
        std::thread::sleep(Duration::from_millis(20));
    }
    let args = ["-INT", &pid.to_string()];
    assert!(Command::new("kill").args(args).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let shown = world.show(&output);
    assert!(shown.starts_with("130\n"), "{shown}");
    assert!(!world.path("atom.lock").exists());
}

/// How long a process has computed, in hundredths of a second.
fn processor_ticks(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = text.rsplit_once(')').unwrap().1.split_whitespace();
    let times = fields.skip(11).take(2);
    times.map(|it| it.parse::<u64>().unwrap()).sum()
}

/// A chain of sets, each with an atom that needs the next one's.
fn chain(n: usize) -> World {
    let world = World::new();
    let sets = Sets::new(&world);
    for at in 0..n {
        let set = sets.set(&format!("s{at}"));
        let mut text = manifest("x", "1.0.0");
        if at + 1 < n {
            let next = format!("https://sets.test/s{}", at + 1);
            write!(text, "[sets]\nnext = \"{next}\"\n[deps.next]\nx = \"^1\"\n").unwrap();
        }
        set.publish("x", "1.0.0", &text);
    }
    let text = format!(
        "{}[sets]\ns = \"https://sets.test/s0\"\n[deps.s]\nx = \"^1\"\n",
        manifest("app", "1.0.0")
    );
    world.write("atom.toml", &text);
    world
}

#[test]
fn a_resolution_needs_no_more_sets_than_it_may() {
    let world = chain(6);
    let limit = |n: usize| format!("limits.sets={n}");
    world.check(
        &["lock", "--config", &limit(5)],
        "1
        err: eka::lock::too_many_sets
        err:
        err:   × the dependencies lie in more than 5 sets
        err:   help: if they are to be trusted with more, raise `limits.sets`",
    );
    assert!(!world.path("atom.lock").exists());
    // A warm cache makes no difference, nor does a bound that is just enough.
    for n in [6, 7] {
        let shown = world.run(&["lock", "--config", &limit(n)]);
        assert!(shown.starts_with("0\n"), "{shown}");
        fs::remove_file(world.path("atom.lock")).unwrap();
    }
    let shown = world.run(&["lock", "--config", &limit(5)]);
    assert!(shown.starts_with("1\n"), "{shown}");
}

#[test]
fn what_is_asked_early_counts_for_nothing() {
    // The newest version leads to many sets, and cannot be taken.
    let world = chain(8);
    let sets = Sets::new(&world);
    let core = sets.set("core");
    core.publish("y", "1.0.0", &manifest("y", "1.0.0"));
    let many = format!(
        "{}[sets]\nhere = \"::\"\ns = \"https://sets.test/s0\"\n[deps.s]\nx = \"^1\"\n[deps.here]\ny = \"^9\"\n",
        manifest("y", "1.1.0")
    );
    core.publish("y", "1.1.0", &many);
    let text = format!(
        "{}[sets]\ncore = \"{SET}\"\n[deps.core]\ny = \"^1\"\n",
        manifest("app", "1.0.0")
    );
    world.write("atom.toml", &text);
    let shown = world.run(&["lock", "--config", "limits.sets=3"]);
    assert!(shown.contains("+ y 1.0.0"), "{shown}");
}
