//! Commits by the thousand, through `git fast-import`.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use crate::env::Env;
use crate::repo::EPOCH_S;

/// A running import into the branch `main` of one repository.
pub(crate) struct Import {
    child: Child,
    stream: BufWriter<ChildStdin>,
    commits: u64,
}

impl Import {
    /// Starts an import into the repository at `folder`, whose `main` does not exist yet.
    pub(crate) fn start(env: &Env, folder: &Path) -> Self {
        let mut child = env
            .command("git")
            .args(["fast-import", "--quiet", "--done"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .spawn()
            .expect("git is here");
        let stream = child.stdin.take().expect("stdin is piped");
        Self {
            child,
            stream: BufWriter::new(stream),
            commits: 0,
        }
    }

    /// Begins a commit on top of the last one; files follow.
    pub(crate) fn commit(&mut self, message: &str) {
        self.commits += 1;
        let date_s = EPOCH_S + 60 * self.commits;
        let text = format!(
            "commit refs/heads/main\n\
             author Ada <ada@example.org> {date_s} +0000\n\
             committer Ada <ada@example.org> {date_s} +0000\n\
             data {}\n{message}\n",
            message.len()
        );
        self.put(text.as_bytes());
    }

    /// Puts a file into the commit.
    pub(crate) fn file(&mut self, path: &str, content: &[u8]) {
        let head = format!("M 100644 inline {path}\ndata {}\n", content.len());
        self.put(head.as_bytes());
        self.put(content);
        self.put(b"\n");
    }

    /// Waits until all is written.
    pub(crate) fn finish(mut self) {
        self.put(b"done\n");
        self.stream.flush().expect("git fast-import reads");
        drop(self.stream);
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "git fast-import: {status}");
    }

    fn put(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("git fast-import reads");
    }
}

/// A source of bytes that are the same on every machine (xorshift64*).
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// Returns lines of words, of about `size_bytes`.
    pub(crate) fn text(&mut self, size_bytes: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(size_bytes + 24);
        while text.len() < size_bytes {
            text.extend_from_slice(
                format!("{:x} {:x}\n", self.next(), self.below(4096)).as_bytes(),
            );
        }
        text
    }
}
