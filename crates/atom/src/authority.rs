//! User, host and port of a URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::uri_error::{UriError, escape, redact};
use crate::url::Scheme;

/// Who asks whom: `[user[:password]@]host[:port]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Authority {
    pub(crate) info: UserInfo,
    /// In lower case; an IPv6 address stands in brackets.
    pub(crate) host: String,
    /// `None` for the scheme's own.
    pub(crate) port: Option<u16>,
}

/// User and password, percent-encoded as given.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UserInfo {
    pub(crate) user: Option<String>,
    /// Never without a user.
    pub(crate) password: Option<String>,
}

impl Authority {
    /// Takes a host, without a port of its own.
    pub(crate) fn new(info: UserInfo, host: &str) -> Result<Self, UriError> {
        Ok(Self {
            info,
            host: parse_host(host)?,
            port: None,
        })
    }

    /// Reads `host[:port]`, and drops the port that `scheme` has by default.
    pub(crate) fn parse(info: UserInfo, text: &str, scheme: Scheme) -> Result<Self, UriError> {
        let (host, port) = split_port(text);
        let port = port.map(parse_port).transpose()?;
        Ok(Self {
            port: port.filter(|it| Some(*it) != scheme.default_port()),
            ..Self::new(info, host)?
        })
    }

    pub(crate) fn without_user(self) -> Self {
        Self {
            info: UserInfo::default(),
            ..self
        }
    }

    /// Whether the host is, by its name or number, whatever machine it is asked on or that
    /// machine's own link.
    pub(crate) fn is_machine_itself(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>().map(|it| it.to_canonical()) {
            Ok(IpAddr::V4(it)) => it.is_loopback() || it.is_unspecified() || it.is_link_local(),
            Ok(IpAddr::V6(it)) => {
                it.is_loopback() || it.is_unspecified() || it.is_unicast_link_local()
            }
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    pub(crate) fn host_and_port(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

impl UserInfo {
    /// Whether the user of a web URL may be a token: hosts take one with no password, or with one
    /// that says so.
    pub(crate) fn user_is_secret(&self) -> bool {
        let no_password = matches!(self.password.as_deref(), None | Some("" | "x-oauth-basic"));
        self.user.is_some() && no_password
    }

    /// Takes what stands before the last `@` of an authority, and returns it with what follows.
    pub(crate) fn split(authority: &str) -> Result<(Self, &str), UriError> {
        let Some((info, host)) = authority.rsplit_once('@') else {
            return Ok((Self::default(), authority));
        };
        let (user, password) = match info.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (info, None),
        };
        if user.starts_with('-') {
            return Err(UriError::LeadingDash { text: escape(user) });
        }
        let plain = |it: &str| it.bytes().all(is_plain);
        if user.is_empty() || !plain(user) || !password.is_none_or(plain) {
            return Err(UriError::User {
                text: redact(authority),
            });
        }
        let info = Self {
            user: Some(user.to_owned()),
            password: password.map(str::to_owned),
        };
        Ok((info, host))
    }
}

/// Splits `host:rest` at the first `:` that is no part of an address in brackets.
pub(crate) fn split_port(text: &str) -> (&str, Option<&str>) {
    let after_brackets = text
        .starts_with('[')
        .then(|| text.find(']'))
        .flatten()
        .unwrap_or(0);
    match text[after_brackets..].find(':') {
        Some(at) => {
            let at = after_brackets + at;
            (&text[..at], Some(&text[at + 1..]))
        }
        None => (text, None),
    }
}

/// Whether a byte may stand in a user or password as it is (RFC 3986, `userinfo`).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&byte)
}

fn parse_host(text: &str) -> Result<String, UriError> {
    let host = || escape(text);
    if !text.is_ascii() {
        return Err(UriError::HostNotAscii { host: host() });
    }
    if text.starts_with('-') {
        return Err(UriError::LeadingDash { text: host() });
    }
    if let Some(address) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        let address: Option<Ipv6Addr> = address.parse().ok();
        return address
            .map(|it| format!("[{it}]"))
            .ok_or_else(|| UriError::Host { host: host() });
    }
    let label = |it: &str| {
        !it.is_empty()
            && it
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    // Transports read a host that ends in a number as an address, in spellings of their own.
    let last = text.rsplit('.').next().unwrap_or(text);
    let number = last.bytes().all(|it| it.is_ascii_digit())
        || last
            .get(..2)
            .is_some_and(|it| it.eq_ignore_ascii_case("0x"));
    let sound = text.split('.').all(label) && (!number || text.parse::<Ipv4Addr>().is_ok());
    if sound {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(UriError::Host { host: host() })
    }
}

fn parse_port(text: &str) -> Result<u16, UriError> {
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|it| digits && *it != 0)
        .ok_or_else(|| UriError::Port { port: escape(text) })
}
