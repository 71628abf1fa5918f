//! A publisher that is killed leaves all or nothing.

use std::fs;
use std::time::Duration;

use testkit::kill::{Victim, campaign, kill_when};
use testkit::process::wait_until;

use super::Shop;

/// How many atoms one publish brings: enough that the window is wide.
const ATOMS: usize = 5;

#[test]
fn a_publisher_that_is_killed_leaves_all_or_nothing() {
    let shop = Shop::new();
    let staging = shop.world.env.home().join(".cache/eka/staging");
    let busy = || {
        let entries = fs::read_dir(&staging).into_iter().flatten();
        let mut folders = entries.filter_map(|it| it.ok().filter(|it| it.path().is_dir()));
        folders.any(|it| fs::read_dir(it.path()).is_ok_and(|mut it| it.next().is_some()))
    };
    let mut published = 0;
    let tally = campaign(20, 200, |number| {
        for n in 0..ATOMS {
            shop.atom(&format!("a{n}"), &format!("a{n}"), &format!("{number}.0.0"));
        }
        shop.commit();
        // Not its group: over a file the server would be killed with it, and what a server that
        // dies leaves of its own refs and locks is git's affair.
        let victim = Victim::Alone;
        let delay = Duration::from_micros(u64::from(number % 10) * 4000);
        let mut command = shop.eka(&["publish", "--all"]);
        let ended = kill_when(&mut command, victim, delay, busy);
        // A push that outlives its publisher comes to its own end.
        wait_until("the push ends", || !shop.pushes());
        let there = shop.refs().len() - published;
        assert!(
            there == 0 || there == 3 * ATOMS,
            "{there} refs of {}",
            3 * ATOMS
        );
        published += there;
        // The next run just works, and takes away what the killed one left.
        shop.run(&["publish", "--all"]).done();
        published = shop.refs().len();
        assert_eq!(published, 3 * ATOMS * (number as usize + 1));
        assert_eq!(
            fs::read_dir(&staging).unwrap().count(),
            0,
            "nothing stays in {}",
            staging.display()
        );
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
    shop.repo.git(["fsck", "--strict"]);
    shop.up.git(["fsck", "--strict"]);
}

impl Shop {
    /// Whether something works on the remote: a lock or a quarantine is there.
    fn pushes(&self) -> bool {
        let mut open = vec![self.up.path().join("objects")];
        open.push(self.up.path().join("refs"));
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("tmp_objdir") || name.ends_with(".lock") {
                    return true;
                }
                if entry.path().is_dir() && (name.len() != 2 || folder_of_refs(&entry.path())) {
                    open.push(entry.path());
                }
            }
        }
        false
    }
}

fn folder_of_refs(path: &std::path::Path) -> bool {
    path.components().any(|it| it.as_os_str() == "refs")
}
