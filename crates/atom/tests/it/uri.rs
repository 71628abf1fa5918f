//! Every rule by which a text names a repository and what is wanted of it.

use std::collections::BTreeMap;

use atom::uri::{Aliases, Repository, Uri, UriError, Wanted};
use miette::Diagnostic as _;

use crate::vectors;

/// What these tests know besides the built-in aliases.
const USERS: [(&str, &str); 9] = [
    ("my-repo", "gh:me/my-repo"),
    ("work", "git@git.example.org:team"),
    ("home", "git@git.example.org:"),
    ("abs", "ssh://git@git.example.org/srv"),
    ("odd", "https://git.example.org:8443/base/"),
    ("disk", "/srv/git"),
    ("files", "file:///srv/git"),
    ("nested", "my-repo:sub"),
    ("with_user", "https://bot@git.example.org"),
];

fn aliases() -> Aliases {
    let users = USERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Aliases::with_user(BTreeMap::from(users)).expect("the aliases are sound")
}

/// The canonical form, which is read back as the same, or the error's message.
fn read(text: &str) -> String {
    match Uri::parse(text, &aliases()) {
        Ok(uri) => {
            let printed = uri.to_string();
            if !printed.contains("***") {
                assert_eq!(Uri::parse(&printed, &aliases()), Ok(uri), "{printed}");
            }
            printed
        }
        Err(error) => {
            assert!(
                error.code().is_some() && error.help().is_some(),
                "{error:?}"
            );
            format!("error: {error}")
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(read(text), expected, "{text}");
}

#[test]
fn the_examples_of_the_format() {
    check(
        "gh:owner/repo::atom@^1",
        "https://github.com/owner/repo::atom@^1",
    );
    check(
        "my-repo::my-atom@^1",
        "https://github.com/me/my-repo::my-atom@^1",
    );
    check("git@host:owner/repo::x", "git@host:owner/repo::x");
    check("https://h:8080/o/r::x@^1", "https://h:8080/o/r::x@^1");
    check(
        "https://gh:owner/repo::λ@^1",
        "https://github.com/owner/repo::λ@^1",
    );
    check("git@gh:owner/repo::x", "ssh://git@github.com/owner/repo::x");
    check("x@^1", "::x@^1");
}

#[test]
fn this_repository() {
    check("x", "::x");
    check("::x", "::x");
    check("::x@1.2", "::x@^1.2");
    check("ひらがな@>=1, <2", "::ひらがな@>=1, <2");
    check("gh", "::gh");
    check("::", "::");
    check("^^main", "^^main");
    check(
        "x@",
        "error: `` is not a requirement: unexpected end of input while parsing major version number",
    );
    check(
        "git@github.com",
        "error: `github.com` is not a requirement: unexpected character 'g' while parsing major version number",
    );
    check("x--", "::x--");
    check(
        "1x",
        "error: the id `1x` begins with `1`, which is not a letter",
    );
    check("ﬁ", "error: the id `ﬁ` is not in Unicode's normal form KC");
}

#[test]
fn whole_sets_and_refs() {
    check("gh:owner/repo", "https://github.com/owner/repo");
    check("my-repo:", "https://github.com/me/my-repo");
    check("gh:owner/repo^^main", "https://github.com/owner/repo^^main");
    check(
        "gh:owner/repo^^refs/heads/a@b",
        "https://github.com/owner/repo^^refs/heads/a@b",
    );
    for bad in [
        "", "-x", "a..b", "a b", "a:b", "@", "@{1}", "a.lock", "/a", "a/", ".a", "a.",
    ] {
        check(
            &format!("gh:o/r^^{bad}"),
            &format!("error: `{bad}` is not the name of a git ref"),
        );
    }
}

#[test]
fn urls() {
    check("HTTPS://Host.Example/O/R", "https://host.example/O/R");
    check("https://h:443/r", "https://h/r");
    check("http://h:80/r", "http://h/r");
    check("ssh://git@h:22/r", "ssh://git@h/r");
    check("git://h:9418/r", "git://h/r");
    check("https://h:0443/r", "https://h/r");
    check("http://h:443/r", "http://h:443/r");
    check(
        "https://[::1]:8080/o/r::x@^1",
        "https://[::1]:8080/o/r::x@^1",
    );
    check("https://[::1]/o/r", "https://[::1]/o/r");
    check("https://[0:0::1]/o/r", "https://[::1]/o/r");
    check("https://h", "https://h");
    check("file:///srv/repo::x", "file:///srv/repo::x");
    check("FILE:///srv/repo", "file:///srv/repo");
    check("https://h/ö/r", "https://h/ö/r");
    check("https://h:/r", "error: `` is not a port");
    check("https://h:0/r", "error: `0` is not a port");
    check("https://h:65536/r", "error: `65536` is not a port");
    check("https://host:80a/r", "error: `80a` is not a port");
    check("https://h.org:+80/r", "error: `+80` is not a port");
    check("https:///r", "error: `` is not a host");
    check("https://a..b/r", "error: `a..b` is not a host");
    check("https://[1/r", "error: `[1` is not a host");
    check("https://[1.2.3.4]/r", "error: `[1.2.3.4]` is not a host");
    check("https://hö.st/r", "error: the host `hö.st` is not ASCII");
    check(
        "ssh://git@h",
        "error: `ssh://git@h` names no repository on its host",
    );
    check(
        "ssh://git@h/",
        "error: `ssh://git@h/` names no repository on its host",
    );
    check(
        "file://",
        "error: `file://` names no repository on its host",
    );
    check(
        "file://host/r",
        "error: `file://host/r` names a host in a `file` URL",
    );
    check("ftp://h/r", "error: `ftp` is not a scheme of repositories");
    check(
        "git+ssh://h/r",
        "error: `git+ssh` is not a scheme of repositories",
    );
    check(
        "https://h/a b",
        "error: the repository `https://h/a b` holds white space",
    );
}

#[test]
fn aliases_under_a_scheme() {
    check("ssh://git@gh:o/r", "ssh://git@github.com/o/r");
    check("https://bot:pw@gh:o/r", "https://bot:***@github.com/o/r");
    check("https://gh:8080/r", "https://gh:8080/r");
    check("https://gh:8080", "https://gh:8080");
    check("https://gh:8080x/r", "https://github.com/8080x/r");
    check("https://work:r", "https://git.example.org/team/r");
    check("ssh://work:r", "ssh://git@git.example.org/team/r");
    check("https://abs:r", "https://git.example.org/srv/r");
    check("https://odd:r", "https://git.example.org:8443/base/r");
    check("https://with_user:r", "https://***@git.example.org/r");
    check("http://with_user:r", "http://git.example.org/r");
    check("file://files:r", "file:///srv/git/r");
    let refused = |alias| {
        format!("error: the alias `{alias}` cannot be used with a scheme or user before it")
    };
    check("ssh://odd:r", &refused("odd"));
    check("https://disk:r", &refused("disk"));
    check("file://gh:o/r", &refused("gh"));
    check("https://ghh:o/r", "error: unknown alias `ghh`");
}

#[test]
fn local_paths() {
    check(".", ".");
    check("..", "..");
    check("./a b::x", "./a b::x");
    check("../other::x@^1", "../other::x@^1");
    check("/srv/git/r.git", "/srv/git/r.git");
    check("~/r::x", "~/r::x");
    check("sub/dir::x", "./sub/dir::x");
    check("sub/d:r", "./sub/d:r");
    check("my folder/x", "./my folder/x");
    check("~me/r", "./~me/r");
    check("me@host/r", "./me@host/r");
    check("gh/owner/repo", "./gh/owner/repo");
}

#[test]
fn aliases_without_a_scheme() {
    check("gh:/o//r/", "https://github.com/o//r/");
    check("bot:pw@gh:o/r", "https://bot:***@github.com/o/r");
    check("work:r::x", "git@git.example.org:team/r::x");
    check("home:r::x", "git@git.example.org:r::x");
    check("me@work:r", "me@git.example.org:team/r");
    check("me@abs:r", "ssh://me@git.example.org/srv/r");
    check("me@with_user:r", "ssh://me@git.example.org/r");
    check("odd:r", "https://git.example.org:8443/base/r");
    check("disk:r", "/srv/git/r");
    check("disk::x", "/srv/git::x");
    check("files:r", "file:///srv/git/r");
    check("nested:r", "https://github.com/me/my-repo/sub/r");
    check("gh:8080/x", "https://github.com/8080/x");
    check("gh::x", "https://github.com::x");
    let refused = |alias| {
        format!("error: the alias `{alias}` cannot be used with a scheme or user before it")
    };
    check("me@odd:r", &refused("odd"));
    check("me@disk:r", &refused("disk"));
    check("me:pw@disk:r", &refused("disk"));
    check("me:pw@work:r", &refused("work"));
    check(
        "home::x",
        "error: `git@git.example.org:` names no repository on its host",
    );
    check(
        "git@gh",
        "error: `gh` is not a requirement: unexpected character 'g' while parsing major version number",
    );
    check(
        "git@gh::x",
        "error: `ssh://git@github.com` names no repository on its host",
    );
    check("gh:a b", "error: the repository `gh:a b` holds white space");
}

#[test]
fn hosts_without_a_scheme() {
    check("github.com/o/r::x", "https://github.com/o/r::x");
    check("bot:pw@Example.ORG/r", "https://bot:***@example.org/r");
    check("me@example.org/r", "https://***@example.org/r");
    check("[::1]/r", "https://[::1]/r");
    check("example.org:o/r", "example.org:o/r");
    check("git@Example.org:o/r", "git@example.org:o/r");
    check("git@host:8080/r", "git@host:8080/r");
    check("[::1]:o/r", "[::1]:o/r");
    check("git@[::1]:o/r::x", "git@[::1]:o/r::x");
    check(
        "host:8080/x",
        "error: `host:8080/x` may mean a port or a path",
    );
    check(
        "example.org:8080",
        "error: `example.org:8080` may mean a port or a path",
    );
    check("example.org:8080x/y", "example.org:8080x/y");
    check(
        "me:pw@host:o/r",
        "error: `me:***@host:o/r` has a password, which `user@host:path` cannot carry",
    );
    check(".hidden/x", "error: `.hidden` is not a host");
    check("a b.c/x", "error: `a b.c` is not a host");
    check("git@host:-x", "error: `-x` begins with `-`");
    check("git@-host:x", "error: `-host` begins with `-`");
    check(
        "ssh://-oProxyCommand=x@h/r",
        "error: `-oProxyCommand=x` begins with `-`",
    );
    check("hö.st/x", "error: the host `hö.st` is not ASCII");
}

#[test]
fn the_rest_is_an_unknown_alias() {
    check("git@Gh:o/r", "error: unknown alias `Gh`");
    check("GH:o/r", "error: unknown alias `GH`");
    check("ghub:o/r", "error: unknown alias `ghub`");
    check("my-rep::x", "error: unknown alias `my-rep`");
    check("github.com", "error: unknown alias `github.com`");
    check("ext::sh", "error: unknown alias `ext`");
    check("C:/x", "error: unknown alias `C`");
    check("me:pw@host/r", "error: unknown alias `host`");
    check("a b:c", "error: the repository `a b:c` holds white space");
}

#[test]
fn what_is_refused_first() {
    check("", "error: the address is empty");
    check("-x", "error: `-x` begins with `-`");
    check(
        "--upload-pack=x",
        "error: `--upload-pack=x` begins with `-`",
    );
    check(
        "gh:o/r\n::x",
        "error: the address `gh:o/r\\n::x` holds a control character",
    );
    check(
        "./a\u{9b}",
        "error: the address `./a\\u{9b}` holds a control character",
    );
}

#[test]
fn what_separates_stands_once() {
    check("gh:o/r::", "error: an id is empty");
    check(
        "gh:o::r::x",
        "error: the repository `https://github.com/o::r` holds `::` or `^^`",
    );
    check(
        "gh:o/r::x^^main",
        "error: the repository `https://github.com/o/r::x` holds `::` or `^^`",
    );
    check(
        "gh:o^^r^^x",
        "error: the repository `https://github.com/o^^r` holds `::` or `^^`",
    );
    check(
        "./a::b/c",
        "error: the repository `./a::b/c` holds `::` or `^^`",
    );
    check(
        "https://u:a::b@h/r",
        "error: the repository `https://u:***@h/r` holds `::` or `^^`",
    );
    check("gh:o/r::x]", "error: the id `x]` holds `]`");
}

#[test]
fn the_golden_uris() {
    let file = vectors::json("uri/uri.json");
    for row in vectors::list(&file, Some("read")) {
        let uri = Uri::parse(vectors::text(&row, "uri"), &Aliases::builtin()).unwrap();
        assert_eq!(uri.to_string(), vectors::text(&row, "canonical"));
    }
    for row in vectors::list(&file, Some("refused")) {
        let read = Uri::parse(vectors::text(&row, "uri"), &Aliases::builtin());
        let code = read
            .expect_err("it is refused")
            .code()
            .map(|it| it.to_string());
        assert_eq!(code.as_deref(), row["code"].as_str(), "{row}");
    }
}

#[test]
fn a_wanted_atom_is_typed() {
    let uri = Uri::parse("gh:o/r::x@^1", &aliases()).unwrap();
    let Repository::At(url) = &uri.repository else {
        panic!("{uri}")
    };
    assert_eq!(url.as_git(), "https://github.com/o/r");
    assert_eq!(
        uri.wanted,
        Wanted::Atom {
            id: "x".parse().unwrap(),
            req: Some("^1".parse().unwrap())
        }
    );
}

#[test]
fn a_password_reaches_the_transport_and_nothing_else() {
    let uri = Uri::parse("https://me:hunter2@h.org/r::x", &aliases()).unwrap();
    assert!(!format!("{uri} {uri:?}").contains("hunter2"));
    let Repository::At(url) = uri.repository else {
        panic!("an address is given")
    };
    assert_eq!(url.as_git(), "https://me:hunter2@h.org/r");
    assert_eq!(url.public().as_git(), "https://h.org/r");
    for text in [
        "https://me:hunter2@h.org:x/r",
        "https://me:hunter2@/r",
        "https://me:hunter2@h.org/r^^..",
        "https://me:hunter2@h.org/r::x@y",
        "https://me:hunter2/more@h.org/r",
        "https://me:hunter2@more@h.org/r",
        "https://me:more::hunter2@h.org/r",
        "https://me:hunter2::more@h.org/r",
        "https://me:hun\nhunter2@h.org/r",
        "ftp://me:hunter2@h.org/r",
        "me:hunter2://h.org/r",
        "ssh://me:hunter2@h.org",
        "me:hunter2@host:r",
        "me:hunter2@disk:r",
        "me:hunter2@nowhere/r",
        "me:hunter2@h.org/r^^^^x",
        "me:hunter2@h.org/a b",
        "-me:hunter2@h.org/r",
    ] {
        let error = Uri::parse(text, &aliases()).unwrap_err();
        let help = error.help().map(|it| it.to_string());
        let shown = format!("{error} {error:?} {help:?}");
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }
}

#[test]
fn near_aliases_are_named() {
    let error = Uri::parse("my-rep:x", &aliases()).unwrap_err();
    let near = Some("my-repo".to_owned());
    let alias = "my-rep".to_owned();
    assert_eq!(error, UriError::UnknownAlias { alias, near });
    assert_eq!(error.help().unwrap().to_string(), "did you mean `my-repo`?");
}
