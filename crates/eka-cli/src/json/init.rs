//! `eka.init/1`.

use eka::init::{Report, State};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    root: String,
    posted: Vec<Posted<'a>>,
    /// URLs that could not be told; why is on stderr.
    failed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Posted<'a> {
    remote: &'a str,
    url: String,
    /// `new` or `present`.
    state: &'static str,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        let posted = report.posted.iter().map(|it| Posted {
            remote: &it.name,
            url: it.url.to_string(),
            state: match it.state {
                State::New => "new",
                State::Present => "present",
            },
        });
        Self {
            schema: "eka.init/1",
            root: report.root.to_string(),
            posted: posted.collect(),
            failed: report.failed.iter().map(|it| it.url.to_string()).collect(),
        }
    }
}
