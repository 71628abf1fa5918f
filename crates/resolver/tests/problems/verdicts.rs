//! What a problem must come to: its verdicts, answers that hold, and texts that do not waver.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Write as _;

use atom::Version;
use resolver::{
    Choice, Conflict, Duplicates, Outcome, Request, Resolution, Verdict, choose, improve, solve,
    verify,
};

use crate::language::print;
use crate::suite::{Expected, Query, Suite};

/// What came of some problems.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) n_problems: usize,
    pub(crate) wrong: Vec<String>,
    /// The answers, as text.
    pub(crate) answers: String,
    /// What was said where there is none.
    pub(crate) explanations: String,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.n_problems += other.n_problems;
        self.wrong.extend(other.wrong);
    }
}

/// How much a problem is held to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// The verdict and the answer.
    Verdict,
    /// Also that the order of the roots changes nothing, and that the answer stays as the lock.
    Full,
}

/// Holds each query to its verdicts, with one version of each atom and with several majors.
pub(crate) fn check(suite: &Suite, care: Care) -> Report {
    let mut report = Report::default();
    for query in &suite.queries {
        report.n_problems += 1;
        let modes = [
            (Duplicates::Deny, query.expected, "one version"),
            (Duplicates::Allow, query.expected_multi, "several majors"),
        ];
        let mut texts = BTreeSet::new();
        for (duplicates, expected, mode) in modes {
            let what = format!("{}, {mode}", query.name);
            let found = answer(suite, &query.request, duplicates);
            let judged = judge(suite, &found, expected).and_then(|()| match care {
                Care::Verdict => Ok(()),
                Care::Full => steady(suite, query, duplicates, &found),
            });
            if let Err(wrong) = judged {
                report.wrong.push(format!("{what}: {wrong}"));
            }
            match found {
                Ok(choice) => {
                    let text = print(&choice.resolution);
                    writeln!(report.answers, "{mode}: {text}").unwrap();
                }
                Err(conflict) if texts.insert(conflict.to_string()) => {
                    writeln!(report.explanations, "\n{what}\n\n{conflict}").unwrap();
                }
                Err(_) => {}
            }
        }
    }
    report
}

/// Chooses with everything known; where there is no answer, with its explanation.
fn answer(
    suite: &Suite,
    request: &Request,
    duplicates: Duplicates,
) -> Result<Choice, Box<Conflict>> {
    let solve = &mut |request: &Request| Ok::<Verdict, Infallible>(settle(suite, request));
    let Ok(found) = choose(request, duplicates, &BTreeSet::new(), solve);
    found.map_err(|conflict| {
        let Ok(conflict) = improve(conflict, request, duplicates, solve);
        conflict
    })
}

fn settle(suite: &Suite, request: &Request) -> Verdict {
    match solve(&suite.universe, request) {
        Outcome::Solved(resolution) => Ok(resolution),
        Outcome::Conflict(conflict) if conflict.is_settled() => Err(conflict),
        other => panic!("all is known, and yet: {other:?}"),
    }
}

/// The verdict must be the expected one, an answer hold, and an explanation say something.
fn judge(
    suite: &Suite,
    found: &Result<Choice, Box<Conflict>>,
    expected: Option<Expected>,
) -> Result<(), String> {
    let verdict = if found.is_ok() {
        Expected::Sat
    } else {
        Expected::Unsat
    };
    if expected.is_some_and(|it| it != verdict) {
        return Err(format!("{verdict:?}, not {expected:?}"));
    }
    match found {
        Ok(choice) => holds(suite, choice),
        Err(it) if it.text().trim().is_empty() || it.roots.is_empty() => {
            Err("nothing is told".to_owned())
        }
        Err(_) => Ok(()),
    }
}

/// The order of the roots must change nothing, and the answer as the lock be the answer again.
fn steady(
    suite: &Suite,
    query: &Query,
    duplicates: Duplicates,
    found: &Result<Choice, Box<Conflict>>,
) -> Result<(), String> {
    let mut turned = query.request.clone();
    turned.roots.reverse();
    let again = answer(suite, &turned, duplicates);
    match (found, again) {
        (Ok(choice), Ok(again)) => {
            if again.resolution != choice.resolution {
                return Err("the order of the roots changes the answer".to_owned());
            }
            stays(suite, &query.request, duplicates, choice)
        }
        (Err(conflict), Err(again)) if conflict.to_string() == again.to_string() => Ok(()),
        _ => Err("the order of the roots changes what comes of it".to_owned()),
    }
}

/// An answer must pass the verifier, and satisfy one of each requirement's alternatives.
fn holds(suite: &Suite, choice: &Choice) -> Result<(), String> {
    let Choice {
        resolution,
        request,
        ..
    } = choice;
    verify(&suite.universe, request, resolution).map_err(|it| format!("{it:?}"))?;
    for (stand_in, (target, reqs)) in &suite.alternatives {
        let fits = |it: &Version| reqs.iter().any(|req| req.matches(it));
        let is_chosen = resolution.versions(stand_in).next().is_some();
        if is_chosen && !resolution.versions(target).any(fits) {
            return Err(format!("no alternative of `{}` holds", target.id));
        }
    }
    Ok(())
}

/// The answer as the lock is the answer again.
fn stays(
    suite: &Suite,
    request: &Request,
    duplicates: Duplicates,
    choice: &Choice,
) -> Result<(), String> {
    let mut again = request.clone();
    again.locked = choice.resolution.as_lock();
    let again = answer(suite, &again, duplicates).map(|it| it.resolution);
    let stays = again
        .as_ref()
        .is_ok_and(|it: &Resolution| *it == choice.resolution);
    stays
        .then_some(())
        .ok_or("the answer as the lock is not the answer again".to_owned())
}
