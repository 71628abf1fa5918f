//! `eka drv`: what a derivation says, and its inhash.

use std::path::Path;

use serde_json::Value;
use testkit::nix::{self, NixStore};
use testkit::tools;

use crate::support::World;

const FIXED: &str = "7g0i8yxmhnfkk9dhf1177b02q1iwwx3p-fixed.drv";
const FLAT: &str = "5z6vban9zgvvqbv6slc2p5minsfm2d45-flat-1.0.tar.gz.drv";
const SEVERAL: &str = "by0d6an95n8clmpfbc61wnn1vh1hhq6z-several.drv";
const ALONE: &str = "ki0myarv3iwkdkypfyp7mas17s9kp15z-alone.drv";
const DEFERRED: &str = "h45c8hqv6isdl7mki6d00g76b7wzygyy-deferred.drv";
const IMPURE: &str = "5n6wv6j0l4hip7mfz3jcrdiv3s6xy426-impure.drv";
const STRUCTURED: &str = "7ajmw5wsc358yhsbz5yyfgghbidwc7zx-structured.drv";

/// A folder with the golden derivations of these names.
fn world(names: &[&str]) -> World {
    let world = World::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/drv");
    for name in names {
        let text = std::fs::read_to_string(golden.join(name)).unwrap();
        world.write(&format!("store/{name}"), &text);
    }
    world
}

fn store(name: &str) -> String {
    format!("store/{name}")
}

#[test]
fn shown_as_text() {
    let world = world(&[SEVERAL]);
    world.check(
        &["drv", "show", &store(SEVERAL)],
        r#"0
out: /nix/store/by0d6an95n8clmpfbc61wnn1vh1hhq6z-several.drv
out:
out: outputs
out:   a.b  /nix/store/gaawwavjiqvppkij7n2vsrmclvf0dlc2-several-a.b
out:   dev  /nix/store/2sq9jkn7xvmzfmwavrnab2micm719pcv-several-dev
out:   out  /nix/store/1z0900i2f2x7b3f7880hsmhc28zara42-several
out:
out: run
out:   system: x86_64-linux
out:   builder: /bin/sh
out:   argument: -c
out:   argument:
out:     echo "$PATH"
out:     \ttrue \\ \r
out:   argument:
out:
out: input derivations
out:   /nix/store/5z6vban9zgvvqbv6slc2p5minsfm2d45-flat-1.0.tar.gz.drv  out
out:
out: sources
out:   /nix/store/vgkkr25jk348cxrcyinnqf7spb0b9cpm-source.txt
out:
out: variables
out:   a.b: /nix/store/gaawwavjiqvppkij7n2vsrmclvf0dlc2-several-a.b
out:   builder: /bin/sh
out:   dev: /nix/store/2sq9jkn7xvmzfmwavrnab2micm719pcv-several-dev
out:   escapes:
out:     "\
out:     \r\t\u{8}\u{1}\u{7f} é $
out:   flat: /nix/store/nnqbj2mqrhmzgpr3x8313airgl23rdf0-flat-1.0.tar.gz
out:   name: several
out:   out: /nix/store/1z0900i2f2x7b3f7880hsmhc28zara42-several
out:   outputs: out dev a.b
out:   source: /nix/store/vgkkr25jk348cxrcyinnqf7spb0b9cpm-source.txt
out:   system: x86_64-linux
"#,
    );
}

#[test]
fn each_kind_of_output_is_told() {
    for (name, expected) in [
        (
            FIXED,
            "out:   out  /nix/store/kp31qdxv2x30cky0bvvf88vv91b0sfjy-fixed  r:sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\n",
        ),
        (ALONE, "out:   dev  named by its content, r:sha256\n"),
        (
            DEFERRED,
            "out:   doc  named by its inputs once they are built\n",
        ),
        (
            IMPURE,
            "out:   out  named by its content, r:sha256, built anew each time\n",
        ),
        (
            STRUCTURED,
            "out:   __json:\nout:     {\nout:       \"builder\": \"/bin/sh\",\nout:       \"list\": [\n",
        ),
    ] {
        let shown = world(&[name]).run(&["drv", "show", &store(name)]);
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn json_holds_what_nix_shows() {
    let all = world(&["show.json"]).read("store/show.json");
    let all: Value = serde_json::from_str(&all).unwrap();
    for name in [FIXED, SEVERAL, ALONE, DEFERRED, IMPURE, STRUCTURED] {
        let world = world(&[name]);
        let mut command = world.eka(&["drv", "show", &store(name), "--format", "json"]);
        let out = command.output().unwrap().stdout;
        let shown: Value = serde_json::from_slice(&out).unwrap();
        let path = format!("/nix/store/{name}");
        assert_eq!(shown["schema"], "eka.drv-show/1");
        assert_eq!(shown["path"], path);
        let derivations = shown["derivations"].as_object().unwrap();
        assert_eq!(derivations.len(), 1);
        assert_eq!(derivations[&path], all[&path], "{name}");
    }
}

#[test]
fn the_inhash_is_told() {
    let world = world(&[SEVERAL, FLAT, ALONE]);
    // What Nix has in its database once it is built.
    let hash = "sha256:3d4c4c623af9527ab4af647f1c42541c32527bf92768c8c4d3e8c47879e799f1";
    let alone = store(ALONE);
    world.check(&["drv", "inhash", &alone], &format!("0\nout: {hash}\n"));
    world.check(
        &["drv", "inhash", &alone, "--format", "json"],
        &format!(
            r#"0
out: {{"schema":"eka.drv-inhash/1","path":"/nix/store/{ALONE}","inhash":"{hash}","kind":"floating","outputs":[{{"name":"dev","store_path":null,"realisation":"{hash}!dev"}},{{"name":"out","store_path":null,"realisation":"{hash}!out"}}]}}"#
        ),
    );
    let hash = "sha256:efd862ef7235904f6279ea60c627355b8a667e6681d98ec44d167a3347221799";
    let expected = format!("0\nout: {hash}\n");
    world.check(&["drv", "inhash", &store(SEVERAL)], &expected);
    // Its input may lie elsewhere, and so may itself.
    let text = world.read(&store(SEVERAL));
    world.write("elsewhere/several.drv", &text);
    let args = [
        "drv",
        "inhash",
        "--store-dir=store",
        "elsewhere/several.drv",
    ];
    world.check(&args, &expected);
}

#[test]
fn an_input_that_is_missing_or_changed_is_named() {
    let world = world(&[SEVERAL, FLAT]);
    let flat = world.read(&store(FLAT));
    std::fs::remove_file(world.path(&store(FLAT))).unwrap();
    world.check(
        &["drv", "inhash", &store(SEVERAL)],
        &format!(
            "1
err: eka::drv::input
err:
err:   × the input derivation `{FLAT}` is not in `store`
err:   help: name the folder that has all of them by `--store-dir`
"
        ),
    );
    world.write(&store(FLAT), &flat.replace("sha1", "sha2"));
    let shown = world.run(&["drv", "inhash", &store(SEVERAL)]);
    assert!(
        shown.starts_with("1\nerr: eka::drv::malformed\n"),
        "{shown}"
    );
    world.write(&store(FLAT), &flat.replace("/bin/sh", "/bin/su"));
    let shown = world.run(&["drv", "inhash", &store(SEVERAL)]);
    assert!(shown.starts_with("5\nerr: eka::drv::misnamed\n"), "{shown}");
}

#[test]
fn a_name_that_tells_another_text_is_told() {
    let world = world(&[ALONE]);
    world.write(FIXED, &world.read(&store(ALONE)));
    let shown = world.run(&["drv", "show", FIXED]);
    assert!(shown.starts_with("0\nout: /nix/store/ka8b8h5ih9q4c6skivhm8sj1l65v2v19-fixed.drv\n"));
    let warned = "err:   ⚠ the text of `7g0i8yxmhnfkk9dhf1177b02q1iwwx3p-fixed.drv` is that of\n";
    assert!(shown.contains(warned), "{shown}");
    world.check(
        &["drv", "inhash", FIXED],
        "5
err: eka::drv::misnamed
err:
err:   × the text of `7g0i8yxmhnfkk9dhf1177b02q1iwwx3p-fixed.drv` is that of
err:   │ `ka8b8h5ih9q4c6skivhm8sj1l65v2v19-fixed.drv`
err:   help: the file was changed or renamed; take it anew from where it came from
",
    );
}

#[test]
fn what_is_no_derivation_is_refused() {
    let world = World::new();
    world.write("a.drv", "Derive(x");
    world.check(
        &["drv", "show", "a.drv"],
        "1
err: eka::drv::malformed
err:
err:   × `a.drv` is not a derivation as Nix writes them
err:   ╰─▶ `[` is missing at byte 7
",
    );
    world.write("a", "");
    world.check(
        &["drv", "show", "a"],
        "2
err: eka::drv::file_name
err:
err:   × `a` does not tell the name of a derivation
err:   help: call the file `<hash>-<name>.drv`, as in the store, or `<name>.drv`
",
    );
    let shown = world.run(&["drv", "inhash", "gone.drv"]);
    assert!(shown.starts_with("1\nerr: eka::drv::read\n"), "{shown}");
}

/// Nix's own derivations of a store elsewhere.
#[test]
fn a_derivation_tells_which_store_it_is_of() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let nix = NixStore::new(&world.env);
    for output in nix.build(nix::REFERENCES) {
        let drv = &nix.query(&["--deriver"], &output)[0];
        let out = world.eka(&["drv", "show", drv, "--format=json"]).output();
        let shown: Value = serde_json::from_slice(&out.unwrap().stdout).unwrap();
        assert_eq!(&shown["path"], drv);
        let mut show = nix.command("nix");
        let said = show.args(["show-derivation", drv]).output().unwrap().stdout;
        let said: Value = serde_json::from_slice(&said).unwrap();
        assert_eq!(shown["derivations"], said);
        let out = world.eka(&["drv", "inhash", drv]).output().unwrap();
        assert!(out.status.success(), "{}", world.show(&out));
    }
}
