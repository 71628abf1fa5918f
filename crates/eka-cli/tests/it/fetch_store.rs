//! `eka fetch` and the store: what is verified is put there, and what is there does not come again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use testkit::kill::{Victim, campaign, kill_when};

use crate::fetch::folder;
use crate::fetch_faults::large;
use crate::locked::Locked;

/// The path in the store of a content that lies on the shelf.
fn path_of(content: &Path) -> String {
    let name = content.file_name().unwrap().to_str().unwrap();
    format!("/nix/store/{name}")
}

#[test]
fn what_is_in_the_store_does_not_come_again() {
    let locked = Locked::new();
    let ran = locked.run(&["fetch"]);
    ran.exit(0).says(&["2 brought"]);
    let zlib = folder(&locked, &ran, 1);
    for content in [zlib.clone(), folder(&locked, &ran, 0)] {
        let path = path_of(&content);
        let shown = locked.world.run(&["store", "info", &path]);
        assert!(shown.contains("out: CA: fixed:r:sha256:"), "{shown}");
        let below = content.display().to_string();
        let hash = locked.world.run(&["nar", "hash", &below]);
        let hash = hash.trim().strip_prefix("0\nout: ").unwrap();
        assert!(
            shown.contains(&format!("out: NarHash: {hash}\n")),
            "{shown}"
        );
    }
    // Neither the cache nor the remote is there any more.
    fs::remove_dir_all(locked.cache("")).unwrap();
    let again = locked.run(&["fetch", "--offline"]);
    again.exit(0).says(&["2 brought"]);
    assert_eq!(again.out(), ran.out());
    assert_eq!(fs::read_link(zlib.join("l")).unwrap(), Path::new("b/x"));
    let third = locked.run(&["fetch"]);
    third.exit(0).says(&["2 there already"]);
    locked.run(&["fetch", "--offline", "--into", "out"]).exit(0);
    // What is damaged there comes from elsewhere, and is put right.
    let blobs = locked.world.env.home().join(".local/share/eka/store/blobs");
    let n_damaged = damage(&blobs, b"folder\n");
    assert!(n_damaged > 0);
    let found = locked.world.run(&["store", "verify"]);
    assert!(found.starts_with("5\n"), "{found}");
    fs::remove_dir_all(locked.cache("")).unwrap();
    locked.run(&["fetch"]).exit(0).says(&["2 brought"]);
    assert_eq!(fs::read_to_string(zlib.join("b/x")).unwrap(), "folder\n");
    locked.run(&["store", "verify"]).exit(0);
}

#[test]
fn a_hostile_tree_of_the_store_is_not_written() {
    let locked = Locked::new();
    locked.world.write("hostile/.git/config", "[core]\n");
    locked
        .run(&["store", "add", "--name", "source", "hostile"])
        .exit(0);
    let hash = locked.world.run(&["nar", "hash", "hostile"]);
    let hash = hash.trim().strip_prefix("0\nout: ").unwrap().to_owned();
    let honest = locked.atom_commit("util", "0.1.4").nar.to_string();
    locked.edit_lock(&honest, &hash);
    // What the remote has is not of that hash.
    let ran = locked.run(&["fetch", "util"]);
    ran.exit(5).says(&[&hash]);
    assert_eq!(locked.contents(), [] as [String; 0]);
}

#[test]
fn a_store_that_fails_keeps_nobody_from_fetching() {
    let locked = Locked::new();
    locked.world.write("file", "");
    let mut fetch = locked.world.eka(&["fetch"]);
    let output = fetch.env("EKA_STORE", "file").output().unwrap();
    let shown = locked.world.show(&output);
    assert!(shown.starts_with("0\nout: "), "{shown}");
    assert_eq!(
        shown.matches("eka::fetch::not_stored").count(),
        1,
        "{shown}"
    );
    assert!(shown.contains("the store's folder"), "{shown}");
    assert_eq!(locked.contents().len(), 2);
}

#[test]
fn whoever_is_killed_while_storing_leaves_a_store_that_is_whole() {
    let locked = large();
    let first = locked.run(&["fetch"]);
    let path = path_of(&folder(&locked, first.exit(0), 0));
    let store = locked.world.env.home().join(".local/share/eka/store");
    let (blobs, busy) = (store.join("blobs"), store.join("blobs/v1"));
    let mut n_registered = 0;
    let tally = campaign(20, 300, |number| {
        locked.forget_store();
        let delay = Duration::from_micros(u64::from(number % 20) * 1500);
        let mut command = locked.world.eka(&["fetch"]);
        let storing = || fs::read_dir(&busy).is_ok_and(|mut it| it.next().is_some());
        let ended = kill_when(&mut command, Victim::Group, delay, storing);
        // What is registered is whole.
        locked.run(&["store", "verify"]).exit(0);
        let shown = locked.world.run(&["store", "info", &path]);
        n_registered += u32::from(shown.starts_with("0\n"));
        if number % 2 == 0 {
            // What is left of the dead goes with the rest.
            locked.run(&["gc", "--keep-recent=0"]).exit(0);
            assert_eq!(n_files(&blobs), 0, "nothing stays in {}", blobs.display());
        }
        locked.run(&["fetch"]).exit(0).says(&["1 there already"]);
        locked.run(&["store", "verify", &path]).exit(0);
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
    assert!(
        n_registered < tally.killed + tally.done,
        "none was killed in time"
    );
}

fn n_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let counts = entries.map(|it| match it.file_type().unwrap().is_dir() {
        true => n_files(&it.path()),
        false => 1,
    });
    counts.sum()
}

/// Changes the files below a folder that hold these bytes; says how many.
fn damage(folder: &Path, bytes: &[u8]) -> usize {
    use std::os::unix::fs::PermissionsExt as _;
    let mut n_damaged = 0;
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            n_damaged += damage(&path, bytes);
        } else if fs::read(&path).unwrap() == bytes {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            fs::write(&path, vec![b'x'; bytes.len()]).unwrap();
            n_damaged += 1;
        }
    }
    n_damaged
}
