//! Edits of manifests: what was not asked for stays, byte for byte.

use atom::manifest::{EditError, Manifest, add_dep, add_local_dep, remove_dep, template};
use atom::url::RepoUrl;

use crate::faults::draw;

/// What to do to a text: `+set id req`, `+set=url id req`, `+set=:: id req` or `-set id`.
fn apply(text: &str, edit: &str) -> Result<String, EditError> {
    let words: Vec<&str> = edit[1..].split(' ').collect();
    let (set, place) = match words[0].split_once('=') {
        Some((set, place)) => (set, Some(place)),
        None => (words[0], None),
    };
    let (set, id) = (set.parse().unwrap(), words[1].parse().unwrap());
    if edit.starts_with('-') {
        return remove_dep(text, &set, &id);
    }
    let req = words[2].parse().unwrap();
    match place {
        Some("::") => add_local_dep(text, &set, &id, &req),
        place => {
            let url = place.map(|it| RepoUrl::parse(it).unwrap());
            add_dep(text, &set, url.as_ref(), &id, &req)
        }
    }
}

const HEAD: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";

#[track_caller]
fn check(before: &str, edit: &str, after: &str) {
    let before = before.replace("HEAD\n", HEAD);
    let after = after.replace("HEAD\n", HEAD);
    let found = apply(&before, edit).unwrap_or_else(|it| panic!("{it}: {it:?}"));
    assert_eq!(found, after, "\n--- found\n{found}\n--- expected\n{after}");
    Manifest::parse_own(&found).unwrap();
}

#[track_caller]
fn refused(before: &str, edit: &str, expected: &str) {
    let before = before.replace("HEAD\n", HEAD);
    assert_eq!(draw(&apply(&before, edit).unwrap_err(), ""), expected);
}

const CORE: &str = "[sets]\ncore = \"https://h.org/r\"\n";

#[test]
fn a_dependency_is_added_behind_its_like() {
    check(
        &format!(
            "HEAD\n{CORE}\n[deps.core]\nb = \"^1\" # why\n# later\n\n[build]\nbuilder = \"/bin/sh\"\n"
        ),
        "+core zlib ^1.3",
        &format!(
            "HEAD\n{CORE}\n[deps.core]\nb = \"^1\" # why\nzlib = \"^1.3\"\n# later\n\n[build]\nbuilder = \"/bin/sh\"\n"
        ),
    );
    check(
        &format!("HEAD\n{CORE}[deps.core] # nothing yet\n\n  # end"),
        "+core λ ^1.3",
        &format!("HEAD\n{CORE}[deps.core] # nothing yet\n\"λ\" = \"^1.3\"\n\n  # end"),
    );
    check(
        &format!("HEAD\n{CORE}[deps.core]\n  b = \"^1\""),
        "+core c *",
        &format!("HEAD\n{CORE}[deps.core]\n  b = \"^1\"\n  c = \"*\"\n"),
    );
}

#[test]
fn a_set_is_declared_with_its_first_dependency() {
    check(
        "HEAD\n",
        "+core=https://H.org:443/r zlib ^1",
        &format!("HEAD\n\n{CORE}\n[deps.core]\nzlib = \"^1\"\n"),
    );
    check(
        "HEAD\n\n[build]\nbuilder = \"/bin/sh\"\n",
        "+here=:: util ^0.1",
        "HEAD\n\n[sets]\nhere = \"::\"\n\n[deps.here]\nutil = \"^0.1\"\n\n[build]\nbuilder = \"/bin/sh\"\n",
    );
    check(
        &format!("HEAD\n{CORE}\n[deps.core]\nb = \"^1\"\n"),
        "+more=ssh://git@h.org/more x =1.0.0-rc.1",
        &format!(
            "HEAD\n{CORE}more = \"ssh://git@h.org/more\"\n\n[deps.core]\nb = \"^1\"\n\n[deps.more]\nx = \"=1.0.0-rc.1\"\n"
        ),
    );
    // What is declared already is not declared again, by whichever scheme.
    check(
        &format!("HEAD\n{CORE}"),
        "+core=ssh://git@h.org/r.git zlib ^1",
        &format!("HEAD\n{CORE}\n[deps.core]\nzlib = \"^1\"\n"),
    );
}

#[test]
fn a_requirement_is_changed_where_it_stands() {
    for (old, new) in [
        (
            "[deps.core]\nb   =   '^1'   # why\n",
            "[deps.core]\nb   =   '^2'   # why\n",
        ),
        (
            "[deps.core]\nb = { version = \"^1\" }\n",
            "[deps.core]\nb = { version = \"^2\" }\n",
        ),
        (
            "[deps.core.b]\nversion = \"\"\"^1\"\"\"\n",
            "[deps.core.b]\nversion = \"^2\"\n",
        ),
        ("[deps]\ncore.b = \"^1\"\n", "[deps]\ncore.b = \"^2\"\n"),
        ("[deps]\ncore = {b=\"^1\"}\n", "[deps]\ncore = {b=\"^2\"}\n"),
    ] {
        check(
            &format!("HEAD\n{CORE}{old}"),
            "+core b ^2",
            &format!("HEAD\n{CORE}{new}"),
        );
    }
    check(
        &format!("HEAD\n{CORE}[deps.core]\nb = \"1\"\n"),
        "+core b ^1",
        &format!("HEAD\n{CORE}[deps.core]\nb = \"1\"\n"),
    );
}

#[test]
fn every_layout_of_toml_takes_a_dependency() {
    for (old, new) in [
        ("[deps]\n", "[deps]\n\n[deps.core]\nc = \"^1\"\n"),
        ("[deps]\ncore = {}\n", "[deps]\ncore = { c = \"^1\" }\n"),
        (
            "[deps]\ncore = { b = \"^1\" } # x\n",
            "[deps]\ncore = { b = \"^1\", c = \"^1\" } # x\n",
        ),
        (
            "[deps]\ncore.b = \"^1\"\n",
            "[deps]\ncore.b = \"^1\"\ncore.c = \"^1\"\n",
        ),
        (
            "[deps]\ncore.b.version = \"^1\"\n",
            "[deps]\ncore.b.version = \"^1\"\ncore.c = \"^1\"\n",
        ),
        (
            "[deps.core.b]\nversion = \"^1\"\n",
            "[deps.core.b]\nversion = \"^1\"\n\n[deps.core]\nc = \"^1\"\n",
        ),
        (
            "[deps.'core']\n\"b\" = \"^1\"\n",
            "[deps.'core']\n\"b\" = \"^1\"\nc = \"^1\"\n",
        ),
    ] {
        check(
            &format!("HEAD\n{CORE}{old}"),
            "+core c ^1",
            &format!("HEAD\n{CORE}{new}"),
        );
    }
}

#[test]
fn tables_written_out_at_the_top_take_a_dependency() {
    let sets = "sets.core = \"https://h.org/r\"\n";
    for (old, new) in [
        (
            "deps = { core = { b = \"^1\" } }\n",
            "deps = { core = { b = \"^1\", c = \"^1\" } }\n",
        ),
        (
            "deps = { core.b = \"^1\" }\n",
            "deps = { core.b = \"^1\", core.c = \"^1\" }\n",
        ),
        ("deps = {}\n", "deps = { core = { c = \"^1\" } }\n"),
        (
            "deps.core.b = \"^1\"\n",
            "deps.core.b = \"^1\"\ndeps.core.c = \"^1\"\n",
        ),
        (
            "deps.core = { b = \"^1\" }\n",
            "deps.core = { b = \"^1\", c = \"^1\" }\n",
        ),
    ] {
        check(
            &format!("{sets}{old}HEAD\n"),
            "+core c ^1",
            &format!("{sets}{new}HEAD\n"),
        );
    }
    check(
        "sets = { }\nHEAD\n",
        "+core=https://h.org/r c ^1",
        "sets = { core = \"https://h.org/r\" }\nHEAD\n\n[deps.core]\nc = \"^1\"\n",
    );
    check(
        "atom = { id = \"a\", version = \"1.0.0\" }\nsets.core = \"https://h.org/r\"\nbuild.builder = \"x\"",
        "+core c ^1",
        "atom = { id = \"a\", version = \"1.0.0\" }\nsets.core = \"https://h.org/r\"\nbuild.builder = \"x\"\n\n[deps.core]\nc = \"^1\"\n",
    );
}

#[test]
fn line_ends_stay_as_they_are() {
    check(
        &format!("HEAD\n{CORE}[deps.core]\nb = \"^1\"\n")
            .replace("HEAD\n", HEAD)
            .replace('\n', "\r\n"),
        "+core c ^1",
        &format!("HEAD\n{CORE}[deps.core]\nb = \"^1\"\nc = \"^1\"\n")
            .replace("HEAD\n", HEAD)
            .replace('\n', "\r\n"),
    );
    check(
        &HEAD.replace('\n', "\r\n"),
        "+core=https://h.org/r c ^1",
        &format!("HEAD\n\n{CORE}\n[deps.core]\nc = \"^1\"\n")
            .replace("HEAD\n", HEAD)
            .replace('\n', "\r\n"),
    );
}

#[test]
fn a_dependency_is_removed_with_what_it_alone_needed() {
    for (old, new) in [
        (
            "[deps.core]\nb = \"^1\" # why\n# stays\nc = \"^1\"\n",
            "[deps.core]\n# stays\nc = \"^1\"\n",
        ),
        (
            "[deps]\ncore = { b = \"^1\", c = \"^1\" }\n",
            "[deps]\ncore = { c = \"^1\" }\n",
        ),
        (
            "[deps]\ncore = { c = \"^1\", b = \"^1\" }\n",
            "[deps]\ncore = { c = \"^1\" }\n",
        ),
        (
            "[deps]\ncore.c = \"^1\"\ncore.b.version = \"^1\"\n",
            "[deps]\ncore.c = \"^1\"\n",
        ),
        (
            "[deps.core]\nc = \"^1\"\n\n[deps.core.b]\nversion = \"^1\"\n",
            "[deps.core]\nc = \"^1\"\n",
        ),
        (
            "[deps.core.b]\nversion = \"^1\"\n[deps.core.c]\nversion = \"^1\"\n",
            "[deps.core.c]\nversion = \"^1\"\n",
        ),
    ] {
        check(
            &format!("HEAD\n{CORE}{old}"),
            "-core b",
            &format!("HEAD\n{CORE}{new}"),
        );
    }
    check(
        &format!(
            "HEAD\n\n{CORE}more = \"::\"\n\n[deps.core]\nb = \"^1\"\n\n[build]\nbuilder = \"x\"\n"
        ),
        "-core b",
        "HEAD\n\n[sets]\nmore = \"::\"\n\n[build]\nbuilder = \"x\"\n",
    );
    check(
        "HEAD\n[sets.core]\nurl = \"https://h.org/r\"\nkeys = [\n  \"k\",\n]\n\n[deps]\ncore = { b = \"^1\" }\n",
        "-core b",
        "HEAD\n\n[deps]\n",
    );
    check(
        "deps = { core = { b = \"^1\" } }\nsets = { core = { url = \"https://h.org/r\" }, more = \"::\" }\nHEAD\n",
        "-core b",
        "deps = {}\nsets = { more = \"::\" }\nHEAD\n",
    );
}

#[test]
fn what_cannot_be_edited_is_refused_and_says_why() {
    let core = format!("HEAD\n{CORE}[deps.core]\nzlib = \"^1\"\n");
    refused(
        &core,
        "+nope zlib ^1",
        "eka::edit::undeclared_set: set `nope` is not declared\n  \
         help: declare it under `[sets]`: `nope = \"https://…\"`\n",
    );
    refused(
        &core,
        "+core=https://h.org/other zlib ^1",
        "eka::edit::set_elsewhere: set `core` is `https://h.org/r` already, not `https://h.org/other`\n  \
         help: use another name for the new set, or change `core` under `[sets]`\n",
    );
    refused(
        &core,
        "+core=:: zlib ^1",
        "eka::edit::set_elsewhere: set `core` is `https://h.org/r` already, not `::`\n  \
         help: use another name for the new set, or change `core` under `[sets]`\n",
    );
    refused(
        &core,
        "-core zlip",
        "eka::edit::no_such_dependency: `zlip` is no dependency from set `core`\n  \
         help: did you mean `zlib`?\n",
    );
    refused(
        &core,
        "-here zlib",
        "eka::edit::no_such_dependency: `zlib` is no dependency from set `here`\n  \
         help: the dependencies stand under `[deps.<set>]` in `atom.toml`\n",
    );
    refused(
        "HEAD\n",
        "+here=:: a ^1",
        "eka::edit::refused: could not add `a` to set `here`: `a` depends on itself through set `here`\n  \
         help: remove the line: `here` is this repository, and `a` this atom\n",
    );
    refused(
        &format!("{core}[sets.also]\nurl = \"https://h.org/r\"\n"),
        "+also zlib ^1",
        "eka::edit::refused: could not add `zlib` to set `also`: `zlib` is asked for twice: `also` and `core` are the same set\n  \
         help: keep one of `[deps.also]` and `[deps.core]`'s lines for `zlib`\n",
    );
    refused(
        "HEAD\nx = 1\n",
        "+here=:: b ^1",
        "eka::manifest::invalid: the manifest is not valid: 1 fault\n",
    );
}

#[test]
fn the_template_is_a_manifest() {
    for id in ["hello", "λ", "ひらがな"] {
        let text = template(&id.parse().unwrap());
        let manifest = Manifest::parse_own(&text).unwrap();
        assert_eq!(manifest.id.as_str(), id);
        assert_eq!(manifest.version.to_string(), "0.1.0");
        assert!(manifest.sets.is_empty() && manifest.deps.is_empty());
        // Each line that is commented out is one that would be read.
        let is_toml = |it: &str| it.starts_with('[') || it.split(' ').nth(1) == Some("=");
        let open = |it| {
            str::strip_prefix(it, "# ")
                .filter(|it| is_toml(it))
                .unwrap_or(it)
        };
        let opened: Vec<_> = text.lines().map(open).collect();
        let manifest = Manifest::parse_own(&opened.join("\n")).unwrap();
        assert_eq!(
            (
                manifest.sets.len(),
                manifest.deps.len(),
                manifest.pins.len()
            ),
            (2, 1, 1)
        );
        assert!(manifest.build.is_some() && manifest.description.is_some());
    }
    let added = apply(
        &template(&"hello".parse().unwrap()),
        "+core=https://h.org/r zlib ^1",
    )
    .unwrap();
    let added = added.split_once("by a name of your own.\n").unwrap().1;
    insta::assert_snapshot!(added.split_once("# Inputs").unwrap().0.trim_end(), @r##"
    # `eka add gh:owner/repo::zlib@^1` writes such a line, and the dependency below, for you.
    [sets]
    core = "https://h.org/r"
    # core = "https://github.com/owner/repo"
    # here = "::"                           # this repository

    # What it depends on: a table for each set.
    [deps]
    # [deps.core]
    # zlib = "^1.3"

    [deps.core]
    zlib = "^1"
    "##);
}

const LAYOUTS: &[&str] = &[
    "[sets]\ncore = \"https://h.org/r\" # c\n\n[deps.core]\n# b\nb = \"^1\"\n\n# end\n",
    "[sets.core]\nurl = \"https://h.org/r\"\n[deps]\ncore = { b = { version = \"^1\" } } # c\n",
    "[sets]\n\"core\" = [\"https://h.org/r\",\n # c\n]\n\n\n[deps]\ncore.b = \"^1\"\n[pins.x]\nurl='https://h.org'\nargs = { deps = { core = { } } }\n",
    "[deps.core.b]\nversion='^1'\n[sets]\ncore='https://h.org/r'\n[build]\nbuilder='x'\nargs=['[deps.core]', \"\"\"\n[deps.core]\nb=1\"\"\"]\n",
];

proptest::proptest! {
    /// What was added and is removed again leaves no trace, and what is there before a first
    /// addition is there after it, line by line.
    #[test]
    fn adding_and_removing_are_inverse(
        layout in 0..LAYOUTS.len(),
        id in "[a-zλ][a-z0-9-]{0,8}[a-z0-9]",
        major in 0..9_u8,
        crlf: bool,
    ) {
        let mut text = format!("{HEAD}{}", LAYOUTS[layout]);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        proptest::prop_assume!(id != "b");
        let edit = format!("+core {id} ^{major}");
        let added = apply(&text, &edit).unwrap();
        let mut lines = added.lines();
        for line in text.lines().filter(|it| !it.contains("core = {")) {
            proptest::prop_assert!(lines.any(|it| it == line), "{line}\n---\n{added}");
        }
        let removed = apply(&added, &format!("-core {id}")).unwrap();
        if layout == 3 {
            // The header that the addition needed is left, empty.
            proptest::prop_assert!(removed.replace("\r\n", "\n").contains("\n[deps.core]\n"));
        } else {
            proptest::prop_assert_eq!(&removed, &text);
        }
        proptest::prop_assert_eq!(
            Manifest::parse_own(&removed).unwrap(),
            Manifest::parse_own(&text).unwrap()
        );
    }
}
