//! `eka --version` against `git --version`, and how large the program is.

use crate::measure::{goal, ms, rounds, say};
use crate::scene::{Scene, timed_run};

const N_ROUNDS: usize = 31;

pub(crate) fn run(scene: &Scene) {
    let folder = scene.env.path("");
    let found = rounds(
        N_ROUNDS,
        [
            &mut |_| scene.timed_eka(&folder, &["--version"]),
            &mut |_| timed_run(scene.env.command("git").arg("--version")),
        ],
    );
    let [ours, git] = [0, 1].map(|it| ms(found.median(it)));
    let ratio = found.ratio(0, 1);
    say(format!(
        "eka --version {ours:.1} ms · git --version {git:.1} ms · ratio {ratio:.2}"
    ));
    goal("eka --version, ms", ours, 20.0);
    let size_bytes = std::fs::metadata(&scene.eka).map_or(0, |it| it.len());
    #[expect(
        clippy::cast_precision_loss,
        reason = "no program has more than 2^52 bytes"
    )]
    let size_mb = size_bytes as f64 / f64::from(1 << 20);
    goal("size of the program, MiB", size_mb, 25.0);
}
