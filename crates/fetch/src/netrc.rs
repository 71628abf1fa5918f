//! A netrc file: whose password for which host, and for no other.

/// One login of a netrc file.
#[derive(Clone, PartialEq, Eq)]
pub struct NetrcLogin {
    /// `login`.
    pub username: String,
    /// `password`.
    pub password: String,
}

impl std::fmt::Debug for NetrcLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetrcLogin")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The first entry of the netrc text for exactly this host, and this user where one is named.
///
/// `default` entries are passed by: a password is only for the host that it stands beside.
/// Macros (`macdef`) end at an empty line, comments (`#`) at their line's end.
/// Tokens may stand in double quotes, with `\"` and `\\` inside, as curl reads them.
#[must_use]
pub fn lookup(text: &str, host: &str, user: Option<&str>) -> Option<NetrcLogin> {
    let mut tokens = tokens(text).into_iter();
    let mut here = false;
    let mut username: Option<String> = None;
    let mut password: Option<String> = None;
    loop {
        let token = tokens.next();
        let ends = matches!(token.as_deref(), None | Some("machine" | "default"));
        if ends && here {
            if let Some(password) = password.take()
                && let username = username.take().unwrap_or_default()
                && user.is_none_or(|user| user == username)
            {
                return Some(NetrcLogin { username, password });
            }
            username = None;
        }
        match token.as_deref()? {
            "machine" => {
                here = tokens.next()?.eq_ignore_ascii_case(host);
            }
            "default" => here = false,
            "login" if here => username = tokens.next(),
            "password" if here => password = tokens.next(),
            "login" | "password" | "account" => {
                tokens.next();
            }
            _ => {}
        }
    }
}

/// Splits a netrc text; macros and comments are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut rest = line.trim_start();
        // A password may hold a `#`, a comment stands where a token could begin a line.
        if rest.starts_with('#') {
            continue;
        }
        while !rest.is_empty() {
            let (token, after) = token(rest);
            if token == "macdef" {
                in_macro = true;
                break;
            }
            tokens.push(token);
            rest = after.trim_start();
        }
    }
    tokens
}

/// The first token of `text`, which begins with no white space, and what follows.
fn token(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut token = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (token, &quoted[at + 1..]),
            '\\' => token.extend(chars.next().map(|(_, escaped)| match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            })),
            other => token.push(other),
        }
    }
    (token, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# machine a.example login no password no
machine b.example
    login alice
    password p#1
machine c.example login bob password \"two words\\\"\"
macdef init
machine d.example login mallory password mallory

machine d.example login \"dan\" password d
machine d.example login eve password e
machine f.example password only
default login any password any
";

    #[track_caller]
    fn check(host: &str, user: Option<&str>, expected: Option<(&str, &str)>) {
        let found = lookup(TEXT, host, user);
        let found = found
            .as_ref()
            .map(|login| (login.username.as_str(), login.password.as_str()));
        assert_eq!(found, expected, "{host} {user:?}");
    }

    #[test]
    fn a_password_is_for_its_own_host_alone() {
        check("b.example", None, Some(("alice", "p#1")));
        check("B.EXAMPLE", None, Some(("alice", "p#1")));
        check("c.example", None, Some(("bob", "two words\"")));
        check("d.example", None, Some(("dan", "d")));
        check("d.example", Some("eve"), Some(("eve", "e")));
        check("d.example", Some("mallory"), None);
        check("f.example", None, Some(("", "only")));
        for host in ["a.example", "example", "x.b.example", "b.example.evil", ""] {
            check(host, None, None);
        }
    }

    #[test]
    fn a_broken_file_holds_nothing() {
        for text in [
            "machine",
            "machine a login",
            "machine a password",
            "\"",
            "login x",
        ] {
            assert_eq!(lookup(text, "a", None), None, "{text:?}");
        }
    }
}
