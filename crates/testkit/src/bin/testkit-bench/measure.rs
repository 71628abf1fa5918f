//! Runs peers turn by turn, so that a busy machine slows all alike, and says how they compare.

use std::time::{Duration, Instant};

/// What some work took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// By the clock.
    pub(crate) wall: Duration,
    /// Of the processor, by programs that were run; not by servers. In steps of 10 ms.
    pub(crate) cpu: Duration,
}

/// What each peer took, round by round.
pub(crate) struct Rounds<const N: usize> {
    spent: Vec<[Spent; N]>,
}

/// Runs each of `peers` once a round; each gets the number of the round, and says what it took of
/// what counts.
pub(crate) fn rounds<const N: usize>(
    n_rounds: usize,
    mut peers: [&mut dyn FnMut(usize) -> Spent; N],
) -> Rounds<N> {
    let spent = (0..n_rounds)
        .map(|round| peers.each_mut().map(|peer| peer(round)))
        .collect();
    Rounds { spent }
}

impl<const N: usize> Rounds<N> {
    /// Returns the middle time of one peer.
    pub(crate) fn median(&self, peer: usize) -> Duration {
        middle(self.spent.iter().map(|it| it[peer].wall).collect())
    }

    /// Returns the mean processor time of one peer, in milliseconds: a mean, since the kernel
    /// counts coarsely.
    pub(crate) fn cpu_ms(&self, peer: usize) -> f64 {
        let all: Duration = self.spent.iter().map(|it| it[peer].cpu).sum();
        let n_rounds = u32::try_from(self.spent.len()).map_or(f64::INFINITY, f64::from);
        ms(all) / n_rounds
    }

    /// Returns the middle of the rounds' ratios of one peer to another.
    pub(crate) fn ratio(&self, peer: usize, to: usize) -> f64 {
        let ratios = self.spent.iter();
        let ratios = ratios.map(|it| ms(it[peer].wall) / ms(it[to].wall));
        middle(ratios.map(Ordered).collect()).0
    }

    /// Returns the ratio of what one peer took of the processor to what another did.
    pub(crate) fn cpu_ratio(&self, peer: usize, to: usize) -> f64 {
        self.cpu_ms(peer) / self.cpu_ms(to)
    }

    /// Returns the middle of the rounds' differences of one peer and another, in milliseconds.
    pub(crate) fn more_ms(&self, peer: usize, than: usize) -> f64 {
        let more = self.spent.iter();
        let more = more.map(|it| ms(it[peer].wall) - ms(it[than].wall));
        middle(more.map(Ordered).collect()).0
    }
}

/// Returns what some work takes.
pub(crate) fn spent(work: impl FnOnce()) -> Spent {
    let (cpu, started) = (children_cpu(), Instant::now());
    work();
    Spent {
        wall: started.elapsed(),
        cpu: children_cpu().saturating_sub(cpu),
    }
}

/// Processor time of all programs that we ran to their end, and of theirs.
fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = rest.split_whitespace().skip(13).take(2);
    let ticks = ticks.filter_map(|it| it.parse::<u64>().ok()).sum::<u64>();
    // A tick is 10 ms on every Linux that one meets.
    Duration::from_millis(10 * ticks)
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
