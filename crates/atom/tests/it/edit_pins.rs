//! Edits of `[pins]`: one pin changes, and nothing else.

use atom::manifest::{EditError, GitAt, Manifest, Pin, PinSource, Value, add_pin, remove_pin};
use atom::url::RepoUrl;

use crate::faults::draw;

const HEAD: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";
const REV: &str = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";

/// `git URL [ref|rev|version X]`, `tar URL` or `url URL`.
fn pin(text: &str) -> Pin {
    let words: Vec<&str> = text.split(' ').collect();
    let source = match words[..] {
        ["git", url, ref at @ ..] => PinSource::Git {
            url: RepoUrl::parse(url).unwrap(),
            at: match at {
                ["ref", it] => GitAt::Ref((*it).to_owned()),
                ["rev", it] => GitAt::Rev(it.parse().unwrap()),
                ["version", it] => GitAt::Version(it.parse().unwrap()),
                _ => GitAt::Head,
            },
        },
        ["tar", url] => PinSource::Tar {
            url: url.parse().unwrap(),
        },
        ["url", url] => PinSource::Url {
            url: url.parse().unwrap(),
        },
        _ => panic!("{text}"),
    };
    Pin {
        source,
        entry: None,
        args: std::collections::BTreeMap::new(),
    }
}

fn add(text: &str, wanted: &Pin) -> Result<String, EditError> {
    add_pin(text, &"x".parse().unwrap(), wanted)
}

#[track_caller]
fn check(before: &str, wanted: &str, after: &str) {
    let (before, after) = (
        before.replace("HEAD\n", HEAD),
        after.replace("HEAD\n", HEAD),
    );
    let found = add(&before, &pin(wanted)).unwrap_or_else(|it| panic!("{it}: {it:?}"));
    assert_eq!(found, after, "\n--- found\n{found}\n--- expected\n{after}");
}

#[test]
fn a_pin_is_added_as_a_table_of_its_own() {
    check(
        "HEAD\n\n[build]\nbuilder = \"/bin/sh\"\n",
        "git https://H.org/r ref main",
        "HEAD\n\n[pins.x]\ngit = \"https://h.org/r\"\nref = \"main\"\n\n[build]\nbuilder = \"/bin/sh\"\n",
    );
    check(
        "HEAD\n[pins]\ny = { url = \"https://h.org/y\" }  # why\n",
        "tar https://h.org/a.tar.gz",
        "HEAD\n[pins]\ny = { url = \"https://h.org/y\" }  # why\n\n[pins.x]\ntar = \"https://h.org/a.tar.gz\"\n",
    );
    check(
        "pins = { y.url = \"https://h.org/y\" }\nHEAD\n",
        "git https://h.org/r version ^1",
        "pins = { y.url = \"https://h.org/y\", x = { git = \"https://h.org/r\", version = \"^1\" } }\nHEAD\n",
    );
    check(
        "HEAD\n[pins]\ny.url = \"https://h.org/y\"\n",
        "git ssh://git@h.org/r",
        "HEAD\n[pins]\ny.url = \"https://h.org/y\"\n\n[pins.x]\ngit = \"ssh://git@h.org/r\"\n",
    );
}

#[test]
fn a_pin_is_changed_where_it_stands() {
    let old = "HEAD\n\n# mine\n[pins.x] # why\ngit = 'https://h.org/r' # there\nref = \"main\"\nentry = \"a.nix\"\nargs = { b = 1 }\n\n[build]\nbuilder = \"/bin/sh\"\n";
    let check = |wanted: &str, lines: &str| {
        let mut wanted = pin(wanted);
        wanted.entry = Some("a.nix".to_owned());
        wanted.args = [("b".to_owned(), Value::Integer(1))].into();
        let found = add(&old.replace("HEAD\n", HEAD), &wanted).unwrap();
        let (_, found) = found.split_once("[pins.x] # why\n").unwrap();
        assert_eq!(found.split_once("\n\n[build]").unwrap().0, lines);
    };
    check(
        "git https://h.org/r ref main",
        "git = 'https://h.org/r' # there\nref = \"main\"\nentry = \"a.nix\"\nargs = { b = 1 }",
    );
    check(
        &format!("git https://h.org/r rev {REV}"),
        &format!(
            "git = 'https://h.org/r' # there\nentry = \"a.nix\"\nargs = {{ b = 1 }}\nrev = \"{REV}\""
        ),
    );
    check(
        "git https://h.org/other ref main",
        "ref = \"main\"\nentry = \"a.nix\"\nargs = { b = 1 }\ngit = \"https://h.org/other\"",
    );
    check(
        "url https://h.org/x",
        "entry = \"a.nix\"\nargs = { b = 1 }\nurl = \"https://h.org/x\"",
    );
}

#[test]
fn every_value_is_written_as_it_is_read() {
    let data = "s = \"\\u0001\\\"\\\\ é\"\ni = -5\nf = 1e3\nb = true\nd = 1979-05-27T07:32:00Z\na = [1, [\"x\"], {}]\nt = { \"a b\".c = 1 }\n";
    let text = format!("{HEAD}[pins.x]\ngit = \"https://h.org/r\"\n[pins.x.args]\n{data}");
    let manifest = Manifest::parse_own(&text).unwrap();
    let (name, pin) = manifest.pins.first_key_value().unwrap();
    let added = add_pin(HEAD, name, pin).unwrap();
    assert_eq!(Manifest::parse_own(&added).unwrap(), manifest, "{added}");
    // Nothing is to be done where all is said already.
    assert_eq!(add_pin(&text, name, pin).unwrap(), text);
}

#[test]
fn credentials_are_left_out() {
    let added = add(HEAD, &pin("git https://me:secret@h.org/r")).unwrap();
    assert!(added.ends_with("git = \"https://h.org/r\"\n"), "{added}");
}

#[test]
fn a_pin_is_removed() {
    for (old, new) in [
        (
            "[pins.x]\nurl = \"https://h.org\" # why\n\n[pins.x.args]\na = 1\n",
            "",
        ),
        (
            "[pins]\nx = { url = \"https://h.org\" }\ny.url = \"https://h.org\"\n",
            "[pins]\ny.url = \"https://h.org\"\n",
        ),
    ] {
        let found = remove_pin(&format!("{HEAD}{old}"), &"x".parse().unwrap()).unwrap();
        assert_eq!(found, format!("{HEAD}{new}"));
    }
    let text = format!("{HEAD}[pins]\nnixpkgs.url = \"https://h.org\"\n");
    let draw_of = |name: &str| draw(&remove_pin(&text, &name.parse().unwrap()).unwrap_err(), "");
    assert_eq!(
        draw_of("nixpkg"),
        "eka::edit::no_such_pin: the manifest has no pin `nixpkg`\n  help: did you mean `nixpkgs`?\n"
    );
    assert_eq!(
        draw_of("z"),
        "eka::edit::no_such_pin: the manifest has no pin `z`\n  help: the pins stand under `[pins]` in `atom.toml`\n"
    );
}

#[test]
fn what_no_manifest_may_say_is_refused() {
    let drawn = draw(
        &add(HEAD, &pin("git https://h.org/r ref a..b")).unwrap_err(),
        "",
    );
    let expected =
        "eka::edit::refused: could not add the pin `x`: `pins.x.ref` is not a ref: `a..b`";
    assert!(drawn.starts_with(expected), "{drawn}");
    let drawn = draw(
        &add(&format!("{HEAD}x = 1\n"), &pin("url https://h.org")).unwrap_err(),
        "",
    );
    assert_eq!(
        drawn,
        "eka::manifest::invalid: the manifest is not valid: 1 fault\n"
    );
}

const LAYOUTS: &[&str] = &[
    "",
    "[pins.y]\nurl = \"https://h.org\"\n\n[build]\nbuilder = 'x'\n",
    "[pins]\ny = { url = \"https://h.org\" }\n# end\n",
    "\n[build]\nbuilder='x'\nargs=['[pins.x]', \"\"\"\n[pins]\nb=1\"\"\"]\n",
];

const PINS: &[&str] = &[
    "git https://h.org/r",
    "git https://h.org/r ref a/b",
    "git https://h.org/s rev 4abbd2644bc3585e9be95deb277ccf48f6ed26ac",
    "tar https://h.org/a.tar",
    "url https://h.org/a",
];

proptest::proptest! {
    /// Whatever pin a layout has, any other takes its place, and goes without a trace.
    #[test]
    fn adding_and_removing_are_inverse(layout in 0..LAYOUTS.len(), pins in proptest::collection::vec(0..PINS.len(), 1..4), crlf: bool) {
        let mut text = format!("{HEAD}{}", LAYOUTS[layout]);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let mut added = text.clone();
        for it in pins {
            added = add(&added, &pin(PINS[it])).unwrap();
            let manifest = Manifest::parse_own(&added).unwrap();
            proptest::prop_assert_eq!(&manifest.pins[&"x".parse().unwrap()], &pin(PINS[it]));
        }
        let removed = remove_pin(&added, &"x".parse().unwrap()).unwrap();
        proptest::prop_assert_eq!(removed, text);
    }
}
