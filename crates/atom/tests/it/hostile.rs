//! Hostile addresses: nothing that a transport could take for an option or a command gets through.

use std::collections::BTreeMap;

use atom::uri::{Aliases, Repository, Uri, Wanted};
use atom::url::{RepoUrl, Scheme};
use proptest::prelude::*;

fn aliases() -> Aliases {
    let users = [
        ("work", "git@h.org:team"),
        ("home", "git@h.org:"),
        ("disk", "/srv"),
        ("ext", "gh:x"),
    ];
    let users = users.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Aliases::with_user(BTreeMap::from(users)).expect("the aliases are sound")
}

/// Reads a text in both ways that an address is read, and holds what comes out to the promise.
fn check(text: &str, aliases: &Aliases) {
    if let Ok(uri) = Uri::parse(text, aliases) {
        if let Repository::At(url) = &uri.repository {
            hold(text, url);
        }
        if let Wanted::Ref(name) = &uri.wanted {
            assert!(
                !name.starts_with('-') && !name.contains(char::is_control),
                "{text:?}"
            );
        }
        let printed = uri.to_string();
        if !printed.contains("***") {
            assert_eq!(
                Uri::parse(&printed, aliases),
                Ok(uri),
                "{text:?} {printed:?}"
            );
        }
    }
    if let Ok(url) = RepoUrl::parse(text) {
        hold(text, &url);
        assert_eq!(RepoUrl::parse(url.as_git()), Ok(url), "{text:?}");
    }
}

fn hold(text: &str, url: &RepoUrl) {
    let git = url.as_git();
    let shown = format!("{text:?} gives {git:?}");
    assert!(
        !git.starts_with('-') && !git.contains(char::is_control),
        "{shown}"
    );
    let around_host = git.replacen(url.host().unwrap_or_default(), "", 1);
    assert!(!around_host.contains("::"), "a remote helper: {shown}");
    if let Some(host) = url.host() {
        assert!(
            !host.starts_with('-') && host.is_ascii() && !host.is_empty(),
            "{shown}"
        );
        assert!(!host.contains(char::is_uppercase), "{shown}");
        let end = git.rfind(url.path()).expect("the path is a part of it");
        let user = git[..end].rsplit_once('@').map_or("", |(it, _)| it);
        let user = user.split_once("://").map_or(user, |(_, it)| it);
        assert!(
            !user.starts_with('-') && !user.contains(['/', '?', '#', '\\', '@']),
            "{shown}"
        );
    }
    match url.scheme() {
        Scheme::Path => assert!(git.starts_with(['/', '.', '~']), "{shown}"),
        Scheme::Ssh if !git.starts_with("ssh://") => {
            assert!(
                !url.path().starts_with('-') && !git.contains("://"),
                "{shown}"
            );
        }
        scheme => assert!(git.starts_with(&format!("{scheme}://")), "{shown}"),
    }
    if url.scheme() != Scheme::Path {
        assert!(!git.contains(char::is_whitespace), "{shown}");
    }
}

/// What attackers put where an address is read.
const PAYLOADS: [&str; 24] = [
    "-u./payload",
    "--upload-pack=touch x",
    "-oProxyCommand=touch${IFS}x",
    "ext::sh -c touch% x",
    "fd::17/foo",
    "testgit::x",
    "x\n-oProxyCommand=y",
    "x\r\nHost: evil.org",
    "x\0y",
    "x\u{1b}]0;title\u{7}",
    "x\u{9b}31m",
    "..",
    "../../etc",
    "a@-oX",
    "a:b@-oX",
    "@{-1}",
    "$(touch x)",
    "`touch x`",
    ";touch x",
    "|touch x",
    "%0a-oX",
    "evil.org#@good.org",
    "evil.org\\@good.org",
    "[-oX]",
];

/// Where they put it.
const PLACES: [&str; 22] = [
    "{}",
    "{}::x",
    "::{}",
    "x@{}",
    "gh:{}",
    "gh:{}/r::x",
    "{}@gh:o/r",
    "a:{}@gh:o/r",
    "work:{}",
    "home:{}",
    "disk:{}",
    "ssh://{}/r",
    "ssh://{}@h/r",
    "ssh://h:{}/r",
    "ssh://h/{}",
    "https://{}/r",
    "https://a:{}@h/r",
    "https://gh:{}",
    "file://{}",
    "git@h:{}",
    "{}@h:r",
    "gh:o/r^^{}",
];

#[test]
fn no_hostile_address_gets_through() {
    let aliases = aliases();
    let mut n_tried = 0;
    for place in PLACES {
        for payload in PAYLOADS {
            check(&place.replace("{}", payload), &aliases);
            n_tried += 1;
        }
    }
    assert!(n_tried >= 200);
}

#[test]
fn options_helpers_and_commands_are_refused_outright() {
    let aliases = aliases();
    for text in [
        "-u./payload",
        "--upload-pack=x",
        "ext::sh -c touch% x",
        "ext::sh",
        "fd::17",
        "ssh://-oProxyCommand=x/r",
        "ssh://-oProxyCommand=x@h/r",
        "ssh://a@-oProxyCommand=x/r",
        "-oProxyCommand=x@h:r",
        "a@-oProxyCommand=x:r",
        "git@h:-r",
        "-a@gh:o/r",
        "home:-r",
        "gh:o/r^^-x",
        "gh:o/r^^--output=x",
        "https://evil.org#@good.org/r",
        "https://evil.org?@good.org/r",
        "https://evil.org\\@good.org/r",
        "https://good.org\n.evil.org/r",
        "gh:o/r\0",
        "transport::https://h/r",
        "80.ext://sh",
        "git@ext.x://sh",
        "://h/r",
    ] {
        // `ext` is an alias here, and yet what follows it is no id.
        let read = Uri::parse(text, &aliases);
        let safe = matches!(&read, Ok(uri) if uri.to_string() == "https://github.com/x::sh");
        assert!(read.is_err() || safe, "{text}: {read:?}");
        assert!(RepoUrl::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_gets_through(text in ".{0,24}") {
        check(&text, &aliases());
    }

    #[test]
    fn nothing_made_of_the_pieces_gets_through(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "-", "--", "a", "b.c", "gh", "work", "home", "disk", ":", "::", "^^", "@", "/", "//", "://", "https",
                "ssh", "file", "git", ".", "..", "~/", "[", "]", "[::1]", "80", "22", "0", " ", "\n", "%", "#", "?",
                "\\", "^1", "λ", "É", "\u{200b}", "*", ".git", "ext",
            ]),
            0..10,
        )
    ) {
        check(&pieces.concat(), &aliases());
    }
}
