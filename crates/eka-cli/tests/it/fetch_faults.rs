//! `eka fetch` under kills, beside others of its kind, and on a full disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use testkit::kill::{Victim, campaign, kill_when};

use crate::fetch::folder;
use crate::locked::{Locked, Ran};

#[test]
fn several_at_once_end_with_the_same() {
    let locked = Locked::new();
    let commands = (0..6).map(|_| {
        let mut command = locked.world.eka(&["fetch"]);
        let piped = std::process::Stdio::piped;
        command.stdout(piped()).stderr(piped()).spawn().unwrap()
    });
    let commands: Vec<_> = commands.collect();
    let shown: Vec<_> = commands
        .into_iter()
        .map(|it| {
            let out = it.wait_with_output().unwrap();
            assert!(out.status.success(), "{}", locked.world.show(&out));
            out.stdout
        })
        .collect();
    assert!(shown.iter().all(|it| *it == shown[0]));
    assert_eq!(locked.contents().len(), 2);
}

#[test]
fn modes_are_the_atoms_whatever_the_umask() {
    let locked = Locked::new();
    for umask in ["077", "000"] {
        locked.forget();
        let eka = locked.world.eka(&["fetch", "zlib"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
        shell.arg(eka.get_program()).args(eka.get_args());
        shell.env_clear();
        shell.envs(
            eka.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        shell.current_dir(eka.get_current_dir().unwrap());
        let out = shell.output().unwrap();
        assert!(out.status.success(), "{}", locked.world.show(&out));
        let top = PathBuf::from(String::from_utf8(out.stdout).unwrap().trim_end());
        let mode = |it: &str| fs::metadata(top.join(it)).unwrap().permissions().mode() & 0o777;
        let modes = ["", "b", "b/x", "b-d"].map(mode);
        assert_eq!(modes, [0o755, 0o755, 0o644, 0o755], "{umask}");
    }
}

/// A locked atom of many files, so that writing takes a moment.
pub(crate) fn large() -> Locked {
    let locked = Locked::published();
    locked.atom("util", "0.2.0", "");
    for n in 0..300 {
        let text = format!("{n}\n").repeat(200);
        locked
            .lib
            .write(&format!("libs/util/d{}/f{n}", n % 9), text);
    }
    locked.publish("util");
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.2\"");
    locked.run(&["lock"]).exit(0);
    locked
}

fn holds(folder: &Path, wanted: impl Fn(&str) -> bool) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|it| it.file_name().to_string_lossy().into_owned());
    names.any(|it| wanted(&it))
}

#[test]
fn whoever_is_killed_while_writing_leaves_nothing_half_written() {
    let locked = large();
    let first = locked.run(&["fetch"]);
    let target = folder(&locked, first.exit(0), 0);
    let src = locked.cache("src");
    let tally = campaign(40, 300, |number| {
        fs::remove_dir_all(&target).unwrap();
        // Every other time it comes from the store.
        if number % 2 == 0 {
            locked.forget_store();
        }
        let delay = Duration::from_micros(u64::from(number % 12) * 1500);
        let mut command = locked.world.eka(&["fetch"]);
        let growing = || holds(&src, |it| it.starts_with(".eka-"));
        let ended = kill_when(&mut command, Victim::Group, delay, growing);
        let whole = target.exists();
        let ran = locked.run(&["fetch"]);
        // What is visible is complete: the next run finds it by its hash, or makes it anew.
        let expected = if whole {
            "1 there already"
        } else {
            "1 brought"
        };
        ran.exit(0).says(&[expected]);
        assert_eq!(locked.contents().len(), 1, "nothing stays behind");
        ended
    });
    assert!(tally.killed >= 40, "{tally:?}");
}

#[test]
fn whoever_is_killed_while_receiving_leaves_a_cache_that_works() {
    let locked = large();
    let packs = locked.cache("git/objects/pack");
    let tally = campaign(20, 300, |number| {
        locked.forget();
        let delay = Duration::from_micros(u64::from(number % 10) * 300);
        let mut command = locked.world.eka(&["fetch"]);
        let receiving = || holds(&packs, |it| !it.ends_with(".idx"));
        let ended = kill_when(&mut command, Victim::Group, delay, receiving);
        locked.run(&["fetch"]).exit(0);
        assert_eq!(locked.contents().len(), 1);
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let locked = Locked::published();
    locked.atom("util", "0.2.0", "");
    locked
        .lib
        .write("libs/util/large", "0123456789abcdef".repeat(20_000));
    locked.publish("util");
    let url = locked.up.url();
    locked.depend(&format!("core = \"{url}\""), "util = \"^0.2\"");
    locked.run(&["lock"]).exit(0);
    locked.run(&["fetch", "--into", "elsewhere"]).exit(0);
    // A file size limit is the nearest to a full disk that needs no mount.
    let eka = locked.world.eka(&["fetch"]);
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\"";
    let mut command = locked.world.env.command("bash");
    command
        .args(["-c", script])
        .arg(eka.get_program())
        .args(eka.get_args());
    command.current_dir(locked.world.dir());
    let shown = locked.world.show(&command.output().unwrap());
    let ran = Ran { shown };
    ran.exit(1)
        .says(&["eka::export::io", "is the disk full", "File too large"]);
    assert!(locked.contents().is_empty(), "{:?}", locked.contents());
    locked.run(&["fetch"]).exit(0);
}
