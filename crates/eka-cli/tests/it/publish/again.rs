//! Versions that are there, in whole or in part.

use testkit::repo::Repo;

use super::Shop;

fn published() -> Shop {
    let shop = Shop::new();
    shop.atom("libs/a", "a", "1.0.0").commit();
    shop.run(&["publish", "a"]).done();
    shop
}

fn part(it: &str) -> String {
    format!("refs/atoms/a/1.0.0/{it}")
}

fn delete(repo: &Repo, name: &str) {
    repo.git(["update-ref", "-d", name]);
}

#[test]
fn publishing_again_is_nothing_to_do() {
    let shop = published();
    let refs = shop.refs();
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: present a@1.0.0", "nothing to publish"]);
    // From a later commit the atom is the same commit, and the source stays.
    shop.repo.write("README", "later\n");
    shop.commit();
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: present a@1.0.0"]);
    // A folder that moved is the same atom.
    shop.repo.git(["mv", "libs/a", "a"]);
    shop.commit();
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: present a@1.0.0"]);
    assert_eq!(shop.refs(), refs);
}

#[test]
fn what_is_missing_is_completed_as_the_spec_says() {
    for (missing, later) in [
        (&["src"][..], true),
        (&["atom"], true),
        (&["spec"], false),
        (&["spec", "src"], true),
        (&["atom", "spec"], false),
        (&["atom", "src"], true),
    ] {
        let shop = published();
        let refs = shop.refs();
        for it in missing {
            delete(&shop.up, &part(it));
        }
        if later {
            shop.repo.write("README", "later\n");
            shop.commit();
        }
        let ran = shop.run(&["publish", "a"]);
        ran.done();
        if missing == ["spec", "src"] {
            // Nobody remembers the source: it is this one now.
            assert_eq!(shop.up.rev(&part("src")), shop.repo.rev("HEAD"));
            assert_eq!(shop.refs().len(), 3);
        } else {
            assert_eq!(shop.refs(), refs, "{missing:?}");
        }
        let said = if missing == ["atom", "spec"] {
            "new"
        } else {
            "completed"
        };
        ran.says(&[&format!("out: {said} a@1.0.0")]);
    }
}

/// A source without a spec speaks for itself.
#[test]
fn a_spec_is_completed_from_its_own_source_alone() {
    let shop = published();
    let refs = shop.refs();
    let old = shop.repo.rev("HEAD");
    delete(&shop.up, &part("spec"));
    shop.repo.write("README", "later\n");
    shop.commit();
    shop.run(&["publish", "a"]).exit(1).says(&[
        "is there in part",
        &format!("complete it by `eka publish --rev {old}`"),
    ]);
    shop.run(&["publish", "a", "--rev", &old]).done();
    assert_eq!(shop.refs(), refs);
}

#[test]
fn a_source_that_moved_is_told_as_such() {
    let shop = published();
    let root = shop.up.rev("refs/eka/root");
    shop.up.git(["update-ref", &part("src"), &root]);
    shop.run(&["publish", "a"])
        .exit(5)
        .says(&["was changed there: its `src` is", &root]);
}

#[test]
fn a_spec_of_another_atom_is_another_content() {
    let shop = published();
    shop.atom("libs/a", "a", "1.0.1").commit();
    shop.run(&["publish", "a"]).done();
    let other = shop.up.rev("refs/atoms/a/1.0.1/spec");
    delete(&shop.up, &part("atom"));
    shop.up.git(["update-ref", &part("spec"), &other]);
    shop.run(&["publish", "a", "--rev", "HEAD~1"])
        .exit(1)
        .says(&["is published already, with another content"]);
}

#[test]
fn a_spec_that_is_none_is_told() {
    let shop = published();
    let root = shop.up.rev("refs/eka/root");
    shop.up.git(["update-ref", &part("spec"), &root]);
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&[&format!("with a spec `{root}` that cannot be read")]);
    // A blob where a commit belongs, and a ref to another one.
    let blob = shop.up.git_with(["hash-object", "-w", "--stdin"], b"x");
    shop.up.git(["update-ref", &part("spec"), &blob]);
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["cannot be read"]);
    shop.up.git(["update-ref", &part("atom"), &blob]);
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["with another content", &blob]);
    delete(&shop.up, &part("atom"));
    delete(&shop.up, &part("spec"));
    shop.up
        .git(["symbolic-ref", &part("atom"), "refs/heads/main"]);
    shop.run(&["publish", "a"]).exit(1).says(&["is in the way"]);
}
