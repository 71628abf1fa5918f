//! `eka config` as text.

use eka::config::Value;
use eka::settings::{Report, Request};

use super::esc;
use crate::session::Text;

/// `key = value  # place` for many; for one key the bare value, a list one a line.
pub(crate) fn text(report: &Report, request: &Request) -> Text {
    let mut out = String::new();
    match (request, &report.settings[..]) {
        (Request::One(key), [only]) if key.contains('.') => match &only.setting.value {
            Value::Text(text) => out.push_str(&format!("{}\n", esc(text))),
            Value::Texts(texts) => {
                for text in texts {
                    out.push_str(&format!("{}\n", esc(text)));
                }
            }
            value => out.push_str(&format!("{}\n", esc(value))),
        },
        (_, settings) => {
            for it in settings {
                let (value, place) = (esc(&it.setting.value), esc(&it.setting.place));
                out.push_str(&format!("{} = {value}  # {place}\n", esc(&it.path)));
            }
        }
    }
    Text {
        out,
        note: String::new(),
    }
}
