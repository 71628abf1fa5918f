//! URLs of repositories: what makes two equal, and what of one is recorded.

use atom::url::{RepoUrl, Scheme, UriError, redact};

fn url(text: &str) -> RepoUrl {
    RepoUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn an_origin_is_host_and_path() {
    let same = [
        "https://github.com/owner/repo",
        "http://github.com/owner/repo",
        "HTTPS://GitHub.com:443/owner/repo.git",
        "https://me:pw@github.com//owner/repo/",
        "https://github.com/owner/repo.git/",
        "ssh://git@github.com:22/owner/repo",
        "git@github.com:owner/repo",
        "git@github.com:/owner/repo.git",
        "github.com/owner/repo",
        "git://github.com/owner/repo",
    ];
    for text in same {
        assert_eq!(url(text).key(), url(same[0]).key(), "{text}");
        assert_eq!(url(text).key().to_string(), "github.com/owner/repo");
    }
    for other in [
        "https://github.com:8443/owner/repo",
        "ssh://git@github.com:443/owner/repo",
        "https://github.com/Owner/repo",
        "https://github.com/owner/repo/sub",
        "https://github.com/owner/repo.git2",
        "https://github.org/owner/repo",
        "file:///owner/repo",
        "/owner/repo",
    ] {
        assert_ne!(url(other).key(), url(same[0]).key(), "{other}");
    }
}

#[test]
fn a_local_origin_is_its_path() {
    let check = |text: &str, expected: &str| assert_eq!(url(text).key().to_string(), expected);
    check("/srv/repo.git/", "/srv/repo");
    check("file:///srv/repo", "/srv/repo");
    check("/srv/repo/.git", "/srv/repo");
    check("/", "/");
    check("./repo/", "./repo");
    check("repo/", "./repo");
    check("~/repo", "~/repo");
    check(".", ".");
}

#[test]
fn what_is_recorded_has_no_secret() {
    let check = |text: &str, expected: &str| {
        let public = url(text).public();
        assert_eq!(public.as_git(), expected);
        assert_eq!(public.to_string(), expected);
        assert_eq!(public.public(), public);
        assert_eq!(url(expected), public);
    };
    check("https://me:pw@h.org/r", "https://h.org/r");
    check("https://token@h.org/r", "https://h.org/r");
    check("http://me:pw@h.org:8080/r", "http://h.org:8080/r");
    check("git://me@h.org/r", "git://h.org/r");
    check("ssh://git:pw@h.org/r", "ssh://git@h.org/r");
    check("ssh://h.org/r", "ssh://h.org/r");
    check("git@h.org:r", "git@h.org:r");
    check("/srv/r", "/srv/r");
    check("file:///srv/r", "file:///srv/r");
}

#[test]
fn a_foreign_manifest_may_name_https_and_ssh_elsewhere() {
    for text in [
        "https://h.org/r",
        "ssh://git@h/r",
        "git@h:r",
        "https://192.168.0.1/r",
        "https://[2001:db8::1]/r",
    ] {
        assert!(url(text).allowed_in_foreign(), "{text}");
    }
    for text in [
        "http://h.org/r",
        "git://h.org/r",
        "file:///r",
        "/r",
        "./r",
        "~/r",
        "https://localhost/r",
        "https://LOCALHOST:8443/r",
        "https://a.localhost/r",
        "ssh://git@127.0.0.1/r",
        "git@127.8.9.1:r",
        "https://0.0.0.0/r",
        "https://169.254.169.254/latest",
        "https://[::1]/r",
        "https://[::]/r",
        "https://[fe80::1]/r",
        "https://[::ffff:127.0.0.1]/r",
    ] {
        assert!(!url(text).allowed_in_foreign(), "{text}");
    }
}

#[test]
fn a_number_is_no_other_spelling_of_an_address() {
    for host in [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.1",
        "1.2.3.256",
        "0x7f.1",
    ] {
        let error = RepoUrl::parse(&format!("https://{host}/r")).unwrap_err();
        assert!(matches!(error, UriError::Host { .. }), "{host}: {error:?}");
    }
    assert_eq!(url("https://h1.2b/r").host(), Some("h1.2b"));
}

#[test]
fn parts_are_told_apart() {
    let check = |text: &str, scheme, host: Option<&str>, path: &str| {
        let url = url(text);
        assert_eq!((url.scheme(), url.host(), url.path()), (scheme, host, path));
        assert_eq!(url.is_local_path(), scheme == Scheme::Path);
    };
    check("https://h:8443/r", Scheme::Https, Some("h"), "/r");
    check("http://h/r", Scheme::Http, Some("h"), "/r");
    check("ssh://git@h/r", Scheme::Ssh, Some("h"), "/r");
    check("git@h:r", Scheme::Ssh, Some("h"), "r");
    check("git://[::1]/r", Scheme::Git, Some("[::1]"), "/r");
    check("file:///srv/r", Scheme::File, None, "/srv/r");
    check("a/r", Scheme::Path, None, "./a/r");
}

#[test]
fn order_is_that_of_the_text() {
    let mut urls = [
        "ssh://git@h/a",
        "https://h/b",
        "git@h:a",
        "/a",
        "https://h/a",
    ]
    .map(url);
    urls.sort();
    let texts: Vec<_> = urls.iter().map(RepoUrl::as_git).collect();
    assert_eq!(
        texts,
        [
            "/a",
            "git@h:a",
            "https://h/a",
            "https://h/b",
            "ssh://git@h/a"
        ]
    );
}

#[test]
fn an_alias_is_no_url() {
    for text in ["gh:owner/repo", "https://gh:owner/repo", "gh", "repo"] {
        let error = RepoUrl::parse(text).unwrap_err();
        assert!(
            matches!(error, UriError::NotExpanded { .. }),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_remote_of_gits_own_configuration_may_be_a_host_of_sshs() {
    for text in ["Work:team/repo", "gh:owner/repo", "work:/srv/repo"] {
        assert!(RepoUrl::parse(text).is_err(), "{text}");
        let url = RepoUrl::parse_remote(text).unwrap();
        assert_eq!((url.scheme(), url.as_git()), (Scheme::Ssh, text));
    }
    let key = |text| RepoUrl::parse_remote(text).unwrap().key().to_string();
    assert_eq!(key("Work:team/repo.git"), "work/team/repo");
    // All else is as everywhere.
    for text in ["https://h.example/x", "git@h:x", "/srv/repo", "./work:x"] {
        assert_eq!(RepoUrl::parse_remote(text), RepoUrl::parse(text));
    }
    for text in [
        "ext::sh -c x",
        "-oProxyCommand=x:y",
        "wo rk:x",
        "work:-x",
        "work:",
        "ftp://h/x",
    ] {
        assert!(RepoUrl::parse_remote(text).is_err(), "{text}");
    }
}

#[test]
fn what_may_be_a_secret_is_masked_in_what_is_no_url_too() {
    for (text, shown) in [
        ("https://u:p@h.example/x", "https://u:***@h.example/x"),
        ("https://u:p:@q@h", "https://u:***@h"),
        ("https://u:p/q@h/x", "https://u:***@h/x"),
        ("https://token@h/x", "https://***@h/x"),
        ("HTTPS://token@h", "https://***@h"),
        ("u:p@gh:o/r", "u:***@gh:o/r"),
        ("ssh://git@h/x", "ssh://git@h/x"),
        ("git@h:o/r", "git@h:o/r"),
        ("https://h:8080/x@y", "https://h:8080/x@y"),
        ("gh:owner", "gh:owner"),
        ("origin", "origin"),
    ] {
        assert_eq!(redact(text), shown);
    }
}
