//! Where a URL leads by git's configuration: `insteadOf`, allowed protocols, proxies, ssh.

use std::ffi::OsString;
use std::path::PathBuf;

use atom::url::RepoUrl;
use gix::protocol::transport::client::blocking_io::{http, ssh};
use gix::remote::Direction;
use gix::url::Scheme;

use super::by_url;
use super::error::Fault;
use super::options::TransportOptions;

/// A remote as it is really reached.
#[derive(Clone)]
pub(crate) enum Place {
    /// Smart http, over curl.
    Http {
        /// With credentials, if the user wrote some.
        url: gix::Url,
        /// Git's `http.*`.
        options: Box<http::Options>,
    },
    /// `git-upload-pack` on another host.
    Ssh {
        /// Host, user, port, path.
        url: gix::Url,
        /// The ssh program, as a shell command or a plain one.
        program: OsString,
        /// Whether `program` may need a shell.
        shell: Shell,
        /// Which options it takes.
        kind: ssh::ProgramKind,
    },
    /// A git daemon.
    Daemon {
        /// Host, port, path.
        url: gix::Url,
    },
    /// A repository on this machine.
    Local {
        /// Its git directory.
        path: PathBuf,
    },
}

/// Whether a command is a shell's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shell {
    May,
    Never,
}

/// Applies git's configuration to `url`.
///
/// # Errors
///
/// [`Fault::Scheme`], [`Fault::NoRepository`] (of a local path) and [`Fault::Settings`].
pub(crate) fn resolve(url: &RepoUrl, options: &TransportOptions) -> Result<Place, Fault> {
    let settings = |error: gix::Error| Fault::Settings {
        what: error.to_string(),
    };
    let repo = options.config.to_thread_local();
    let remote = repo.remote_at(url.as_git()).map_err(settings)?;
    let scheme = match remote.url(Direction::Fetch) {
        Some(url) => url.scheme.clone(),
        None => Scheme::File,
    };
    if !matches!(
        scheme,
        Scheme::Http | Scheme::Https | Scheme::Ssh | Scheme::Git | Scheme::File
    ) {
        return Err(Fault::Scheme {
            scheme: scheme.as_str().to_owned(),
        });
    }
    let (url, _) =
        remote
            .sanitized_url_and_version(Direction::Fetch)
            .map_err(|error| match scheme {
                Scheme::File => Fault::NoRepository {
                    text: error.to_string(),
                },
                _ if error.is_permission_denied() => Fault::Scheme {
                    scheme: scheme.as_str().to_owned(),
                },
                _ => settings(error),
            })?;
    match scheme {
        Scheme::Http | Scheme::Https => Ok(Place::Http {
            options: Box::new(http_options(&repo, &url)?),
            url,
        }),
        Scheme::Ssh => {
            let ssh = repo.ssh_connect_options().map_err(settings)?;
            let program = ssh.ssh_command().to_owned();
            Ok(Place::Ssh {
                url,
                shell: if ssh.disallow_shell {
                    Shell::Never
                } else {
                    Shell::May
                },
                kind: ssh.kind.unwrap_or_else(|| program_kind(&program)),
                program,
            })
        }
        Scheme::Git => Ok(Place::Daemon { url }),
        _ => Ok(Place::Local {
            path: gix::path::from_bstring(url.path).map_err(settings)?,
        }),
    }
}

/// Git's `http.*` for `url`.
fn http_options(repo: &gix::Repository, url: &gix::Url) -> Result<http::Options, Fault> {
    let mut plain = url.clone();
    plain.set_password(None);
    let text = plain.to_bstring();
    let options = repo
        .transport_options(text.as_slice(), None)
        .map_err(|error| Fault::Settings {
            what: error.to_string(),
        })?;
    let mut options = options
        .and_then(|options| options.downcast::<http::Options>().ok())
        .map(|options| *options)
        .unwrap_or_default();
    if options.user_agent.as_deref() == Some(gix::env::agent()) {
        // Nobody set one; hosts look for git's own name.
        options.user_agent = None;
    }
    by_url::apply(repo.config_snapshot().plumbing(), &plain, &mut options);
    Ok(options)
}

/// What git's configuration says of http for one URL, for a download of it: the proxy, the
/// certificates. Headers are for git alone, and the bytes are wanted as they lie there.
///
/// # Errors
///
/// [`fetch::Fault::Settings`] where the configuration cannot be read, and where the proxy wants a
/// password that no helper has.
pub fn of_download(
    url: &str,
    options: &TransportOptions,
) -> Result<fetch::http::Settings, fetch::Fault> {
    let settings = |what: String| fetch::Fault::Settings { what };
    let parsed = gix::url::parse(url).map_err(|it| settings(it.to_string()))?;
    let git = http_options(&options.config.to_thread_local(), &parsed)
        .and_then(|it| super::http::of_git(&it, &options.limits))
        .map_err(|it| settings(it.to_string()))?;
    Ok(fetch::http::Settings {
        headers: Vec::new(),
        encoding: fetch::http::Encoding::Identity,
        ..git
    })
}

/// The options that a program takes, told from its name; an unknown one is taken for an ssh.
fn program_kind(program: &OsString) -> ssh::ProgramKind {
    match ssh::ProgramKind::from(program.as_os_str()) {
        ssh::ProgramKind::Simple => ssh::ProgramKind::Ssh,
        known => known,
    }
}
