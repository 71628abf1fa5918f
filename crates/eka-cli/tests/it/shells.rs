//! `eka completions` and `eka man`.

use std::process::Command;

use crate::support::World;

#[test]
fn completions_are_scripts() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = world.run(&["completions", shell]);
        assert!(
            shown.starts_with("0\n") && shown.contains("completions"),
            "{shell}"
        );
    }
    let script = world.eka(&["completions", "bash"]).output().unwrap().stdout;
    world.write("script", &String::from_utf8(script).unwrap());
    let read = Command::new("bash")
        .arg("-n")
        .arg(world.path("script"))
        .status();
    assert!(read.unwrap().success());
}

#[test]
fn man_prints_a_page_or_writes_all() {
    let world = World::new();
    let shown = world.run(&["man"]);
    assert!(shown.contains("out: .TH eka 1"), "{shown}");
    world.check(&["man", "pages"], "0");
    let page = world.read("pages/eka-new.1");
    assert!(page.contains("eka\\-new"), "{page}");
    assert!(world.path("pages/eka.1").is_file());
}
