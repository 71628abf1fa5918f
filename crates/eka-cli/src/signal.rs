//! Interrupts: first a flag, then the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eka::Exit;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

/// How long a workflow may take to see the flag.
const GRACE: Duration = Duration::from_secs(2);

/// Raises `interrupt` at the first SIGINT. At the second, or where the workflow has not ended
/// within two seconds, ends the process: whatever it was at is safe against that.
pub(crate) fn watch(interrupt: &Arc<AtomicBool>) {
    let Ok(mut signals) = Signals::new([SIGINT]) else {
        // Then the signal ends the process by itself, as it does by default.
        return;
    };
    let interrupt = Arc::clone(interrupt);
    thread::spawn(move || {
        if signals.forever().next().is_none() {
            return;
        }
        interrupt.store(true, Ordering::Relaxed);
        let end = Instant::now() + GRACE;
        while Instant::now() < end && signals.pending().next().is_none() {
            thread::sleep(Duration::from_millis(20));
        }
        leave();
    });
}

#[expect(
    clippy::exit,
    reason = "the main thread is stuck, and told to end twice"
)]
fn leave() {
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
