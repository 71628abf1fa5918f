//! The bounds of the TOML that manifests and locks are read as.

use atom::document::{MAX_BYTES, MAX_DEPTH, MAX_FAULTS};
use atom::lock::Lock;
use atom::manifest::{Manifest, is_atom};

use crate::faults::draw_all;

const HEAD: &str = "[atom]\nid = \"a\"\nversion = \"1.0.0\"\n";

/// A foreign manifest with some more: what nothing reads is ignored, so the TOML alone counts.
fn foreign(more: &str) -> Result<Manifest, String> {
    let text = format!("{HEAD}{more}");
    Manifest::parse_foreign(&text).map_err(|it| draw_all(&it, &text))
}

#[track_caller]
fn refused(more: &str, code: &str) {
    let faults = foreign(more).unwrap_err();
    assert!(faults.starts_with(code), "{more}\n{faults}");
}

#[test]
fn toml_1_0_is_read_and_1_1_is_not() {
    for ok in [
        "[x]\na = 07:32:00\nb = 1979-05-27 07:32:00.5\nc = 1979-05-27T07:32:00-07:00\n",
        "[x]\na = [\n1, # c\n2,\n]\nb = { c = [\n1,\n] }\n",
        "[x]\na = \"\\u00E9\\U0001F600\"\nb = 0xdead_beef\nc = 1_000\nd = +nan\ne = -inf\n",
        "[x]\na = 9223372036854775807\nb = -9223372036854775808\nc = 0x7fffffffffffffff\n",
        "[x]\n\"\" = 1\n'a b' = 1\n3.14 = 1\n",
        "[x]\r\na = '''\r\nx'''\r\n",
    ] {
        foreign(ok).unwrap_or_else(|it| panic!("{ok}\n{it}"));
    }
    for newer in [
        "[x]\na = { b = 1,\n}\n",
        "[x]\na = {\nb = 1 }\n",
        "[x]\na = { b = 1, }\n",
        "[x]\na = \"\\e\"\n",
        "[x]\na = \"\\x41\"\n",
        "[x]\nλ = 1\n",
    ] {
        refused(newer, "eka::toml::syntax: ");
    }
    for time in [
        "07:32",
        "1979-05-27T07:32",
        "1979-05-27 07:32Z",
        "1979-05-27T07:32-07:00",
    ] {
        refused(
            &format!("[x]\na = [{{ b = {time} }}]\n"),
            "eka::toml::time: ",
        );
    }
}

#[test]
fn what_no_toml_has_is_refused() {
    for wrong in [
        "[x]\na = \"\u{1}\"\n",
        "[x]\na = \"b\rc\"\n",
        "# \u{7f}\n",
        "[x]\na = 01\n",
        "[x]\na = \"\\ud800\"\n",
        "[x]\na = 1 b = 2\n",
        "[x]\na = 1979-13-27\n",
        "[x]\n\0\n",
    ] {
        refused(wrong, "eka::toml::syntax: ");
    }
    refused("[x]\na.b = 1\na = 2\n", "eka::toml::duplicate_key: ");
    refused("[x]\n[x]\n", "eka::toml::duplicate_key: ");
    for number in [
        "9223372036854775808",
        "-9223372036854775809",
        "0xffffffffffffffff",
        "1e999",
    ] {
        refused(&format!("[x]\na = [[{number}]]\n"), "eka::toml::number: ");
    }
}

#[test]
fn a_byte_order_mark_is_refused() {
    let text = format!("\u{feff}{HEAD}");
    let faults = draw_all(&Manifest::parse_own(&text).unwrap_err(), &text);
    assert_eq!(
        faults,
        "eka::toml::byte_order_mark: the file begins with a byte order mark\n  \
         1:1 \u{feff} (remove this invisible character)\n  \
         help: save the file as UTF-8 without a byte order mark\n"
    );
}

#[test]
fn the_size_is_bounded() {
    let fill = |bytes: usize| format!("{HEAD}#{}", " ".repeat(bytes - HEAD.len() - 1));
    Manifest::parse_own(&fill(MAX_BYTES)).unwrap();
    let text = fill(MAX_BYTES + 1);
    let faults = draw_all(&Manifest::parse_own(&text).unwrap_err(), &text);
    assert_eq!(
        faults,
        "eka::toml::too_large: the file has `1048577` bytes, and at most `1048576` are read\n  \
         help: move what is not about the atom itself to a file beside it\n"
    );
}

#[test]
fn the_faults_that_are_told_are_bounded() {
    for line in ["x\n", "x = 1e999\n", "[deps.x]\n", "[x]\n"] {
        let mut text = HEAD.to_owned();
        for n in 0..=MAX_FAULTS {
            text += &line.replace('x', &format!("x{n}"));
        }
        let faults = Manifest::parse_own(&text).unwrap_err();
        assert_eq!(faults.faults.len(), MAX_FAULTS, "{line}");
        assert_eq!(
            faults.to_string(),
            "the manifest is not valid: 100 faults or more"
        );
    }
}

/// Ways to nest something to a depth.
fn nested(depth: usize) -> Vec<String> {
    let keys = |n: usize| vec!["a"; n].join(".");
    vec![
        format!("x = {}{}\n", "[".repeat(depth), "]".repeat(depth)),
        format!("x = {}1{}\n", "{ a = ".repeat(depth), " }".repeat(depth)),
        format!(
            "x = {}1{}\n",
            "[{ a = ".repeat(depth / 2),
            "}]".repeat(depth / 2)
        ),
        format!("{} = 1\n", keys(depth + 1)),
        format!("x = {{ {} = 1 }}\n", keys(depth)),
        format!("[{}]\n", keys(depth)),
        format!("[[{}]]\n", keys(depth - 1)),
        format!("[{}]\n{} = 1\n", keys(depth / 2), keys(depth / 2 + 1)),
        format!(
            "[{}]\nx = {}{}\n",
            keys(depth / 2),
            "[".repeat(depth / 2),
            "]".repeat(depth / 2)
        ),
    ]
}

#[test]
fn nesting_is_bounded() {
    for deep in nested(MAX_DEPTH) {
        let text = format!("{deep}{HEAD}");
        Manifest::parse_foreign(&text).unwrap_or_else(|it| panic!("{}", draw_all(&it, &text)));
    }
    for deeper in nested(MAX_DEPTH + 2) {
        let text = format!("{deeper}{HEAD}");
        let faults = draw_all(&Manifest::parse_foreign(&text).expect_err(&text), &text);
        assert!(
            faults.starts_with("eka::toml::too_deep: "),
            "{text}\n{faults}"
        );
    }
}

/// None of these may reach a parser that recurses: it would end the process, not the parse.
#[test]
fn a_hundred_thousand_brackets_are_refused_and_overflow_nothing() {
    let many = 100_000;
    let mut bombs = nested(many);
    bombs.push("x = ".to_owned() + &"[".repeat(many));
    bombs.push("x = ".to_owned() + &"{a=".repeat(many));
    bombs.push("[".repeat(many));
    // The parser calls itself for each of these too.
    bombs.push("x ".to_owned() + &"=".repeat(many));
    bombs.push("x = ".to_owned() + &"-".repeat(many));
    bombs.push("x = [".to_owned() + &"+".repeat(many));
    bombs.push("x = ".to_owned() + &"{a=[".repeat(many));
    bombs.push((0..100).fold("x".to_owned(), |it, _| {
        it + &format!(" = {{ {}", ["a"; 40].join("."))
    }));
    let check = move || {
        for bomb in &bombs {
            assert!(bomb.len() <= MAX_BYTES);
            is_atom(bomb).unwrap_err();
            Lock::parse(bomb).unwrap_err();
        }
    };
    // A stack far smaller than any thread of ours has.
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(check).unwrap().join().unwrap();
}

#[test]
fn merges_that_stopped_are_told_from_text() {
    refused("<<<<<<< HEAD\n[x]\n=======\n", "eka::toml::conflict: ");
    refused(">>>>>>> other\n", "eka::toml::conflict: ");
    foreign("[x]\na = \" <<<<<<< HEAD\"\n# ======= \n").unwrap();
}

proptest::proptest! {
    /// Any text is read or refused; nothing panics, and every span lies in the text.
    #[test]
    fn any_text_is_read_or_refused(text in "(\\[|\\]|\\{|\\}|=|\\.|,|\"|'|#|\n|\r\n| |a|λ|atom|id|deps|1|-|:|::|\\\\){0,60}") {
        for faults in [Manifest::parse_own(&text).err(), is_atom(&text).err()].into_iter().flatten() {
            draw_all(&faults, &text);
        }
        if let Err(faults) = Lock::parse(&text) {
            draw_all(&faults, &text);
        }
    }
}
