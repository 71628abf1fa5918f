//! Git's `http.*` settings as [`fetch`] takes them.

use std::time::Duration;

use fetch::http::{Auth, Encoding, HttpVersion, Proxy, Settings, SslVersion, Tls};
use gix::protocol::transport::client::blocking_io::http::{Options, options};

use crate::remote::error::Fault;
use crate::remote::options::Limits;

/// What we call ourselves to http servers.
const USER_AGENT: &str = concat!("git/2 eka/", env!("CARGO_PKG_VERSION"));

/// All of git's settings for one URL.
///
/// # Errors
///
/// [`Fault::Unauthenticated`] where the proxy wants a password that no helper has.
pub(crate) fn of_git(git: &Options, limits: &Limits) -> Result<Settings, Fault> {
    let (bytes, seconds) = (
        git.low_speed_limit_bytes_per_second,
        git.low_speed_time_seconds,
    );
    Ok(Settings {
        user_agent: git.user_agent.as_deref().unwrap_or(USER_AGENT).to_owned(),
        headers: git.extra_headers.clone(),
        connect: git.connect_timeout.unwrap_or(limits.connect),
        encoding: Encoding::Any,
        version: git.http_version.map(|it| match it {
            options::HttpVersion::V1_1 => HttpVersion::V11,
            options::HttpVersion::V2 => HttpVersion::V2,
        }),
        low_speed: (bytes > 0 && seconds > 0).then(|| (bytes, Duration::from_secs(seconds))),
        tls: Tls {
            verify: git.ssl_verify,
            ca_file: git.ssl_ca_info.clone(),
            versions: git.ssl_version.map(|it| {
                let (min, max) = it.min_max();
                (ssl_version(min), ssl_version(max))
            }),
        },
        proxy: proxy(git)?,
        no_proxy: git.no_proxy.clone(),
        verbose: git.verbose,
    })
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

fn proxy(git: &Options) -> Result<Option<Proxy>, Fault> {
    let Some(url) = &git.proxy else {
        return Ok(None);
    };
    let mut auth = Auth::new();
    match git.proxy_auth_method {
        options::ProxyAuthMethod::AnyAuth => {
            auth.basic(true).digest(true).gssnegotiate(true).ntlm(true)
        }
        options::ProxyAuthMethod::Basic => auth.basic(true),
        options::ProxyAuthMethod::Digest => auth.digest(true),
        options::ProxyAuthMethod::Negotiate => auth.gssnegotiate(true),
        options::ProxyAuthMethod::Ntlm => auth.ntlm(true),
    };
    Ok(Some(Proxy {
        url: url.clone(),
        auth,
        login: proxy_login(git)?,
    }))
}

/// Asks the credential helpers for the proxy's password, where its URL names a user.
fn proxy_login(git: &Options) -> Result<Option<(String, String)>, Fault> {
    let Some((action, authenticate)) = &git.proxy_authenticate else {
        return Ok(None);
    };
    let outcome = match authenticate.lock() {
        Ok(mut ask) => ask(action.clone()),
        Err(_) => Ok(None),
    };
    match outcome {
        Ok(Some(it)) => Ok(Some((it.identity.username, it.identity.password))),
        _ => Err(Fault::Unauthenticated {
            what: "no credentials are known for the proxy".to_owned(),
        }),
    }
}
