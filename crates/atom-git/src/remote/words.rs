//! What git and ssh mean by what they write on stderr, told from their English words.

use super::error::Fault;

/// Phrases in lower case, and what they mean; the first that is found counts.
const MEANINGS: [(Meaning, &[&str]); 7] = [
    (
        Meaning::Certificate,
        &[
            "host key verification failed",
            "remote host identification has changed",
            "ssl certificate",
            "certificate verify failed",
            "server certificate",
        ],
    ),
    (
        Meaning::Forbidden,
        &[
            "returned error: 403",
            "write access to repository not granted",
            "insufficient permission for adding an object",
            "unable to create temporary object directory",
            "the repository is read-only",
            "read only",
        ],
    ),
    (
        Meaning::Unauthenticated,
        &[
            "permission denied (",
            "too many authentication failures",
            "authentication failed",
            "could not read username",
            "could not read password",
            "terminal prompts disabled",
            "returned error: 401",
            "invalid username or password",
        ],
    ),
    (Meaning::Forbidden, &["permission denied", "permission to"]),
    (
        Meaning::NoRepository,
        &[
            "does not appear to be a git repository",
            "not a git repository",
            "repository not found",
            "returned error: 404",
            "access denied or repository not exported",
            "does not exist",
            "no such file or directory",
        ],
    ),
    (
        Meaning::Unreachable,
        &[
            "could not resolve",
            "couldn't resolve",
            "failed to connect",
            "couldn't connect",
            "could not connect",
            "unable to connect",
            "connection refused",
            "connection timed out",
            "connection reset",
            "connection closed",
            "connection was reset",
            "operation timed out",
            "no route to host",
            "network is unreachable",
            "empty reply from server",
            "broken pipe",
            "returned error: 5",
            "returned error: 429",
        ],
    ),
    (Meaning::NoRepository, &["' not found"]),
];

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Certificate,
    Forbidden,
    Unauthenticated,
    NoRepository,
    Unreachable,
}

/// The fault behind these words; [`Fault::Refused`] where they are not known.
pub(crate) fn meaning(words: &str) -> Fault {
    let lower = words.to_lowercase();
    let found = MEANINGS
        .iter()
        .find(|(_, phrases)| phrases.iter().any(|phrase| lower.contains(phrase)));
    let text = words.trim().to_owned();
    match found.map(|(meaning, _)| meaning) {
        Some(Meaning::Certificate) => Fault::Certificate { what: text },
        Some(Meaning::Forbidden) => Fault::Forbidden { text },
        Some(Meaning::Unauthenticated) => Fault::Unauthenticated { what: text },
        Some(Meaning::NoRepository) => Fault::NoRepository { text },
        Some(Meaning::Unreachable) => Fault::Unreachable { what: text },
        None => Fault::Refused { text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_git_and_ssh_are_understood() {
        for (words, expected) in [
            ("Host key verification failed.", "Certificate"),
            ("git@h: Permission denied (publickey).", "Unauthenticated"),
            (
                "fatal: could not read Username for 'https://h': terminal prompts disabled",
                "Unauthenticated",
            ),
            (
                "fatal: Authentication failed for 'https://h/r/'",
                "Unauthenticated",
            ),
            (
                "remote: Permission to o/r.git denied to u.\nfatal: unable to access 'https://h/r/': The requested URL returned error: 403",
                "Forbidden",
            ),
            (
                "remote: error: insufficient permission for adding an object to repository database ./objects",
                "Forbidden",
            ),
            (
                "fatal: '/x' does not appear to be a git repository",
                "NoRepository",
            ),
            ("ERROR: Repository not found.", "NoRepository"),
            ("fatal: repository 'https://h/r/' not found", "NoRepository"),
            (
                "ssh: Could not resolve hostname h: Name or service not known",
                "Unreachable",
            ),
            (
                "ssh: connect to host h port 22: Connection refused",
                "Unreachable",
            ),
            (
                "fatal: unable to access 'http://h/': Failed to connect to h port 1 after 0 ms: Couldn't connect to server",
                "Unreachable",
            ),
            ("fatal: detected dubious ownership in repository", "Refused"),
        ] {
            let fault = format!("{:?}", meaning(words));
            assert!(fault.starts_with(expected), "{words}: {fault}");
        }
    }
}
