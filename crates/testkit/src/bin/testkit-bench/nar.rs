//! Trees packed, listed and unpacked, against Nix: the same bytes, and in what time.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::Command;

use testkit::monorepo;
use testkit::repo::run as succeed;

use crate::measure::{Spent, goal, ms, rounds, say, spent};
use crate::scene::{Scene, text};

const N_ROUNDS: usize = 3;

pub(crate) fn run(scene: &Scene) {
    let large = monorepo::cached(monorepo::LARGE);
    let checkout = scene.env.clone_of(text(&large), "checkout", &[]);
    compare(scene, "50,000 small files", checkout.path());
    compare(scene, "/usr/share", Path::new("/usr/share"));
}

fn compare(scene: &Scene, what: &str, tree: &Path) {
    let [ours, theirs] = ["ours", "theirs"].map(|it| scene.env.path(&format!("nar-bench/{it}")));
    for folder in [&ours, &theirs] {
        drop(fs::remove_dir_all(folder));
        fs::create_dir_all(folder).expect("a folder for results");
    }
    let eka = |args: &[&str]| {
        let mut eka = scene.env.eka(&scene.eka, &scene.env.path(""));
        eka.args(args);
        eka
    };
    let nix = |args: &[&str]| {
        let mut nix = scene.env.command("nix");
        nix.args(["--extra-experimental-features", "nix-command"]);
        nix.args(args);
        nix
    };
    let steps: [(&str, &dyn Fn(&Path) -> Spent, &dyn Fn(&Path) -> Spent); 3] = [
        (
            "pack",
            &|to| into(&mut eka(&["nar", "pack", text(tree)]), to),
            &|to| into(scene.env.command("nix-store").arg("--dump").arg(tree), to),
        ),
        (
            "ls -R --format json",
            &|to| {
                let nar = to.with_file_name("pack");
                let args = ["nar", "ls", "-R", "--format=json", text(&nar)];
                into(&mut eka(&args), to)
            },
            &|to| {
                let nar = to.with_file_name("pack");
                into(
                    &mut nix(&["nar", "ls", "-R", "--json", text(&nar), "/"]),
                    to,
                )
            },
        ),
        (
            "unpack",
            &|to| {
                let nar = to.with_file_name("pack");
                drop(fs::remove_dir_all(to));
                into(
                    &mut eka(&["nar", "unpack", text(&nar), text(to)]),
                    Path::new("/dev/null"),
                )
            },
            &|to| {
                let nar = File::open(to.with_file_name("pack")).expect("it was packed");
                drop(fs::remove_dir_all(to));
                let mut restore = scene.env.command("nix-store");
                into(
                    restore.arg("--restore").arg(to).stdin(nar),
                    Path::new("/dev/null"),
                )
            },
        ),
    ];
    for (step, us, them) in steps {
        let name = step.split(' ').next().unwrap_or_default();
        let [ours, theirs] = [&ours, &theirs].map(|it| it.join(name));
        let found = rounds(N_ROUNDS, [&mut |_| us(&ours), &mut |_| them(&theirs)]);
        let [a, b] = [0, 1].map(|it| ms(found.median(it)));
        say(format!("{what}, {step}: eka {a:.0} ms · Nix {b:.0} ms"));
        goal(&format!("{what}, {step}"), found.ratio(0, 1), 1.0);
    }
    same(scene, what, [&ours, &theirs]);
}

/// Says that what came out is the same; ends where it is not.
fn same(scene: &Scene, what: &str, [ours, theirs]: [&Path; 2]) {
    assert!(equal(&ours.join("pack"), &theirs.join("pack")), "{what}");
    let listing = fs::read(theirs.join("ls")).expect("a listing");
    let shown = fs::read(ours.join("ls")).expect("a listing");
    let head = br#"{"schema":"eka.nar-ls/1","version":1,"root":"#.as_slice();
    assert!(shown == [head, &listing, b"}\n"].concat(), "{what}");
    let again = ours.join("again");
    let mut dump = scene.env.command("nix-store");
    into(dump.arg("--dump").arg(ours.join("unpack")), &again);
    assert!(equal(&again, &theirs.join("pack")), "{what}");
    say(format!("{what}: NAR, listing and tree are those of Nix"));
}

fn into(command: &mut Command, file: &Path) -> Spent {
    let out = File::create(file).expect("a place for what comes out");
    spent(|| {
        succeed(command.stdout(out));
    })
}

fn equal(one: &Path, other: &Path) -> bool {
    let mut both = [one, other].map(|it| BufReader::new(File::open(it).expect("it was written")));
    let mut pieces = [vec![0; 1 << 20], vec![0; 1 << 20]];
    loop {
        let lengths = [0, 1].map(|it| {
            let piece = (&mut both[it]).take(1 << 20);
            pieces[it].clear();
            let mut piece = piece;
            piece.read_to_end(&mut pieces[it]).expect("it can be read")
        });
        if pieces[0] != pieces[1] {
            return false;
        }
        if lengths[0] == 0 {
            return true;
        }
    }
}
