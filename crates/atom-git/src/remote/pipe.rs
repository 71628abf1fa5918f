//! A stream to `git-upload-pack`: a local process, one behind ssh, or a git daemon.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fetch::Clock;
use gix::bstr::ByteSlice as _;
use gix::protocol::transport::client::blocking_io::ssh::ProgramKind;
use gix::url::ArgumentSafety;

use super::error::Fault;
use super::guard::{self, Guarded, Purpose};
use super::options::TransportOptions;
use super::pkt;
use super::settings::{Place, Shell};
use super::wire::Traffic;
use super::words::meaning;
use crate::git::git;

/// What a process may say on stderr that we keep, in bytes.
const MAX_STDERR: u64 = 64 << 10;

/// A connected stream.
pub(crate) struct Pipe {
    reader: BufReader<Guarded<Source>>,
    writer: Sink,
    process: Option<Process>,
    turns: u32,
}

/// A process and what it complains of.
struct Process {
    child: Child,
    stderr: mpsc::Receiver<Vec<u8>>,
}

/// The writing end.
enum Sink {
    Process(ChildStdin),
    Tcp(TcpStream),
}

/// The reading end.
enum Source {
    Process(ChildStdout),
    Tcp(TcpStream),
}

impl Pipe {
    /// Starts `git-upload-pack`, here or behind ssh.
    pub(crate) fn spawn(place: &Place, options: &TransportOptions) -> Result<Self, Fault> {
        let (mut command, program) = command(place)?;
        // What the user said by `git -c` is for this side alone.
        for name in ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"] {
            command.env_remove(name);
        }
        let mut child = command
            .env("GIT_PROTOCOL", "version=2")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Fault::Program { program, source })?;
        let (send, stderr) = mpsc::channel();
        if let Some(mut pipe) = child.stderr.take() {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let kept = pipe.by_ref().take(MAX_STDERR).read_to_end(&mut text);
                let sent = send.send(text);
                // Once nobody listens there is no one left to tell.
                drop((kept, sent));
                let rest = std::io::copy(&mut pipe, &mut std::io::sink());
                drop(rest);
            });
        }
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        Ok(Self::over(
            Source::Process(stdout),
            Sink::Process(stdin),
            Some(Process { child, stderr }),
            options,
        ))
    }

    /// Dials a git daemon and names the repository.
    pub(crate) fn dial(url: &gix::Url, options: &TransportOptions) -> Result<Self, Fault> {
        let unreachable = |what: std::io::Error| Fault::Unreachable {
            what: what.to_string(),
        };
        let host = url.host().unwrap_or_default();
        let port = url.port.unwrap_or(9418);
        let mut failed = Fault::Unreachable {
            what: format!("`{host}` has no address"),
        };
        let addresses = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .map_err(unreachable)?;
        for address in addresses {
            match TcpStream::connect_timeout(&address, options.limits.connect) {
                Ok(stream) => {
                    let mut writer = stream.try_clone().map_err(unreachable)?;
                    let authority = url
                        .port
                        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
                    let path = url.path.to_str_lossy();
                    let mut hello = Vec::new();
                    pkt::put(
                        &mut hello,
                        &format!("git-upload-pack {path}\0host={authority}\0\0version=2\0"),
                    );
                    writer
                        .set_write_timeout(Some(options.limits.stall))
                        .and_then(|()| writer.write_all(&hello))
                        .map_err(unreachable)?;
                    return Ok(Self::over(
                        Source::Tcp(stream),
                        Sink::Tcp(writer),
                        None,
                        options,
                    ));
                }
                Err(error) => failed = unreachable(error),
            }
        }
        Err(failed)
    }

    fn over(
        source: Source,
        writer: Sink,
        process: Option<Process>,
        options: &TransportOptions,
    ) -> Self {
        let clock = guard::clock(options, Purpose::Listing);
        Self {
            reader: BufReader::with_capacity(64 << 10, Guarded::new(source, clock)),
            writer,
            process,
            turns: 0,
        }
    }

    /// Sends bytes.
    pub(crate) fn write(&mut self, body: &[u8], clock: &mut Clock) -> Result<(), Fault> {
        match guard::send(&mut self.writer, body, clock) {
            // The other end hung up: what it said before is read next.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Reads an answer.
    pub(crate) fn read<T>(
        &mut self,
        clock: Clock,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.reader.get_mut().clock = clock;
        let value = read(&mut self.reader).map_err(|fault| match fault {
            Fault::Unreachable { .. } => self.words().map_or(fault, |words| meaning(&words)),
            other => other,
        })?;
        self.turns += 1;
        Ok(value)
    }

    /// What the process said on stderr, once it has ended.
    fn words(&self) -> Option<String> {
        let process = self.process.as_ref()?;
        let text = process.stderr.recv_timeout(Duration::from_secs(1)).ok()?;
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// What went over it so far.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            turns: self.turns,
            received: self.reader.get_ref().received,
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // The polite end of a conversation, for whoever listens.
        if guard::is_ready(&self.writer) {
            drop(self.writer.write_all(pkt::FLUSH));
        }
        if let Some(process) = &mut self.process {
            let ended = process.child.kill().and_then(|()| process.child.wait());
            drop(ended);
        }
    }
}

impl AsFd for Sink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Process(stdin) => stdin.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Process(stdin) => stdin.write(buf),
            Self::Tcp(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Process(stdout) => stdout.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Process(stdout) => stdout.read(buf),
            Self::Tcp(stream) => stream.read(buf),
        }
    }
}

/// The command that speaks for `place`, and its name.
fn command(place: &Place) -> Result<(Command, String), Fault> {
    match place {
        Place::Ssh {
            url,
            program,
            shell,
            kind,
        } => {
            let arguments = ssh_arguments(url, *kind)?;
            let mut prepared = gix::command::prepare(program.clone());
            if *shell == Shell::May {
                prepared = prepared.command_may_be_shell_script();
            }
            let name = program.to_string_lossy().into_owned();
            let command =
                Command::try_from(prepared.args(arguments)).map_err(|error| Fault::Settings {
                    what: error.to_string(),
                })?;
            Ok((command, name))
        }
        Place::Local { path } => {
            let mut command = git(Path::new("."));
            command.arg("upload-pack").arg("--").arg(path);
            Ok((command, "git".to_owned()))
        }
        Place::Http { .. } | Place::Daemon { .. } => {
            Err(Fault::protocol("no process speaks for it"))
        }
    }
}

/// The arguments of an ssh program, `user@host` guarded against being taken for an option.
fn ssh_arguments(url: &gix::Url, kind: ProgramKind) -> Result<Vec<String>, Fault> {
    let dangerous = || Fault::Settings {
        what: "a user or host that begins with `-`".to_owned(),
    };
    let mut arguments = Vec::new();
    match kind {
        ProgramKind::Ssh => {
            arguments.extend(["-o", "SendEnv=GIT_PROTOCOL"].map(str::to_owned));
            arguments.extend(url.port.map(|port| format!("-p{port}")));
        }
        ProgramKind::Simple => {}
        ProgramKind::Plink | ProgramKind::Putty | ProgramKind::TortoisePlink => {
            if kind == ProgramKind::TortoisePlink {
                arguments.push("-batch".to_owned());
            }
            if let Some(port) = url.port {
                arguments.extend(["-P".to_owned(), port.to_string()]);
            }
        }
    }
    let (ArgumentSafety::Usable(host), user) = (url.host_as_argument(), url.user_as_argument())
    else {
        return Err(dangerous());
    };
    arguments.push(match user {
        ArgumentSafety::Usable(user) => format!("{user}@{host}"),
        ArgumentSafety::Absent => host.to_owned(),
        ArgumentSafety::Dangerous(_) => return Err(dangerous()),
    });
    let path = url
        .path
        .strip_prefix(b"/~")
        .map_or_else(|| url.path.to_vec(), |rest| [b"~", rest].concat());
    if path.first() == Some(&b'-') {
        return Err(dangerous());
    }
    let quoted = gix::quote::single(path.as_bstr());
    arguments.push(format!("git-upload-pack {}", quoted.to_str_lossy()));
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_an_option_of_ssh() {
        for url in ["ssh://-oProxyCommand=x/path", "ssh://-u@/path"] {
            if let Ok(url) = gix::url::parse(url) {
                assert!(ssh_arguments(&url, ProgramKind::Ssh).is_err(), "{url:?}");
            }
        }
        let url = gix::url::parse("ssh://git@h:22/~/it's").unwrap();
        assert_eq!(
            ssh_arguments(&url, ProgramKind::Ssh).unwrap(),
            [
                "-o",
                "SendEnv=GIT_PROTOCOL",
                "-p22",
                "git@h",
                "git-upload-pack '~/it'\\''s'"
            ]
        );
    }
}
