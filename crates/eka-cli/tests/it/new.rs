//! `eka new`: a manifest, and what to do next.

use crate::support::World;

#[test]
fn makes_a_commented_manifest() {
    let world = World::new();
    world.check(
        &["new", "my-atom"],
        "0
        out: my-atom/atom.toml
        err: made the atom `my-atom`; next:
        err:   git add my-atom && git commit -m 'Begin my-atom'
        err:   git push
        err:   eka init
        err:   eka publish my-atom",
    );
    let text = world.read("my-atom/atom.toml");
    assert!(text.contains("id = \"my-atom\""), "{text}");
    assert!(text.contains("# "), "{text}");
}

#[test]
fn answers_as_json() {
    let world = World::new();
    world.check(
        &["new", "a/λ", "--id", "ひらがな", "--format", "json"],
        r#"0
        out: {"schema":"eka.new/1","id":"ひらがな","manifest":"a/λ/atom.toml","next":["git add a/λ && git commit -m 'Begin ひらがな'","git push","eka init","eka publish ひらがな"]}"#,
    );
}

#[test]
fn overwrites_nothing() {
    let world = World::new();
    world.write("there/atom.toml", "mine");
    world.check(
        &["new", "there"],
        "1
        err: eka::new::exists
        err:
        err:   × `there/atom.toml` exists
        err:   help: name another folder, or edit the manifest that is there",
    );
    assert_eq!(world.read("there/atom.toml"), "mine");
    world.write("full/notes", "kept");
    assert!(
        world
            .run(&["new", "full", "-q"])
            .starts_with("0\nout: full/atom.toml\n")
    );
    assert_eq!(world.read("full/notes"), "kept");
}

#[test]
fn the_folder_names_the_atom_where_it_can() {
    let world = World::new();
    std::fs::create_dir(world.path("tool")).unwrap();
    let shown = world.run(&["-C", "tool", "new", "."]);
    assert!(shown.contains("made the atom `tool`"), "{shown}");
    let shown = world.run(&["new", "my atom"]);
    assert!(shown.starts_with("2\n"), "{shown}");
    assert!(
        shown.contains("the folder's name `my atom` cannot be the atom's id"),
        "{shown}"
    );
    assert!(shown.contains("name the atom by `--id`"), "{shown}");
    assert!(!world.path("my atom").exists());
    let shown = world.run(&["new", "x", "--id", "a\u{202e}b"]);
    assert!(shown.starts_with("2\n"), "{shown}");
    assert!(!shown.contains('\u{202e}'), "{shown}");
    let shown = world.run(&["new", "x", "--id", "λ-calc"]);
    assert!(shown.starts_with("2\n"), "{shown}");
    assert!(!world.path("x").exists());
}
