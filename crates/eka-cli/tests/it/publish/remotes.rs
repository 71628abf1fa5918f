//! Several remotes, and servers that decline.

use testkit::http::{GitHttp, Serving};

use super::{Shop, refs};

#[test]
fn several_remotes_each_by_itself() {
    let shop = Shop::new();
    let other = shop.world.env.bare("other.git");
    shop.repo.git(["remote", "add", "other", &other.url()]);
    shop.repo.git(["push", "--quiet", "other", "main"]);
    shop.atom("a", "a", "1.0.0").commit();
    shop.repo.git(["push", "--quiet", "other", "main"]);
    let both = ["publish", "a", "--remote", "origin", "--remote", "other"];
    // The one has no root yet: some, not all, was done.
    shop.run(&both).exit(6).says(&[
        "out: new a@1.0.0",
        "other.git` has no root yet",
        "eka init --remote other",
    ]);
    assert_eq!((shop.refs().len(), refs(&other).len()), (3, 0));
    shop.run(&["init", "--remote", "other"]).done();
    shop.run(&both)
        .done()
        .says(&["out: present a@1.0.0", "out: new a@1.0.0"]);
    assert_eq!(refs(&other), shop.refs());
    // As configured.
    let config = "publish.remotes=[\"origin\", \"other\"]";
    let ran = shop.run(&["publish", "a", "--config", config]);
    ran.done().says(&["up.git", "other.git"]);
    // A URL will do, and both dead are the network's fault.
    shop.run(&["publish", "a", "--remote", &other.url()]).done();
    let dead = [
        "publish",
        "a",
        "--remote",
        "file:///none/a",
        "--remote",
        "file:///none/b",
    ];
    shop.run(&dead).exit(4).says(&["/none/a", "/none/b"]);
}

#[test]
fn a_remote_that_is_none() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    shop.run(&["publish", "a", "--remote", "nowhere"])
        .exit(1)
        .says(&["there is no remote `nowhere`", "the remotes are: origin"]);
    shop.repo.git(["remote", "remove", "origin"]);
    shop.run(&["publish", "a"])
        .exit(1)
        .says(&["there is no remote `origin`", "git remote add origin URL"]);
    shop.run(&["publish", "a", "--remote", "file:///none"])
        .exit(4);
    shop.run(&["publish", "a", "--offline"]).exit(1);
    shop.repo.git(["remote", "add", "origin", &shop.up.url()]);
    shop.run(&["publish", "a", "--offline"])
        .exit(4)
        .says(&["`--offline` forbids it"]);
    // A path is relative to where one works.
    shop.run(&["-C", "a", "publish", "--remote", "../../up.git"])
        .done()
        .says(&["out: new a@1.0.0"]);
    assert_eq!(shop.refs().len(), 3);
    // That of a remote is to the work tree, as git reads it.
    shop.repo.git(["remote", "set-url", "origin", "../up.git"]);
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: present a@1.0.0"]);
}

#[test]
fn over_http_and_without_permission() {
    let shop = Shop::new();
    let server = GitHttp::start(&shop.world.env.path(""));
    let url = format!("{}/up.git", server.url());
    shop.atom("a", "a", "1.0.0").commit();
    shop.run(&["publish", "a", "--remote", &url])
        .done()
        .says(&[&format!("eka add {url}::a@^1.0")]);
    assert_eq!(shop.refs().len(), 3);
    let serving = Serving {
        config: vec![("http.receivepack".to_owned(), "false".to_owned())],
        ..Serving::default()
    };
    let closed = GitHttp::start_with(&shop.world.env.path(""), &serving);
    shop.atom("a", "a", "1.1.0").commit();
    let url = format!("{}/up.git", closed.url());
    shop.run(&["publish", "a", "--remote", &url])
        .exit(4)
        .says(&["access is denied"]);
    let serving = Serving {
        login: Some(("ada".to_owned(), "secret".to_owned())),
        ..Serving::default()
    };
    let locked = GitHttp::start_with(&shop.world.env.path(""), &serving);
    let url = format!("{}/up.git", locked.url());
    shop.run(&["publish", "a", "--remote", &url]).exit(4);
    assert_eq!(shop.refs().len(), 3);
}

/// What a server's hook says is passed on, and nothing is there afterwards.
#[test]
fn a_server_that_declines() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0")
        .atom("b", "b", "1.0.0")
        .commit();
    let hook = "#!/bin/sh\ncase \"$1\" in refs/atoms/b/*/src) echo 'not b' >&2; exit 1;; esac\n";
    let path = shop.up.path().join("hooks");
    std::fs::create_dir_all(&path).unwrap();
    shop.world.env.at(&path).executable("update", hook);
    shop.run(&["publish", "--all"])
        .exit(1)
        .says(&["declines", "refs/atoms/b/1.0.0/src"]);
    assert!(shop.refs().is_empty());
}

#[test]
fn the_line_to_paste_is_for_where_consumers_fetch() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let up = shop.up.url();
    shop.world.env.git_config(&format!(
        "[url \"{up}\"]\n\tinsteadOf = https://github.com/o/r.git\n"
    ));
    shop.repo
        .git(["remote", "set-url", "origin", "https://github.com/o/r.git"]);
    shop.run(&["publish", "a"])
        .done()
        .says(&["eka add gh:o/r::a@^1.0"]);
    shop.repo
        .git(["remote", "set-url", "--push", "origin", &up]);
    shop.run(&["publish", "a", "--dry-run"])
        .done()
        .says(&["present"]);
    assert_eq!(shop.refs().len(), 3);
}

#[test]
fn a_remote_by_a_name_that_only_ssh_knows() {
    let shop = Shop::new();
    shop.atom("a", "a", "1.0.0").commit();
    let tools = shop.world.env.repo("tools");
    // Stands for ssh, which finds the host in its own configuration.
    tools.executable(
        "ssh",
        "#!/bin/sh\nfor last; do :; done\necho \"$*\" >> \"${0}.log\"\nexec sh -c \"$last\"\n",
    );
    let program = tools.path().join("ssh").display().to_string();
    shop.repo.git(["config", "core.sshCommand", &program]);
    let place = format!("forge:{}", shop.up.path().display());
    shop.repo.git(["remote", "set-url", "origin", &place]);
    shop.run(&["publish", "a"])
        .done()
        .says(&["out: new a@1.0.0"]);
    assert_eq!(shop.refs().len(), 3);
    let log = std::fs::read_to_string(format!("{program}.log")).unwrap();
    assert!(
        log.contains(" forge git-upload-pack") && log.contains("forge git-receive-pack"),
        "{log}"
    );
    shop.run(&["versions", "::a"])
        .done()
        .says(&["out: a 1.0.0"]);
    // A word of one's own before `:` is still an alias that nobody knows.
    shop.run(&["versions", &format!("{place}::a")])
        .exit(2)
        .says(&["alias"]);
}

#[test]
fn a_remote_that_is_a_path_begins_in_the_folder_one_works_in() {
    let shop = Shop::empty();
    shop.atom("a", "a", "1.0.0").commit();
    let there = ["--remote", "../../up.git"];
    shop.run(&[&["-C", "a", "init"], &there[..]].concat())
        .done();
    shop.run(&[&["-C", "a", "publish"], &there[..]].concat())
        .done()
        .says(&["out: new a@1.0.0"]);
}
