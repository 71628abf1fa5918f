//! `eka.verify/1`.

use eka::fetch::{Claim, Lie};
use eka::verify::{Report, Verified};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Shape {
    schema: &'static str,
    versions: Vec<One>,
    pins: Vec<OnePin>,
}

/// One pin of the lock.
#[derive(Debug, Serialize)]
struct OnePin {
    name: String,
    /// Where it comes from.
    source: String,
    /// Whether all claims hold.
    holds: bool,
    /// Those that were looked at, in order.
    claims: Vec<OneClaim>,
}

/// One version.
#[derive(Debug, Serialize)]
struct One {
    id: String,
    version: String,
    root: String,
    /// Who shows it.
    remote: String,
    /// Whether all claims hold.
    holds: bool,
    /// Those that were looked at, in order.
    claims: Vec<OneClaim>,
}

/// One claim.
#[derive(Debug, Serialize)]
struct OneClaim {
    /// `atom`, `spec`, `lock`, `content`, `files`, `nar`, `source` or `root`; `hash` of a pin.
    claim: &'static str,
    holds: bool,
    /// Why it does not hold; null where it does.
    message: Option<String>,
}

impl Shape {
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            schema: "eka.verify/1",
            versions: report.versions.iter().map(One::of).collect(),
            pins: report.pins.iter().map(OnePin::of).collect(),
        }
    }
}

impl One {
    fn of(version: &Verified) -> Self {
        Self {
            id: version.id.to_string(),
            version: version.version.to_string(),
            root: version.root.to_string(),
            remote: version.remote.to_string(),
            holds: version.holds(),
            claims: version.claims.iter().map(OneClaim::of).collect(),
        }
    }
}

impl OnePin {
    fn of(pin: &eka::pins::Verified) -> Self {
        let claim = |(claim, result): &(eka::pins::Claim, Result<(), eka::pins::PinsError>)| {
            let message = result.as_ref().err().map(ToString::to_string);
            OneClaim {
                claim: claim.name(),
                holds: result.is_ok(),
                message,
            }
        };
        Self {
            name: pin.name.to_string(),
            source: pin.source.clone(),
            holds: pin.claims.iter().all(|(_, it)| it.is_ok()),
            claims: pin.claims.iter().map(claim).collect(),
        }
    }
}

impl OneClaim {
    fn of((claim, result): &(Claim, Result<(), Lie>)) -> Self {
        Self {
            claim: claim.name(),
            holds: result.is_ok(),
            message: result.as_ref().err().map(ToString::to_string),
        }
    }
}
