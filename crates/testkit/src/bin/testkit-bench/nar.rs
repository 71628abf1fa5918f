//! Trees packed, listed and unpacked, against Nix: the same bytes, and in what time.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;

use testkit::monorepo;
use testkit::repo::run as succeed;

use crate::measure::{Spent, ms, rounds, say, spent};
use crate::scene::{Scene, text};

const N_ROUNDS: usize = 5;

pub(crate) fn run(scene: &Scene) {
    let large = monorepo::cached(monorepo::LARGE);
    let checkout = scene.env.clone_of(text(&large), "checkout", &[]);
    compare(scene, "50,000 small files", checkout.path());
    compare(scene, "/usr/share", Path::new("/usr/share"));
}

fn compare(scene: &Scene, what: &str, tree: &Path) {
    // In memory where that can be: it is the programs that are timed, not the disk.
    let memory = Path::new("/dev/shm");
    let results = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let results = results.expect("a folder for results");
    let [ours, theirs] = ["ours", "theirs"].map(|it| results.path().join(it));
    for folder in [&ours, &theirs] {
        fs::create_dir(folder).expect("a folder for results");
    }
    for step in [Step::Pack, Step::List, Step::Unpack] {
        let [ours, theirs] = [&ours, &theirs].map(|it| it.join(step.file()));
        let found = rounds(
            N_ROUNDS,
            [&mut |_| by_eka(scene, step, tree, &ours), &mut |_| {
                by_nix(scene, step, tree, &theirs)
            }],
        );
        let [a, b] = [0, 1].map(|it| ms(found.median(it)));
        let step = step.file();
        let ratio = found.ratio(0, 1);
        say(format!(
            "{what}, {step}: eka {a:.0} ms · Nix {b:.0} ms · ratio {ratio:.2}"
        ));
    }
    same(scene, what, [&ours, &theirs]);
}

/// What is timed; a later one needs what an earlier one has made.
#[derive(Clone, Copy)]
enum Step {
    Pack,
    List,
    Unpack,
}

impl Step {
    /// Where what comes out lies.
    const fn file(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::List => "ls -R --format json",
            Self::Unpack => "unpack",
        }
    }
}

fn by_eka(scene: &Scene, step: Step, tree: &Path, to: &Path) -> Spent {
    let nar = to.with_file_name(Step::Pack.file());
    let args = match step {
        Step::Pack => vec!["pack", text(tree)],
        Step::List => vec!["ls", "-R", "--format=json", text(&nar)],
        Step::Unpack => vec!["unpack", text(&nar), text(to)],
    };
    let mut eka = scene.env.eka(&scene.eka, &scene.env.path(""));
    made(step, eka.arg("nar").args(args), to)
}

fn by_nix(scene: &Scene, step: Step, tree: &Path, to: &Path) -> Spent {
    let nar = to.with_file_name(Step::Pack.file());
    let mut command = match step {
        Step::Pack | Step::Unpack => scene.env.command("nix-store"),
        Step::List => scene.env.command("nix"),
    };
    match step {
        Step::Pack => command.arg("--dump").arg(tree),
        Step::List => {
            let args = ["--extra-experimental-features", "nix-command", "nar", "ls"];
            command.args(args).args(["-R", "--json", text(&nar), "/"])
        }
        Step::Unpack => {
            let nar = File::open(nar).expect("it was packed");
            command.arg("--restore").arg(to).stdin(nar)
        }
    };
    made(step, &mut command, to)
}

/// Runs a step anew.
fn made(step: Step, command: &mut Command, to: &Path) -> Spent {
    match step {
        Step::Pack | Step::List => into(command, to),
        Step::Unpack => {
            drop(fs::remove_dir_all(to));
            into(command, Path::new("/dev/null"))
        }
    }
}

/// Says that what came out is the same; ends where it is not.
fn same(scene: &Scene, what: &str, [ours, theirs]: [&Path; 2]) {
    assert!(
        equal(
            &ours.join(Step::Pack.file()),
            &theirs.join(Step::Pack.file())
        ),
        "{what}"
    );
    let listing = fs::read(theirs.join(Step::List.file())).expect("a listing");
    let shown = fs::read(ours.join(Step::List.file())).expect("a listing");
    let head = br#"{"schema":"eka.nar-ls/1","version":1,"root":"#.as_slice();
    assert!(shown == [head, &listing, b"}\n"].concat(), "{what}");
    let again = ours.join("again");
    let mut dump = scene.env.command("nix-store");
    into(
        dump.arg("--dump").arg(ours.join(Step::Unpack.file())),
        &again,
    );
    assert!(equal(&again, &theirs.join(Step::Pack.file())), "{what}");
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
    loop {
        let [one, other] = both
            .each_mut()
            .map(|it| it.fill_buf().expect("it can be read"));
        let n_bytes = one.len().min(other.len());
        if n_bytes == 0 || one[..n_bytes] != other[..n_bytes] {
            return one.is_empty() && other.is_empty();
        }
        for it in &mut both {
            it.consume(n_bytes);
        }
    }
}
