//! Runs peers turn by turn, so that a busy machine slows all alike, and says how they compare.

use std::time::{Duration, Instant};

/// The times of each peer, round by round.
pub(crate) struct Rounds<const N: usize> {
    times: Vec<[Duration; N]>,
}

/// Runs each of `peers` once a round; each gets the number of the round, and says how long it
/// took of what counts.
pub(crate) fn rounds<const N: usize>(
    n_rounds: usize,
    mut peers: [&mut dyn FnMut(usize) -> Duration; N],
) -> Rounds<N> {
    let times = (0..n_rounds)
        .map(|round| peers.each_mut().map(|peer| peer(round)))
        .collect();
    Rounds { times }
}

impl<const N: usize> Rounds<N> {
    /// Returns the middle time of one peer.
    pub(crate) fn median(&self, peer: usize) -> Duration {
        middle(self.times.iter().map(|it| it[peer]).collect())
    }

    /// Returns the middle of the rounds' ratios of one peer to another.
    pub(crate) fn ratio(&self, peer: usize, to: usize) -> f64 {
        let ratios = self.times.iter();
        let ratios = ratios.map(|it| it[peer].as_secs_f64() / it[to].as_secs_f64());
        middle(ratios.map(Ordered).collect()).0
    }

    /// Returns the middle of the rounds' differences of one peer and another, in milliseconds.
    pub(crate) fn more_ms(&self, peer: usize, than: usize) -> f64 {
        let more = self.times.iter();
        let more = more.map(|it| ms(it[peer]) - ms(it[than]));
        middle(more.map(Ordered).collect()).0
    }
}

/// Returns how long something takes.
pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

/// Returns a time in milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns the middle one, the lower of two.
pub(crate) fn middle<T: Ord>(mut all: Vec<T>) -> T {
    all.sort();
    let at = (all.len() - 1) / 2;
    all.swap_remove(at)
}

/// A number that has an order.
struct Ordered(f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Says a figure.
#[expect(clippy::print_stdout, reason = "the figures are the program's data")]
pub(crate) fn say(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
}

/// Says a figure that has a goal, and whether it is met.
pub(crate) fn goal(what: &str, found: f64, at_most: f64) {
    let met = if found <= at_most { "met" } else { "MISSED" };
    say(format!("{what}: {found:.2} · goal ≤ {at_most} · {met}"));
}
