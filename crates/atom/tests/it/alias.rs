//! Which aliases a user may have.

use std::collections::BTreeMap;

use atom::uri::{AliasError, Aliases, Uri};

fn with(users: &[(&str, &str)]) -> Result<Aliases, AliasError> {
    let owned = users
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Aliases::with_user(BTreeMap::from_iter(owned))
}

#[test]
fn the_built_in_ones_are_always_there() {
    let names: Vec<_> = Aliases::builtin().names().map(str::to_owned).collect();
    assert_eq!(names, ["cb", "gh", "gl"]);
    let aliases = with(&[("work", "https://h.org")]).unwrap();
    let names: Vec<_> = aliases.names().collect();
    assert_eq!(names, ["cb", "gh", "gl", "work"]);
}

#[test]
fn an_alias_stands_on_others_in_any_order_of_names() {
    let chain = [
        ("a1", "b2:x"),
        ("b2", "me@c3:y"),
        ("c3", "gh:z"),
        ("d4", "https://a1:q"),
    ];
    // `me@` makes it ssh, and `d4` puts that under https again.
    let aliases = with(&chain).unwrap();
    let check = |text: &str, expected: &str| {
        let uri = Uri::parse(text, &aliases).unwrap();
        assert_eq!(uri.to_string(), expected);
    };
    check("a1:r", "ssh://me@github.com/z/y/x/r");
    check("d4:r", "https://github.com/z/y/x/q/r");
}

#[test]
fn circles_are_named_from_their_least_member() {
    let cycle = |names: &[&str]| AliasError::Cycle {
        names: names.iter().map(|&it| it.to_owned()).collect(),
    };
    let check = |users: &[(&str, &str)], names: &[&str]| {
        assert_eq!(with(users).unwrap_err(), cycle(names));
    };
    check(&[("me", "me:x")], &["me"]);
    check(&[("bb", "aa:x"), ("aa", "https://bb:y")], &["aa", "bb"]);
    check(
        &[
            ("aa", "cc:x"),
            ("cc", "dd"),
            ("dd", "bb:x"),
            ("bb", "u:p@cc:z"),
        ],
        &["bb", "cc", "dd"],
    );
}

#[test]
fn a_long_chain_is_no_circle_and_ends() {
    let names: Vec<_> = (0..2_000).map(|at| format!("a{at}")).collect();
    let mut users: BTreeMap<_, _> = names
        .windows(2)
        .map(|pair| (pair[0].clone(), format!("{}:x", pair[1])))
        .collect();
    users.insert("a1999".to_owned(), "https://h.org".to_owned());
    assert!(Aliases::with_user(users).is_ok());
}

#[test]
fn what_a_uri_shadows_is_refused() {
    assert!(matches!(
        with(&[("gh", "https://evil.org")]),
        Err(AliasError::BuiltIn { .. })
    ));
    for name in ["", "a", "1a", "a.b", "-a", "a:b", "a/b", "ä2", "a b", "_a"] {
        let error = with(&[(name, "https://h.org")]).unwrap_err();
        assert!(
            matches!(error, AliasError::Name { .. }),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn what_is_no_place_is_refused() {
    for value in [
        "",
        "-x",
        "nowhere:x",
        "nowhere",
        "host:80/x",
        "https://h/a b",
        "ext::sh",
        "ftp://h",
    ] {
        let error = with(&[("work", value)]).unwrap_err();
        assert!(
            matches!(error, AliasError::Value { .. }),
            "{value}: {error:?}"
        );
    }
}
