//! Where a redirect may lead: the same host, never from https to http.

use gix::url::Scheme;

/// The base URL that `location` gives in place of the one in `from`, which ends in `tail`.
///
/// # Errors
///
/// Where it points, without credentials, if that may not be followed: another host or port, plain
/// http after https, or something that is not the same question at another path.
pub(super) fn target(from: &str, location: &str, tail: &str) -> Result<String, String> {
    let Some(to) = absolute(from, location) else {
        return Err(location.to_owned());
    };
    let shown = to.split(['?', '#']).next().unwrap_or_default().to_owned();
    let (Ok(old), Ok(new)) = (gix::url::parse(from), gix::url::parse(to.as_str())) else {
        return Err(shown);
    };
    if new.user().is_some() || new.password().is_some() {
        return Err(new.host().unwrap_or_default().to_owned());
    }
    let same_port = old.port_or_default() == new.port_or_default();
    let allowed = match (&old.scheme, &new.scheme) {
        (Scheme::Https, Scheme::Https) | (Scheme::Http, Scheme::Http) => same_port,
        (Scheme::Http, Scheme::Https) => {
            same_port || (old.port_or_default() == Some(80) && new.port_or_default() == Some(443))
        }
        _ => false,
    };
    let base = to
        .strip_suffix(tail)
        .filter(|base| !base.contains(['?', '#']));
    match base {
        Some(base) if allowed && old.host() == new.host() => {
            Ok(base.trim_end_matches('/').to_owned())
        }
        _ => Err(shown),
    }
}

/// `location` against the URL it was met at.
fn absolute(from: &str, location: &str) -> Option<String> {
    if location.is_empty()
        || location
            .chars()
            .any(|char| char.is_control() || char == ' ')
    {
        return None;
    }
    let (scheme, rest) = from.split_once("://")?;
    let authority = rest.split('/').next()?;
    if location.contains("://") {
        Some(location.to_owned())
    } else if location.starts_with("//") {
        Some(format!("{scheme}:{location}"))
    } else if location.starts_with('/') {
        Some(format!("{scheme}://{authority}{location}"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, location: &str, expected: Result<&str, &str>) {
        const TAIL: &str = "/info/refs?service=git-upload-pack";
        let got = target(&format!("{from}{TAIL}"), &format!("{location}{TAIL}"), TAIL);
        assert_eq!(
            got.as_deref().map_err(String::as_str),
            expected,
            "{from} to {location}"
        );
    }

    #[test]
    fn the_same_host_and_no_other() {
        check("https://h/a", "https://h/b", Ok("https://h/b"));
        check("https://h/a", "/b.git", Ok("https://h/b.git"));
        check("http://h/a", "https://h/a", Ok("https://h/a"));
        check(
            "https://h:8080/a",
            "https://h:8080/b",
            Ok("https://h:8080/b"),
        );
        for (from, to) in [
            ("https://h/a", "https://evil/a"),
            ("https://h/a", "//evil/a"),
            ("https://h/a", "http://h/a"),
            ("https://h/a", "https://h:444/a"),
            ("https://h/a", "file:///etc"),
            ("https://h/a", "https://h@evil/a"),
            ("https://h/a", "https://user:pw@h/a"),
        ] {
            let got = target(&format!("{from}/t"), &format!("{to}/t"), "/t");
            assert!(got.is_err(), "{from} to {to}: {got:?}");
        }
    }

    #[test]
    fn another_question_is_not_followed() {
        for location in [
            "https://h/login",
            "",
            "https://h/?x=/t#/t",
            "relative/t",
            "https://h/a\n/t",
        ] {
            assert!(
                target("https://h/a/t", location, "/t").is_err(),
                "{location:?}"
            );
        }
    }
}
