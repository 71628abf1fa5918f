//! The derivations of the harness are as many as is said, and those that are to fail do.

use testkit::derivations::Derivations;
use testkit::env::Env;
use testkit::nix::{self, NixStore};
use testkit::repo::run;
use testkit::tools;

#[test]
fn of_every_kind() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let env = Env::new();
    let all = Derivations::instantiate(&NixStore::new(&env));
    assert!(all.built.len() >= 140, "{}", all.built.len());
    assert!(all.unbuilt.len() >= 5, "{}", all.unbuilt.len());
    assert!(all.bytes().len() >= 600, "{}", all.bytes().len());
    let build = |drv: &str| {
        let mut build = all.store().command("nix-store");
        build.args(["--realise", drv]);
        build
    };
    run(&mut build(all.drv("inputs-leaf")));
    for it in &all.failing {
        let out = build(&it.drv).output().unwrap();
        assert!(!out.status.success(), "{}", it.name);
    }
}
