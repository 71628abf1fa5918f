//! Many publishers at once: exactly one wins.

use std::process::{Child, Stdio};

use testkit::http::GitHttp;

use super::Shop;

const PUBLISHERS: usize = 20;

/// So many publish one version of other content at once: one wins, the others say who.
fn race(shop: &Shop, url: &str) {
    let mut revs = Vec::new();
    for n in 0..PUBLISHERS {
        shop.repo.write("a/main.txt", format!("content {n}\n"));
        revs.push(shop.repo.commit("change"));
    }
    shop.push();
    let start = |rev: &String| -> Child {
        let mut command = shop.eka(&["publish", "a", "--rev", rev, "--remote", url]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let running: Vec<_> = revs.iter().map(start).collect();
    let ended: Vec<_> = running
        .into_iter()
        .map(|it| it.wait_with_output().unwrap())
        .collect();

    let winner = shop.up.rev("refs/atoms/a/1.0.0/src");
    let mut n_won = 0;
    for (rev, output) in revs.iter().zip(&ended) {
        let shown = shop.world.show(output);
        if *rev == winner {
            assert!(shown.starts_with("0\n"), "{shown}");
            n_won += 1;
        } else {
            assert!(shown.starts_with("1\n"), "{shown}");
            assert!(
                shown
                    .replace("\nerr:   │ ", " ")
                    .contains(&format!("cut from `{winner}`")),
                "{shown}"
            );
        }
    }
    assert_eq!(n_won, 1);
    // No refs of any other.
    assert_eq!(shop.refs().len(), 3);
    let spec = shop.up.git(["cat-file", "-p", "refs/atoms/a/1.0.0/spec"]);
    let atom = shop.up.rev("refs/atoms/a/1.0.0/atom");
    assert!(spec.contains(&format!("\natom {atom}\n")), "{spec}");
    assert!(spec.contains(&format!("\nsrc {winner}\n")), "{spec}");
}

#[test]
fn twenty_at_once_to_a_file() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0");
    race(&shop, &shop.up.url());
}

#[test]
fn twenty_at_once_over_http() {
    let shop = Shop::new();
    let server = GitHttp::start(&shop.world.env.path(""));
    shop.atom("a", "a", "1.0.0");
    race(&shop, &format!("{}/up.git", server.url()));
}

/// Who publishes the same is not refused, whoever is first.
#[test]
fn the_same_at_once_is_no_quarrel() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let start = |_| {
        let mut command = shop.eka(&["publish", "a"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let running: Vec<_> = (0..8).map(start).collect();
    for it in running {
        let output = it.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", shop.world.show(&output));
    }
    assert_eq!(shop.refs().len(), 3);
}
