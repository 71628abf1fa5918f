//! Serves the repositories below a folder by smart http until its standard input closes.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use testkit::http::{GitHttp, INSTALL};
use testkit::tools;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program: its address on stdout, its complaints on stderr"
)]
fn main() -> ExitCode {
    let Some(root) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: testkit-server ROOT");
        return ExitCode::from(2);
    };
    if tools::find("lighttpd").is_none() {
        eprintln!("{INSTALL}");
        return ExitCode::FAILURE;
    }
    if !root.is_dir() {
        eprintln!("`{}` is no folder", root.display());
        return ExitCode::from(2);
    }
    let server = GitHttp::start(&root);
    println!("{}", server.url());
    std::io::stdin().read_to_end(&mut Vec::new()).ok();
    ExitCode::SUCCESS
}
