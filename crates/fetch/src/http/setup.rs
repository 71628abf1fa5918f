//! How a server is talked to, put into a curl handle.

use std::path::PathBuf;
use std::time::Duration;

use curl::easy::{Auth, Easy2, HttpVersion, ProxyType, SslVersion};

use crate::fault::Fault;

use super::transfer::Sink;

/// How a server is talked to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What we call ourselves.
    pub user_agent: String,
    /// Headers of every request, such as `X-Token: 1`.
    pub headers: Vec<String>,
    /// Until a connection stands.
    pub connect: Duration,
    /// Whether answers may come compressed, to be undone on our side.
    pub encoding: Encoding,
    /// Which version of http is asked for, where one is.
    pub version: Option<HttpVersion>,
    /// So many bytes a second, over so many seconds, are too few; none for no such limit.
    pub low_speed: Option<(u32, Duration)>,
    /// How the server shows who it is.
    pub tls: Tls,
    /// The proxy; none for what the environment says.
    pub proxy: Option<Proxy>,
    /// Hosts that no proxy is used for, separated by commas.
    pub no_proxy: Option<String>,
    /// Whether curl tells on stderr what it does.
    pub verbose: bool,
}

/// Whether answers may come compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In any way that curl can undo.
    Any,
    /// No: the bytes are wanted as they lie there.
    Identity,
}

/// How a server shows who it is.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Whether it has to.
    pub verify: bool,
    /// The certificates to trust; those of the system where none is named.
    pub ca_file: Option<PathBuf>,
    /// The least and the latest version of TLS, where that is limited.
    pub versions: Option<(SslVersion, SslVersion)>,
}

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Its URL; an empty one is none.
    pub url: String,
    /// How one logs in there.
    pub auth: Auth,
    /// User and password, beside those of the URL.
    pub login: Option<(String, String)>,
}

impl Default for Settings {
    /// The system's certificates, the environment's proxy, half a minute to connect.
    fn default() -> Self {
        Self {
            user_agent: concat!("eka/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: Vec::new(),
            connect: Duration::from_secs(30),
            encoding: Encoding::Any,
            version: None,
            low_speed: None,
            tls: Tls {
                verify: true,
                ca_file: None,
                versions: None,
            },
            proxy: None,
            no_proxy: None,
            verbose: false,
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its URL may hold a password.
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

/// Applies all of `settings`.
///
/// # Errors
///
/// [`Fault::Settings`] where curl refuses a value.
pub(super) fn apply(easy: &mut Easy2<Sink>, settings: &Settings) -> Result<(), Fault> {
    basics(easy, settings)
        .and_then(|()| tls(easy, &settings.tls))
        .and_then(|()| proxy(easy, settings))
        .map_err(|error| refused(&error))
}

/// A value that curl does not take.
pub(super) fn refused(error: &curl::Error) -> Fault {
    Fault::Settings {
        what: error.to_string(),
    }
}

fn basics(easy: &mut Easy2<Sink>, settings: &Settings) -> Result<(), curl::Error> {
    easy.progress(true)?;
    easy.signal(false)?;
    easy.tcp_keepalive(true)?;
    easy.follow_location(false)?;
    easy.useragent(&settings.user_agent)?;
    easy.connect_timeout(settings.connect)?;
    easy.verbose(settings.verbose)?;
    if settings.encoding == Encoding::Any {
        // All that this curl can undo; a build without compression refuses, and does without.
        let compressed = easy.accept_encoding("");
        drop(compressed);
    }
    if let Some((bytes, time)) = settings.low_speed {
        easy.low_speed_limit(bytes)?;
        easy.low_speed_time(time)?;
    }
    if let Some(version) = settings.version {
        // Git ignores a version that its curl does not have.
        let set = easy.http_version(version);
        drop(set);
    }
    Ok(())
}

fn tls(easy: &mut Easy2<Sink>, settings: &Tls) -> Result<(), curl::Error> {
    easy.ssl_verify_peer(settings.verify)?;
    easy.ssl_verify_host(settings.verify)?;
    if let Some(path) = &settings.ca_file {
        easy.cainfo(path)?;
    }
    if let Some((min, max)) = settings.versions {
        easy.ssl_min_max_version(min, max)?;
    }
    Ok(())
}

fn proxy(easy: &mut Easy2<Sink>, settings: &Settings) -> Result<(), curl::Error> {
    if let Some(hosts) = &settings.no_proxy {
        easy.noproxy(hosts)?;
    }
    let Some(proxy) = &settings.proxy else {
        return Ok(());
    };
    easy.proxy(&proxy.url)?;
    let kinds = [
        ("socks5h", ProxyType::Socks5Hostname),
        ("socks5", ProxyType::Socks5),
        ("socks4a", ProxyType::Socks4a),
        ("socks", ProxyType::Socks4),
    ];
    if let Some((_, kind)) = kinds
        .into_iter()
        .find(|(scheme, _)| proxy.url.starts_with(scheme))
    {
        easy.proxy_type(kind)?;
    }
    easy.proxy_auth(&proxy.auth)?;
    if let Some((user, password)) = &proxy.login {
        easy.proxy_username(user)?;
        easy.proxy_password(password)?;
    }
    Ok(())
}
