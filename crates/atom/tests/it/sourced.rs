//! Errors bound to their text: a renderer finds the text for each related error too.

use std::sync::Arc;

use atom::manifest::Manifest;
use atom::source::Sourced;
use miette::{Diagnostic as _, JSONReportHandler};

#[test]
fn every_fault_is_drawn_over_the_text_that_it_is_of() {
    let text = "[atom]\nid = \"1\"\nversoin = \"1.0.0\"\n";
    let faults = Manifest::parse_own(text).unwrap_err();
    let sourced = Sourced::new(faults, "libs/a/atom.toml", text);
    assert_eq!(sourced.to_string(), "the manifest is not valid: 3 faults");
    assert_eq!(
        sourced.code().unwrap().to_string(),
        "eka::manifest::invalid"
    );
    assert_eq!(sourced.related().unwrap().count(), 3);
    let mut drawn = String::new();
    JSONReportHandler::new()
        .render_report(&mut drawn, &sourced)
        .unwrap();
    let drawn: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    let related = drawn["related"].as_array().unwrap();
    let names: Vec<_> = related
        .iter()
        .map(|it| it["filename"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["libs/a/atom.toml"; 3]);
    let spans: Vec<_> = related
        .iter()
        .map(|it| it["labels"][0]["span"]["offset"].as_u64().unwrap())
        .collect();
    assert_eq!(spans, [0, 12, 16]);
}

#[test]
fn a_cause_stays_a_cause() {
    let cause = "x".parse::<atom::Version>().unwrap_err();
    let text: Arc<str> = "x".into();
    let sourced = Sourced::new(cause.clone(), "f", text);
    assert_eq!(sourced.to_string(), cause.to_string());
    assert_eq!(
        sourced.help().unwrap().to_string(),
        cause.help().unwrap().to_string()
    );
    assert!(sourced.related().is_none() && sourced.diagnostic_source().is_none());
}
