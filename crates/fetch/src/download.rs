//! One file over http: hashed while it streams, resumed where it breaks off.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use miette::Diagnostic;
use nix_format::{Sha256, Sha256Hasher};
use thiserror::Error;

use crate::clock::{Clock, Limit};
use crate::fault::Fault;
use crate::handles::{Handles, Whom};
use crate::http::{Answer, Handle, Head, Login, Performed, Request, Settings, Way};
use crate::netrc::{self, NetrcLogin};
use crate::place::{Place, redirect};
use crate::target::Target;

/// How often one request is sent again, after a redirect or with another login.
const MAX_HOPS: usize = 10;

/// New bytes after which a connection that broke counts as one that worked.
const PROGRESS: u64 = 1 << 20;

/// How many bytes are read at once.
const CHUNK: usize = 64 << 10;

/// How files are downloaded.
#[derive(Clone)]
pub struct Means<'a> {
    /// How the server of a URL is talked to.
    pub settings: &'a dyn Fn(&str) -> Result<Settings, Fault>,
    /// What is taken at most.
    pub limits: Limits,
    /// The wait before each further try; empty for none.
    pub waits: Vec<Duration>,
    /// The netrc file, if any. It need not exist.
    pub netrc: Option<PathBuf>,
    /// Raised to end what is under way.
    pub interrupt: Arc<AtomicBool>,
    /// Who hears how far it is.
    pub progress: &'a dyn Fn(Progress),
}

/// What is taken of a server at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `limits.download-bytes`: bytes of one file.
    pub bytes: u64,
    /// `limits.stall-time`: without a single byte.
    pub stall: Duration,
    /// `limits.fetch-time`: for all of it.
    pub whole: Duration,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It begins, or begins anew, with so many bytes in all, where that is known.
    Begun {
        /// How many.
        total: Option<u64>,
    },
    /// So many bytes more.
    Received(u64),
    /// It broke off, and goes on behind so many bytes.
    Resumed {
        /// How many.
        at: u64,
    },
}

/// A file that was downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downloaded {
    /// The SHA-256 of its bytes.
    pub hash: Sha256,
    /// How many they are.
    pub bytes: u64,
}

/// Why there is no file.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum DownloadError {
    /// The server gave nothing of use.
    #[error("cannot download `{url}`: {fault}")]
    #[diagnostic(forward(fault))]
    Server {
        /// The URL that was asked for.
        url: String,
        /// What went wrong.
        fault: Fault,
    },
    /// The URL is that of a local file, which cannot be read.
    #[error("cannot read `{url}`")]
    #[diagnostic(code(eka::download::read), help("check the path"))]
    Read {
        /// The URL.
        url: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// What came cannot be kept.
    #[error("cannot keep what `{url}` sent")]
    #[diagnostic(
        code(eka::download::write),
        help("see that the folder is yours and the disk not full")
    )]
    Write {
        /// The URL.
        url: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4 << 30,
            stall: Duration::from_secs(60),
            whole: Duration::from_secs(3600),
        }
    }
}

/// Downloads `url` (`http`, `https`, or `file` without a host) into what is empty, and hashes it.
///
/// A connection that breaks off is made again; what came before is kept where the server tells that
/// the file is the same still, by a strong `ETag` or by its date. Redirects are followed to any
/// host, but never from https to http; a login of netrc is for the URL's own host alone, and only
/// where nobody can overhear it.
///
/// # Errors
///
/// [`DownloadError`], by variant; transient faults after their retries.
pub fn download(
    url: &str,
    into: &mut dyn Target,
    means: &Means<'_>,
) -> Result<Downloaded, DownloadError> {
    download_by(&Handles::default(), url, into, means)
}

/// As [`download`], by connections that others left, and left to others; all of them with the same
/// settings.
///
/// # Errors
///
/// As [`download`].
pub fn download_by(
    handles: &Handles,
    url: &str,
    into: &mut dyn Target,
    means: &Means<'_>,
) -> Result<Downloaded, DownloadError> {
    let mut part = Part {
        into,
        hasher: Sha256Hasher::new(),
        at: 0,
        same: None,
        limit: means.limits.bytes,
        progress: means.progress,
    };
    let result = match url.strip_prefix("file://") {
        Some(path) => local(path, &mut part),
        None => tries(url, handles, means, &mut part),
    };
    let url = || url.to_owned();
    result.map_err(|stop| match stop {
        Stop::Fault(fault) => DownloadError::Server { url: url(), fault },
        Stop::Read(source) => DownloadError::Read { url: url(), source },
        Stop::Write(source) => DownloadError::Write { url: url(), source },
    })?;
    Ok(Downloaded {
        hash: part.hasher.finish(),
        bytes: part.at,
    })
}

/// Why a download stopped.
#[derive(Debug)]
enum Stop {
    Fault(Fault),
    Read(io::Error),
    Write(io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What came so far.
struct Part<'a> {
    into: &'a mut dyn Target,
    hasher: Sha256Hasher,
    /// How many bytes.
    at: u64,
    /// What `If-Range` may ask for, so that more of the same file comes.
    same: Option<String>,
    limit: u64,
    progress: &'a dyn Fn(Progress),
}

impl Part<'_> {
    /// Forgets what came.
    fn restart(&mut self) -> Result<(), Stop> {
        self.into.restart().map_err(Stop::Write)?;
        self.hasher = Sha256Hasher::new();
        self.at = 0;
        self.same = None;
        Ok(())
    }

    /// The headers that ask for what is missing.
    fn headers(&self) -> Vec<String> {
        match &self.same {
            Some(same) if self.at > 0 => vec![
                format!("Range: bytes={}-", self.at),
                format!("If-Range: {same}"),
            ],
            _ => Vec::new(),
        }
    }

    /// Reads an answer: all of the file, or what was missing of it.
    fn take(&mut self, head: &Head, body: &mut dyn Read) -> Result<(), Stop> {
        let length = head.last("content-length").and_then(|it| it.parse().ok());
        let total = if head.status == 206 {
            let range = head.last("content-range").and_then(content_range);
            let Some((start, total)) = range.filter(|(start, _)| *start == self.at) else {
                // Not what was asked for: the next try begins anew.
                self.same = None;
                return Err(Fault::protocol("it sends another part than was asked for").into());
            };
            debug_assert_eq!(start, self.at, "it was compared above");
            (self.progress)(Progress::Resumed { at: self.at });
            total
        } else {
            self.restart()?;
            self.same = validator(head);
            (self.progress)(Progress::Begun { total: length });
            length
        };
        if total.is_some_and(|it| it > self.limit) {
            return Err(self.too_much());
        }
        self.copy(body, |error| Stop::Fault(lost(&error)))?;
        if total.is_some_and(|it| it != self.at) {
            return Err(Fault::cut_off().into());
        }
        Ok(())
    }

    fn copy(
        &mut self,
        from: &mut dyn Read,
        unreadable: impl Fn(io::Error) -> Stop,
    ) -> Result<(), Stop> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = match from.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            if self.at + n as u64 > self.limit {
                return Err(self.too_much());
            }
            self.into.write(&chunk[..n]).map_err(Stop::Write)?;
            self.hasher.update(&chunk[..n]);
            self.at += n as u64;
            (self.progress)(Progress::Received(n as u64));
        }
    }

    fn too_much(&self) -> Stop {
        Stop::Fault(Fault::Limit {
            name: "limits.download-bytes",
            limit: self.limit,
        })
    }
}

/// Tries, and again after each wait where the fault is transient. Tries that brought much are not
/// counted.
fn tries(url: &str, handles: &Handles, means: &Means<'_>, part: &mut Part<'_>) -> Result<(), Stop> {
    let limits = &means.limits;
    let clock = Clock::start(
        Limit {
            name: "limits.fetch-time",
            time: limits.whole,
        },
        Limit {
            name: "limits.stall-time",
            time: limits.stall,
        },
        Arc::clone(&means.interrupt),
    );
    let mut waits = means.waits.iter();
    loop {
        let before = part.at;
        let fault = match attempt(url, handles, means, &clock, part) {
            Err(Stop::Fault(fault)) if fault.is_transient() => fault,
            ended => return ended,
        };
        if part.at >= before + PROGRESS {
            waits = means.waits.iter();
        }
        let Some(wait) = waits.next() else {
            return Err(fault.into());
        };
        pause(*wait, &means.interrupt)?;
    }
}

/// One try: a request, and again where redirects and logins lead.
fn attempt(
    url: &str,
    handles: &Handles,
    means: &Means<'_>,
    clock: &Clock,
    part: &mut Part<'_>,
) -> Result<(), Stop> {
    let origin = Place::of(url);
    let mut at = url.to_owned();
    let mut way = Way::Basic;
    for _ in 0..MAX_HOPS {
        let place = Place::of(&at).ok_or_else(|| Fault::Redirected { to: String::new() })?;
        let may = origin.as_ref().is_some_and(|it| it.is_same(&place));
        let login = login(means.netrc.as_deref(), &place);
        let whom = Whom {
            place,
            login: login.clone().filter(|_| may).map(|it| (it, way)),
        };
        let mut handle = match handles.take(&whom) {
            Some(handle) => handle,
            None => begin(&whom, &(means.settings)(&at)?)?,
        };
        let headers = part.headers();
        let request = Request {
            url: &at,
            headers: &headers,
            body: None,
        };
        let mut clock = clock.clone();
        clock.heard();
        let asked_for_part = !headers.is_empty();
        let wants = |head: &Head| -> Result<bool, Stop> {
            Ok(head.status == 200 || (head.status == 206 && asked_for_part))
        };
        let performed = handle.send(request, clock, wants, |head, body| part.take(head, body))?;
        if performed.broken.is_none() {
            handles.put(whom, handle);
        }
        let Some(head) = read(performed)? else {
            return Ok(());
        };
        match head.status {
            401 if login.is_some() && may && way == Way::Basic && wants_digest(&head) => {
                way = Way::Digest;
            }
            401 => return Err(unauthenticated(login.is_some(), may).into()),
            301 | 302 | 303 | 307 | 308 => {
                let location = head.last("location").unwrap_or_default();
                at = redirect(&at, location).map_err(|to| Fault::Redirected { to })?;
            }
            416 if asked_for_part => part.restart()?,
            status => return Err(refusal(status).into()),
        }
    }
    Err(Fault::Redirected { to: at }.into())
}

/// A handle of its own.
fn begin(whom: &Whom, settings: &Settings) -> Result<Handle, Fault> {
    let mut handle = Handle::new(settings)?;
    if let Some((login, way)) = &whom.login {
        handle.login(Login {
            username: &login.username,
            password: &login.password,
            way: *way,
        })?;
    }
    Ok(handle)
}

/// What came of a request: none if the file did, else the head of another answer.
fn read(performed: Performed<(), Stop>) -> Result<Option<Head>, Stop> {
    match (performed.answer, performed.broken) {
        (Some(Ok(Answer::Head(head))), _) => Ok(Some(head)),
        (Some(Ok(Answer::Read(()))), None) => Ok(None),
        // curl knows why a body ended early; the reader does not.
        (
            Some(Ok(Answer::Read(())) | Err(Stop::Fault(Fault::Unreachable { .. }))) | None,
            Some(broken),
        ) => Err(broken.into()),
        (Some(Err(stop)), _) => Err(stop),
        (None, None) => Err(Fault::cut_off().into()),
    }
}

/// Reads a local file.
fn local(path: &str, part: &mut Part<'_>) -> Result<(), Stop> {
    let path = decoded(path);
    let mut file = File::open(&path).map_err(Stop::Read)?;
    let found = file.metadata().map_err(Stop::Read)?;
    if !found.is_file() {
        return Err(Stop::Read(io::Error::other("it is no file")));
    }
    (part.progress)(Progress::Begun {
        total: Some(found.len()),
    });
    part.copy(&mut file, Stop::Read)
}

/// Undoes `%20` and its like.
fn decoded(path: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex
            .and_then(|it| std::str::from_utf8(it).ok())
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    std::ffi::OsString::from_vec(bytes).into()
}

fn login(netrc: Option<&Path>, place: &Place) -> Option<NetrcLogin> {
    let text = std::fs::read_to_string(netrc?).ok()?;
    netrc::lookup(&text, place.host(), None)
}

/// A strong `ETag`, else the date of the last change: both say that the bytes are the same (RFC
/// 9110, section 13.1.5).
fn validator(head: &Head) -> Option<String> {
    let strong = head.last("etag").filter(|it| it.starts_with('"'));
    let found = strong.or_else(|| head.last("last-modified"))?;
    Some(found.to_owned())
}

/// Where a part begins, and how long the whole is, of `bytes 5-9/10`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    Some((start, total.trim().parse().ok()))
}

fn wants_digest(head: &Head) -> bool {
    let challenges = head.all("www-authenticate");
    let offers = |scheme: &str| {
        challenges
            .iter()
            .any(|it| it.to_ascii_lowercase().starts_with(scheme))
    };
    offers("digest") && !offers("basic")
}

fn unauthenticated(known: bool, may: bool) -> Fault {
    let what = match (known, may) {
        (true, true) => "the login in netrc was not accepted",
        (true, false) => return Fault::InsecureCredentials,
        (false, _) => "netrc has no login for this host",
    };
    Fault::Unauthenticated {
        what: what.to_owned(),
    }
}

/// What a status other than those that are answered means.
const fn refusal(status: u32) -> Fault {
    match status {
        403 | 407 => Fault::Forbidden { status },
        404 | 410 => Fault::NotFound { status },
        429 | 500..=599 => Fault::ServerFault { status },
        status => Fault::Status { status },
    }
}

fn lost(error: &io::Error) -> Fault {
    Fault::Unreachable {
        what: error.to_string(),
    }
}

fn pause(wait: Duration, interrupt: &AtomicBool) -> Result<(), Fault> {
    let until = Instant::now() + wait;
    loop {
        if interrupt.load(Ordering::Relaxed) {
            return Err(Fault::Interrupted);
        }
        let Some(left) = until.checked_duration_since(Instant::now()) else {
            return Ok(());
        };
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_paths_are_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(content_range("bytes */10"), None);
        assert_eq!(content_range("5-9/10"), None);
        assert_eq!(decoded("/a%20b%2fc%zz%4"), PathBuf::from("/a b/c%zz%4"));
    }
}
