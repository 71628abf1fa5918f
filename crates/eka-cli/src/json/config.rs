//! `eka.config/1`.

use eka::config::{Place, Value};
use eka::settings::{Report, Shown};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape<'a> {
    schema: &'static str,
    settings: Vec<Setting<'a>>,
}

#[derive(Debug, Serialize)]
struct Setting<'a> {
    key: String,
    value: Bare<'a>,
    /// `default`, `system`, `user`, `project`, `local`, `variable` or `flag`.
    place: &'static str,
    /// The file or the variable, where it is one.
    from: Option<String>,
    doc: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Bare<'a> {
    Text(&'a str),
    Texts(&'a [String]),
    Count(u64),
}

impl<'a> Shape<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            schema: "eka.config/1",
            settings: report.settings.iter().map(Setting::of).collect(),
        }
    }
}

impl<'a> Setting<'a> {
    fn of(shown: &'a Shown) -> Self {
        let place = &shown.setting.place;
        Self {
            key: shown.path.to_string(),
            value: match &shown.setting.value {
                Value::Text(text) => Bare::Text(text),
                Value::Texts(texts) => Bare::Texts(texts),
                Value::Count(count) => Bare::Count(*count),
            },
            place: place.kind(),
            from: match place {
                Place::Default | Place::Flag => None,
                place => Some(place.to_string()),
            },
            doc: shown.key.doc,
        }
    }
}
