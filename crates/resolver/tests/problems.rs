//! Whole problems, one version of each atom and several majors: the suites of others, read from the
//! folder that `EKA_RESOLVER_PROBLEMS` names, and our own.
//!
//! What is said where there is no answer is held by snapshots of our text (`tests/snapshots`);
//! `INSTA_UPDATE=always cargo test -p resolver --test problems` writes them anew.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking; the suites lie outside the project"
)]

#[path = "it/language.rs"]
#[expect(dead_code, reason = "the tests of `it` use all of it")]
mod language;
#[path = "problems/suite.rs"]
mod suite;
#[path = "problems/verdicts.rs"]
mod verdicts;
#[path = "problems/own.rs"]
mod own;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use suite::Suite;
use verdicts::{Care, Report};

/// After this long, the suites of others are held to their verdicts alone.
const PATIENCE: Duration = Duration::from_secs(60);

/// The snapshot of a suite's file is named by the file's path in the folder.
fn snapshot_name(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap().with_extension("");
    let words = path.iter().map(|it| it.to_str().unwrap());
    words.collect::<Vec<_>>().join("-").replace(".index", "")
}

/// Whether a snapshot was taken of the very same problem; another suite may use the name for
/// another one.
fn is_known(name: &str, fingerprint: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let path = folder.join(format!("{name}.snap"));
    suite::text(&path).is_some_and(|it| it.contains(fingerprint))
}

fn hold(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_suites_of_others_agree() {
    let Some(folder) = std::env::var_os("EKA_RESOLVER_PROBLEMS") else {
        eprintln!(
            "\n*** SKIPPED: the resolver was not held to the problem suites of others:\n\
             *** EKA_RESOLVER_PROBLEMS names no folder of problems (resolver, tests/problems.rs)\n"
        );
        return;
    };
    let folder = PathBuf::from(folder);
    let is_updating = std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always");
    let start = Instant::now();
    let mut sum = Report::default();
    let mut n_unheld = 0;
    for path in suite::files(&folder) {
        let suite = Suite::read(&path);
        let care = if start.elapsed() < PATIENCE {
            Care::Full
        } else {
            Care::Verdict
        };
        let report = verdicts::check(&suite, care);
        if !report.explanations.is_empty() {
            let name = snapshot_name(&folder, &path);
            let fingerprint = format!("problem {}", suite.fingerprint);
            if is_updating || is_known(&name, &fingerprint) {
                hold(&name, &format!("{fingerprint}\n{}", report.explanations));
            } else {
                n_unheld += 1;
            }
        }
        sum.add(report);
    }
    eprintln!(
        "{} problems of others, {} wrong verdicts; {n_unheld} files have texts that no snapshot holds",
        sum.n_problems,
        sum.wrong.len()
    );
    assert!(sum.n_problems > 0, "the folder holds no problem");
    assert!(sum.wrong.is_empty(), "{:#?}", sum.wrong);
}

#[test]
fn our_own_agree() {
    let mut sum = Report::default();
    for own in own::PROBLEMS {
        let suite = Suite::own(own);
        let report = verdicts::check(&suite, Care::Full);
        let mut text = String::new();
        writeln!(text, "{}\n", own.problem.replace("         ", "").trim()).unwrap();
        text.push_str(&report.answers);
        text.push_str(&report.explanations);
        hold(&format!("own-{}", own.name), &text);
        sum.add(report);
    }
    assert!(sum.wrong.is_empty(), "{:#?}", sum.wrong);
}
