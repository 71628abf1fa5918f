//! Times whole `eka` commands against a peer, in one run, and prints the ratios.

mod measure;
mod scene;
mod startup;
mod publish;
mod versions;
mod fetch;
mod graph;
mod lock;
mod nar;

use std::path::PathBuf;
use std::process::ExitCode;

use scene::Scene;

#[expect(
    clippy::print_stderr,
    reason = "a program: its complaints go to stderr"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(eka) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: testkit-bench NAME EKA");
        return ExitCode::from(2);
    };
    let scene = Scene::new(eka);
    match name.to_str() {
        Some("startup") => startup::run(&scene),
        Some("publish") => publish::run(&scene),
        Some("versions") => versions::run(&scene),
        Some("fetch") => fetch::run(&scene),
        Some("lock") => lock::run(&scene),
        Some("nar-trees") => nar::run(&scene),
        _ => {
            eprintln!("no bench `{}`", name.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
