//! Where a URL leads, and where a redirect from there may.

use std::net::IpAddr;

/// The parts of an `http` or `https` URL that decide whom one talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    scheme: Scheme,
    /// In lower case, an IPv6 address in brackets.
    host: String,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Place {
    /// Reads a URL; none for one of another scheme, with credentials, or without a host.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        if authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match (port, scheme) {
            (Some(port), _) if !port.is_empty() => port.parse().ok()?,
            (_, Scheme::Http) => 80,
            (_, Scheme::Https) => 443,
        };
        let host = host.to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }

    /// The host's name, as netrc has it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether what is sent stays between us and the host.
    pub(crate) fn is_secure(&self) -> bool {
        let bare = self.host.trim_matches(['[', ']']);
        self.scheme == Scheme::Https
            || self.host == "localhost"
            || bare.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
    }

    /// Whether a login for the one may be sent to the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let upgraded = self.port == 80 && other.port == 443;
        let same_port = self.port == other.port || upgraded;
        self.host == other.host && same_port && other.is_secure()
    }
}

/// The URL that `location` means at `from`: of any host, but never plain http after https.
///
/// # Errors
///
/// Where it points, without credentials, if that is not followed.
pub(crate) fn redirect(from: &str, location: &str) -> Result<String, String> {
    let shown = || {
        let end = location.find(['?', '#']).unwrap_or(location.len());
        let rest = &location[..end];
        match (rest.split_once("://"), rest.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            (None, Some((_, host))) => host.to_owned(),
            _ => rest.to_owned(),
        }
    };
    let to = absolute(from, location).ok_or_else(shown)?;
    let to = to[..to.find('#').unwrap_or(to.len())].to_owned();
    let (Some(old), Some(new)) = (Place::of(from), Place::of(&to)) else {
        return Err(shown());
    };
    if (old.scheme, new.scheme) == (Scheme::Https, Scheme::Http) {
        return Err(shown());
    }
    Ok(to)
}

/// `location` against the URL it was met at (RFC 3986, section 5.2, less the dot segments, which
/// servers undo).
fn absolute(from: &str, location: &str) -> Option<String> {
    let odd = |it: char| it.is_control() || it.is_whitespace();
    if location.is_empty() || location.contains(odd) {
        return None;
    }
    let (scheme, rest) = from.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let named = |it: &str| {
        let (scheme, _) = it.split_once(':')?;
        let plain = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
        Some(scheme.chars().all(plain))
    };
    Some(if named(location) == Some(true) {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{path}{location}")
    } else {
        let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
        format!("{scheme}://{authority}{folder}{location}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_anywhere_but_down() {
        let from = "https://h.org/a/b?c#d";
        for (location, expected) in [
            ("https://h.org/x", Ok("https://h.org/x")),
            ("HTTPS://other.org/x?y#z", Ok("HTTPS://other.org/x?y")),
            ("//other.org/x", Ok("https://other.org/x")),
            ("/x", Ok("https://h.org/x")),
            ("x/y", Ok("https://h.org/a/x/y")),
            ("?x", Ok("https://h.org/a/b?x")),
            ("http://h.org/x?secret", Err("http://h.org/x")),
            ("https://me:pw@h.org/x", Err("https://h.org/x")),
            ("//me@h.org", Err("h.org")),
            ("file:///etc/passwd", Err("file:///etc/passwd")),
            ("ftp://h.org", Err("ftp://h.org")),
            ("javascript:x", Err("javascript:x")),
            ("https://", Err("https://")),
            ("https://h.org:x/", Err("https://h.org:x/")),
            ("", Err("")),
            ("/a b", Err("/a b")),
            ("/a\nb", Err("/a\nb")),
        ] {
            let found = redirect(from, location);
            assert_eq!(
                found.as_deref().map_err(String::as_str),
                expected,
                "{location}"
            );
        }
        let up = redirect("http://h.org", "https://h.org/x");
        assert_eq!(up.as_deref(), Ok("https://h.org/x"));
        assert_eq!(
            redirect("http://h.org", "x").as_deref(),
            Ok("http://h.org/x")
        );
    }

    #[test]
    fn a_login_goes_to_its_own_host_alone() {
        let place = |it: &str| Place::of(it).unwrap();
        let check = |from: &str, to: &str, expected| {
            assert_eq!(place(from).is_same(&place(to)), expected, "{from} {to}");
        };
        check("https://h.org/a", "https://H.ORG:443/b", true);
        check("http://h.org/a", "https://h.org/b", true);
        check("https://h.org/a", "https://h.org.evil/", false);
        check("https://h.org/a", "https://h.org:444/", false);
        check("https://h.org/a", "https://x.h.org/", false);
        check("http://h.org/a", "http://h.org/a", false);
        check("http://127.0.0.1:1/a", "http://127.0.0.1:1/b", true);
        check("http://127.0.0.1:1/a", "http://127.0.0.1:2/b", false);
        check("http://[::1]:1/a", "http://[::1]:1/b", true);
        assert_eq!(Place::of("https://me@h.org"), None);
        assert_eq!(Place::of("file:///x"), None);
    }
}
