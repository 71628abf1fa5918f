//! One atomic push a remote, by `git push`.
//!
//! From a repository without refs, because the cost of `git push` grows with refspecs × local refs.
//! Each ref goes with the value it must have on the remote, so that of two who publish the same
//! version exactly one wins.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use atom::ObjectId;
use atom::url::RepoUrl;
use miette::Diagnostic;
use thiserror::Error;

use super::error::{Fault, RemoteError};
use super::options::Prompt;
use super::words::meaning;
use crate::git::git;

mod porcelain;
mod refspecs;

use porcelain::Answer;

/// What git may say that we keep, in bytes.
const MAX_TEXT: u64 = 64 << 20;

/// The remote's name in the pushing repository.
const REMOTE: &str = "eka";

/// One ref, its value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The full name.
    pub name: String,
    /// The new value; `None` deletes the ref.
    pub new: Option<ObjectId>,
    /// The value that it must have until then.
    pub expect: Expect,
}

/// What a ref must be on the remote for an update to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Not there.
    Absent,
    /// There, with this value.
    At(ObjectId),
}

/// What a push did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pushed {
    /// Refs that changed.
    pub changed: Vec<String>,
    /// Refs that had the new value already.
    pub unchanged: Vec<String>,
    /// What the server said meanwhile, raw.
    pub text: String,
}

/// A ref that was not updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The full name.
    pub name: String,
    /// Git's or the server's reason, raw.
    pub reason: String,
}

/// Why a push changed nothing: it is atomic.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PushError {
    /// Some refs are not what they were expected to be: somebody else was faster. List the remote
    /// again to see who; where it shows nothing of the kind, push again.
    #[error("`{remote}` has changed meanwhile: {}", list(refs))]
    #[diagnostic(
        code(eka::push::lost),
        help(
            "see what is there now, by `eka versions`; a version that exists is published for ever"
        )
    )]
    Lost {
        /// The remote's URL, passwords as `***`.
        remote: String,
        /// The refs in question.
        refs: Vec<Rejected>,
        /// What git and the server said, raw.
        text: String,
    },
    /// The server refuses these refs: a hook, or its configuration.
    #[error("`{remote}` declines: {}", list(refs))]
    #[diagnostic(
        code(eka::push::declined),
        help(
            "the server's own words say which rule it follows; `refs/atoms/*` and `refs/eka/root` must be allowed there"
        )
    )]
    Declined {
        /// The remote's URL, passwords as `***`.
        remote: String,
        /// The refs in question.
        refs: Vec<Rejected>,
        /// What git and the server said, raw.
        text: String,
    },
    /// The remote was not reached, or lets nobody push who is known here.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Remote(#[from] RemoteError),
    /// A name that git takes for no ref.
    #[error("`{name}` is not the name of a ref")]
    #[diagnostic(code(eka::push::name), help("names are at most 255 bytes a component"))]
    Name {
        /// The name.
        name: String,
    },
    /// The pushing repository cannot be prepared.
    #[error("cannot prepare the push")]
    #[diagnostic(
        code(eka::push::prepare),
        help("see that the temporary folder is writable and not full")
    )]
    Prepare {
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Pushes `updates` to `remote`, all or none.
///
/// `staging` is a bare repository without refs that has the objects and the transport
/// configuration of the user's own ([`Saved`](crate::write::Saved)). Credentials, `pushInsteadOf`,
/// netrc and ssh are git's own work, as is asking a person, where `prompt` allows it.
///
/// # Errors
///
/// [`PushError`], by variant. Nothing has changed on the remote, except where the connection broke
/// ([`Fault::Unreachable`]) after everything was sent: list again to know.
pub fn push(
    staging: &Path,
    remote: &RepoUrl,
    updates: &[Update],
    prompt: Prompt,
) -> Result<Pushed, PushError> {
    if updates.is_empty() {
        return Ok(Pushed::default());
    }
    let prepare = |source| PushError::Prepare { source };
    let staging = std::path::absolute(staging).map_err(prepare)?;
    let refspecs = refspecs::print(updates)?;
    set_refs(&staging, refspecs.refs.as_deref()).map_err(prepare)?;
    let config = name_remote(&staging, remote).map_err(prepare)?;
    let mut command = git(&staging);
    command
        .env("GIT_DIR", &staging)
        .env("LC_ALL", "C")
        .env_remove("LANGUAGE")
        .args([
            "-c",
            &config,
            "push",
            "--porcelain",
            "--atomic",
            "--no-follow-tags",
        ])
        .arg("--recurse-submodules=no")
        .args(&refspecs.leases)
        .args([REMOTE])
        .args(&refspecs.specs);
    if prompt == Prompt::Never {
        command.env("GIT_TERMINAL_PROMPT", "0");
    }
    let said = run(&mut command).map_err(|source| {
        let program = "git".to_owned();
        RemoteError::new(remote, Fault::Program { program, source })
    })?;
    judge(remote, updates, said)
}

/// What git said, and whether it succeeded.
struct Said {
    success: bool,
    stdout: Vec<u8>,
    stderr: String,
}

/// Runs git; both of its outputs are read at once, so that neither can block it.
fn run(command: &mut Command) -> io::Result<Said> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let streams = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let reader = scope.spawn(|| match streams.1 {
            Some(stream) => stream.take(MAX_TEXT).read_to_end(&mut stderr),
            None => Ok(0),
        });
        let read = match streams.0 {
            Some(stream) => stream.take(MAX_TEXT).read_to_end(&mut stdout),
            None => Ok(0),
        };
        reader.join().map_err(|_| io::ErrorKind::Other)?.and(read)
    })?;
    Ok(Said {
        success: child.wait()?.success(),
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// What became of the updates.
fn judge(remote: &RepoUrl, updates: &[Update], said: Said) -> Result<Pushed, PushError> {
    let answers = porcelain::parse(&said.stdout);
    let text = said.stderr;
    let (mut lost, mut declined, mut collateral) = (Vec::new(), Vec::new(), Vec::new());
    let mut pushed = Pushed::default();
    for (name, answer) in answers {
        match answer {
            Answer::Changed => pushed.changed.push(name),
            Answer::Unchanged => pushed.unchanged.push(name),
            Answer::Lost(reason) => lost.push(Rejected { name, reason }),
            Answer::Declined(reason) => declined.push(Rejected { name, reason }),
            Answer::Collateral(reason) => collateral.push(Rejected { name, reason }),
        }
    }
    let told = pushed.changed.len() + pushed.unchanged.len();
    if said.success && lost.is_empty() && declined.is_empty() && told >= updates.len() {
        pushed.text = text;
        return Ok(pushed);
    }
    if lost.is_empty() && declined.is_empty() {
        // Where no other ref is named itself, the server's whole transaction failed: the refs were
        // as expected when it began, and were not when it took its locks.
        lost = collateral;
    }
    // A server that could not even store the objects rejects every ref with one reason.
    let fault = meaning(&text);
    if lost.is_empty() && (declined.is_empty() || matches!(fault, Fault::Forbidden { .. })) {
        return Err(RemoteError::new(remote, fault).into());
    }
    let remote = remote.to_string();
    Err(if declined.is_empty() {
        PushError::Lost {
            remote,
            refs: lost,
            text,
        }
    } else {
        PushError::Declined {
            remote,
            refs: declined,
            text,
        }
    })
}

/// Gives the pushing repository the refs that a wildcard stands for, and takes away those of an
/// earlier push.
fn set_refs(staging: &Path, refs: Option<&str>) -> io::Result<()> {
    let path = staging.join("packed-refs");
    match (refs, fs::remove_file(&path)) {
        (Some(refs), _) => fs::write(path, refs),
        (None, Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        (None, _) => Ok(()),
    }
}

/// Writes the remote's URL where git finds it, rather than among the arguments, which any user of
/// the machine can read; gives the setting that says where.
fn name_remote(staging: &Path, remote: &RepoUrl) -> io::Result<String> {
    let path = staging.join("eka-remote");
    let url = remote.as_git().replace('\\', "\\\\").replace('"', "\\\"");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "[remote \"{REMOTE}\"]\n\turl = \"{url}\"")?;
    // Else git looks for refs that are called as each object is: 24 files for each update.
    writeln!(file, "[core]\n\twarnAmbiguousRefs = false")?;
    Ok(format!("include.path={}", path.display()))
}

/// The first of the rejected refs, and how many more.
fn list(refs: &[Rejected]) -> String {
    match refs {
        [] => String::new(),
        [one] => format!("`{}` ({})", one.name, one.reason),
        [one, rest @ ..] => format!("`{}` ({}) and {} more", one.name, one.reason, rest.len()),
    }
}
