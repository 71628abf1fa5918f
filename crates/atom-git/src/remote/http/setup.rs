//! Git's `http.*` settings, put into a curl handle.

use std::time::Duration;

use curl::easy::{Auth, Easy2, HttpVersion, ProxyType, SslVersion};
use gix::protocol::transport::client::blocking_io::http::{Options, options};

use crate::remote::error::Fault;
use crate::remote::options::Limits;

use super::transfer::Sink;

/// What we call ourselves to http servers.
const USER_AGENT: &str = concat!("git/2 eka/", env!("CARGO_PKG_VERSION"));

/// Applies all of `settings`.
///
/// # Errors
///
/// [`Fault::Settings`] where curl refuses a value, [`Fault::Unauthenticated`] where the proxy
/// wants a password that no helper has.
pub(super) fn apply(
    easy: &mut Easy2<Sink>,
    settings: &Options,
    limits: &Limits,
) -> Result<(), Fault> {
    basics(easy, settings, limits)
        .and_then(|()| tls(easy, settings))
        .and_then(|()| proxy(easy, settings))
        .map_err(|error| refused(&error))?;
    proxy_login(easy, settings)
}

/// A value that curl does not take.
pub(super) fn refused(error: &curl::Error) -> Fault {
    Fault::Settings {
        what: error.to_string(),
    }
}

fn basics(easy: &mut Easy2<Sink>, settings: &Options, limits: &Limits) -> Result<(), curl::Error> {
    easy.progress(true)?;
    easy.signal(false)?;
    easy.tcp_keepalive(true)?;
    easy.follow_location(false)?;
    easy.useragent(settings.user_agent.as_deref().unwrap_or(USER_AGENT))?;
    easy.connect_timeout(settings.connect_timeout.unwrap_or(limits.connect))?;
    easy.verbose(settings.verbose)?;
    // All that this curl can undo; a build without compression refuses, and does without.
    let compressed = easy.accept_encoding("");
    drop(compressed);
    if settings.low_speed_limit_bytes_per_second > 0 && settings.low_speed_time_seconds > 0 {
        easy.low_speed_limit(settings.low_speed_limit_bytes_per_second)?;
        easy.low_speed_time(Duration::from_secs(settings.low_speed_time_seconds))?;
    }
    if let Some(version) = settings.http_version {
        let version = match version {
            options::HttpVersion::V1_1 => HttpVersion::V11,
            options::HttpVersion::V2 => HttpVersion::V2,
        };
        // Git ignores a version that its curl does not have.
        let set = easy.http_version(version);
        drop(set);
    }
    Ok(())
}

fn tls(easy: &mut Easy2<Sink>, settings: &Options) -> Result<(), curl::Error> {
    easy.ssl_verify_peer(settings.ssl_verify)?;
    easy.ssl_verify_host(settings.ssl_verify)?;
    if let Some(path) = &settings.ssl_ca_info {
        easy.cainfo(path)?;
    }
    if let Some(range) = settings.ssl_version {
        let (min, max) = range.min_max();
        easy.ssl_min_max_version(ssl_version(min), ssl_version(max))?;
    }
    Ok(())
}

const fn ssl_version(version: options::SslVersion) -> SslVersion {
    match version {
        options::SslVersion::Default => SslVersion::Default,
        options::SslVersion::TlsV1 => SslVersion::Tlsv1,
        options::SslVersion::SslV2 => SslVersion::Sslv2,
        options::SslVersion::SslV3 => SslVersion::Sslv3,
        options::SslVersion::TlsV1_0 => SslVersion::Tlsv10,
        options::SslVersion::TlsV1_1 => SslVersion::Tlsv11,
        options::SslVersion::TlsV1_2 => SslVersion::Tlsv12,
        options::SslVersion::TlsV1_3 => SslVersion::Tlsv13,
    }
}

fn proxy(easy: &mut Easy2<Sink>, settings: &Options) -> Result<(), curl::Error> {
    if let Some(hosts) = &settings.no_proxy {
        easy.noproxy(hosts)?;
    }
    let Some(proxy) = &settings.proxy else {
        return Ok(());
    };
    easy.proxy(proxy)?;
    let kinds = [
        ("socks5h", ProxyType::Socks5Hostname),
        ("socks5", ProxyType::Socks5),
        ("socks4a", ProxyType::Socks4a),
        ("socks", ProxyType::Socks4),
    ];
    if let Some((_, kind)) = kinds
        .into_iter()
        .find(|(scheme, _)| proxy.starts_with(scheme))
    {
        easy.proxy_type(kind)?;
    }
    let mut auth = Auth::new();
    match settings.proxy_auth_method {
        options::ProxyAuthMethod::AnyAuth => {
            auth.basic(true).digest(true).gssnegotiate(true).ntlm(true)
        }
        options::ProxyAuthMethod::Basic => auth.basic(true),
        options::ProxyAuthMethod::Digest => auth.digest(true),
        options::ProxyAuthMethod::Negotiate => auth.gssnegotiate(true),
        options::ProxyAuthMethod::Ntlm => auth.ntlm(true),
    };
    easy.proxy_auth(&auth)
}

/// Asks the credential helpers for the proxy's password, where its URL names a user.
fn proxy_login(easy: &mut Easy2<Sink>, settings: &Options) -> Result<(), Fault> {
    let Some((action, authenticate)) = &settings.proxy_authenticate else {
        return Ok(());
    };
    let outcome = match authenticate.lock() {
        Ok(mut ask) => ask(action.clone()),
        Err(_) => Ok(None),
    };
    let Ok(Some(outcome)) = outcome else {
        return Err(Fault::Unauthenticated {
            what: "no credentials are known for the proxy".to_owned(),
        });
    };
    easy.proxy_username(&outcome.identity.username)
        .and_then(|()| easy.proxy_password(&outcome.identity.password))
        .map_err(|error| refused(&error))
}
