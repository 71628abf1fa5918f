//! What looks like a secret: names of files, headers of private keys, prefixes of tokens.

/// Files that hold secrets by their whole name, in lower case.
const NAMES: &[&str] = &[
    ".env",
    ".git-credentials",
    ".htpasswd",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    "_netrc",
    "credentials",
    "credentials.json",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "terraform.tfstate",
];

/// Files that hold secrets by how their name ends, in lower case.
const ENDINGS: &[&str] = &[".jks", ".kdbx", ".keystore", ".p12", ".pem", ".pfx", ".ppk"];

/// What follows `.env.` where there is nothing secret yet.
const TEMPLATES: &[&str] = &["dist", "example", "sample", "template"];

/// A token: how it begins, how many characters follow at least, and whose it is.
struct Token {
    prefix: &'static str,
    tail: usize,
    of: &'static str,
}

const fn token(prefix: &'static str, tail: usize, of: &'static str) -> Token {
    Token { prefix, tail, of }
}

/// Tokens that services begin alike so that they can be found.
const TOKENS: &[Token] = &[
    token("AGE-SECRET-KEY-1", 50, "an age key"),
    token("AKIA", 16, "an AWS access key"),
    token("ASIA", 16, "an AWS access key"),
    token("AIza", 35, "a Google API key"),
    token("dop_v1_", 60, "a DigitalOcean token"),
    token("ghp_", 36, "a GitHub token"),
    token("gho_", 36, "a GitHub token"),
    token("ghu_", 36, "a GitHub token"),
    token("ghs_", 36, "a GitHub token"),
    token("ghr_", 36, "a GitHub token"),
    token("github_pat_", 22, "a GitHub token"),
    token("glpat-", 20, "a GitLab token"),
    token("hf_", 34, "a Hugging Face token"),
    token("npm_", 36, "an npm token"),
    token("pypi-AgEIcHlwaS5vcmc", 30, "a PyPI token"),
    token("rk_live_", 24, "a Stripe key"),
    token("sk_live_", 24, "a Stripe key"),
    token("sk-ant-", 40, "an Anthropic key"),
    token("xoxb-", 20, "a Slack token"),
    token("xoxp-", 20, "a Slack token"),
];

/// Whether a file's own name is one of files that hold secrets.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if let Some(kind) = name.strip_prefix(".env.") {
        return !TEMPLATES.contains(&kind);
    }
    NAMES.contains(&name.as_str()) || ENDINGS.iter().any(|it| name.ends_with(it))
}

/// What of a file's content looks like a secret, in a few words.
pub(super) fn secret_in(content: &[u8]) -> Option<&'static str> {
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        let rest = &content[at..];
        match byte {
            b'-' if is_private_key(rest) => return Some("a private key"),
            b'P' if rest.starts_with(b"PuTTY-User-Key-File-") => return Some("a private key"),
            b'A' | b'd' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'x' => {
                let starts = at == 0 || !is_word(content[at - 1]);
                if let Some(it) = TOKENS.iter().find(|it| starts && it.begins(rest)) {
                    return Some(it.of);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

impl Token {
    fn begins(&self, text: &[u8]) -> bool {
        let Some(tail) = text.strip_prefix(self.prefix.as_bytes()) else {
            return false;
        };
        let n = tail.iter().take_while(|it| is_word(**it)).count();
        // What is one character over and over is an example.
        let varied = tail
            .iter()
            .take(n)
            .any(|it| !it.eq_ignore_ascii_case(&tail[0]));
        n >= self.tail && varied
    }
}

/// `-----BEGIN … PRIVATE KEY…-----`, in whatever format (RFC 7468, OpenSSH, PGP).
fn is_private_key(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"-----BEGIN ") else {
        return false;
    };
    let line = rest.split(|it| matches!(it, b'\n' | b'\r' | b'\\')).next();
    let line = line.unwrap_or_default();
    let line = &line[..line.len().min(80)];
    let label = line.windows(5).position(|it| it == b"-----");
    let label = &line[..label.unwrap_or(0)];
    label.windows(11).any(|it| it == b"PRIVATE KEY")
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            ".env",
            ".env.local",
            "id_rsa",
            "ID_ED25519",
            "server.pem",
            "Credentials",
            "a.P12",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            ".env.example",
            "env",
            "id_rsa.pub",
            "pem",
            "credentials.md",
            "key.rs",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    /// Put together here, so that no scanner takes this file for a leak.
    fn check(parts: &[&str], expected: Option<&str>) {
        let text = parts.concat();
        assert_eq!(secret_in(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn texts() {
        let tail = "0123456789abcdefghijABCDEFGHIJ0123456789";
        check(
            &["x\n-----BEGIN ", "RSA PRIVATE KEY-----\n"],
            Some("a private key"),
        );
        check(&["-----BEGIN ", "PRIVATE KEY-----"], Some("a private key"));
        check(
            &["-----BEGIN ", "OPENSSH PRIVATE KEY-----"],
            Some("a private key"),
        );
        check(
            &["-----BEGIN ", "PGP PRIVATE KEY BLOCK-----"],
            Some("a private key"),
        );
        check(&["-----BEGIN ", "CERTIFICATE-----"], None);
        check(&["-----BEGIN ", "PUBLIC KEY----- PRIVATE KEY"], None);
        check(
            &["token = \"gh", "p_", &tail[..36], "\""],
            Some("a GitHub token"),
        );
        check(&["gh", "p_", &tail[..35]], None);
        check(&["xgh", "p_", &tail[..36]], None);
        check(&["gh", "p_", &"x".repeat(36)], None);
        check(&["AK", "IA", "IOSFODNN7EXAMPLE"], Some("an AWS access key"));
        check(&["gl", "pat-", &tail[..20]], Some("a GitLab token"));
        check(&["nothing -- of the -----kind"], None);
    }
}
