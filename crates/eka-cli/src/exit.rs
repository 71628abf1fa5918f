//! How the process ends.

use std::panic::{self, PanicHookInfo, UnwindSafe};
use std::process::ExitCode;

use eka::Exit;
use miette::Diagnostic;
use thiserror::Error;

use crate::ui::Painter;

/// A bug of our own.
#[derive(Debug, Error, Diagnostic)]
#[error("a bug of eka's own: {message}")]
#[diagnostic(
    code(eka::bug),
    help("no file is left half written: report this with the command that you ran")
)]
struct Bug {
    message: String,
}

/// Runs `work`, and turns a panic into the exit code of a bug.
pub(crate) fn guarded(work: impl FnOnce() -> Exit + UnwindSafe) -> ExitCode {
    let exit = panic::catch_unwind(work).unwrap_or(Exit::Bug);
    ExitCode::from(exit.code())
}

/// Lets panics be told as diagnostics.
pub(crate) fn tell_panics(painter: Painter) {
    panic::set_hook(Box::new(move |info| {
        let message = describe(info);
        painter.tell(&Bug { message });
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic");
    match info.location() {
        Some(at) => format!("{message} ({}:{})", at.file(), at.line()),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_exit_code_70() {
        let code = guarded(|| panic!("on purpose"));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(70)));
        let code = guarded(|| Exit::Partial);
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(6)));
    }
}
