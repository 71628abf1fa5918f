//! `eka gc`.

use std::time::Duration;

use eka::Exit;
use eka::store::GcRequest;

use crate::failure::Failure;
use crate::session::Session;
use crate::{json, render};

/// Remove from the store what nothing keeps
///
/// Kept is what a root names (`eka store roots`), what a process at work needs, what came recently,
/// and all that these refer to. What goes is printed, a path a line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove nothing, and print what would go
    #[arg(long)]
    dry_run: bool,

    /// Keep what came within DURATION, such as `90s`, `30m`, `12h` or `7d` [default: as
    /// `store.keep-recent` says]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    keep_recent: Option<Duration>,
}

pub(crate) fn run(args: Args, session: &Session<'_>) -> Result<Exit, Failure> {
    let request = GcRequest {
        dry_run: args.dry_run,
        keep_recent: args.keep_recent,
    };
    let report = eka::store::gc(&session.ctx, &request)?;
    session.answer(
        || render::gc::text(&report),
        || json::gc::Shape::of(&report),
    )
}

/// A whole number and a unit; seconds without one.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let end = text.find(|it: char| !it.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("the units are `s`, `m`, `h` and `d`"),
    };
    let seconds = number.parse::<u64>().ok();
    let seconds = seconds.and_then(|it| it.checked_mul(unit));
    let seconds = seconds.ok_or("it is a whole number and a unit, such as `7d`")?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(
            duration(text).ok(),
            expected.map(Duration::from_secs),
            "{text}"
        );
    }

    #[test]
    fn durations() {
        check("0", Some(0));
        check("90s", Some(90));
        check("30m", Some(1800));
        check("7d", Some(604_800));
        for text in [
            "",
            "d",
            "-1s",
            "1w",
            "1.5h",
            "1 h",
            "99999999999999999999",
            "9999999999999999999d",
        ] {
            check(text, None);
        }
    }
}
