//! Pushes: all or none, and of many who push the same exactly one wins.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Barrier;

use atom::ObjectId;
use atom::url::RepoUrl;
use atom_git::remote::push::{Expect, PushError, Pushed, Update, push};
use atom_git::remote::{Fault, Prompt};
use testkit::env::Env;
use testkit::http::{GitHttp, Serving};

use crate::world::{Remote, id, url};

/// A repository without refs, and commits in it.
struct Staging(Remote);

impl Staging {
    fn new(env: &Env, below: &str) -> Self {
        Self(Remote::at(env.bare(below)))
    }

    fn commit(&self, message: &str) -> ObjectId {
        self.0.plain_commit(message)
    }

    fn push(&self, remote: &RepoUrl, updates: &[Update]) -> Result<Pushed, PushError> {
        push(self.0.repo.path(), remote, updates, Prompt::Never)
    }
}

fn create(name: &str, new: ObjectId) -> Update {
    Update {
        name: name.to_owned(),
        new: Some(new),
        expect: Expect::Absent,
    }
}

fn names(version: &str) -> [String; 2] {
    ["atom", "spec"].map(|part| format!("refs/atoms/a/{version}/{part}"))
}

fn version(staging: &Staging, version: &str, message: &str) -> Vec<Update> {
    let commit = staging.commit(message);
    names(version)
        .iter()
        .map(|name| create(name, commit))
        .collect()
}

#[test]
fn new_refs_go_together_over_file_and_http() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let server = GitHttp::start(env.path("").as_path());
    let remotes: Vec<_> = ["a", "b", "c"]
        .map(|name| env.bare(&format!("{name}.git")))
        .into();
    let places = [
        url(remotes[0].path().to_str().unwrap()),
        url(&remotes[1].url()),
        url(&format!("{}/c.git", server.url())),
    ];
    for (remote, place) in remotes.iter().zip(places) {
        let updates = version(&staging, "1.0.0", "one");
        let pushed = staging.push(&place, &updates).unwrap();
        assert_eq!(
            (pushed.changed.len(), pushed.unchanged.len()),
            (2, 0),
            "{place}"
        );
        assert_eq!(remote.refs().len(), 2);
        // The same again is nothing to do; other content under the same names is lost.
        let again = staging.push(&place, &updates).unwrap();
        assert_eq!((again.changed.len(), again.unchanged.len()), (0, 2));
        let mut other = version(&staging, "1.0.0", "other");
        other.extend(version(&staging, "2.0.0", "other"));
        let lost = staging.push(&place, &other).unwrap_err();
        let PushError::Lost { refs, .. } = &lost else {
            panic!("{lost:?}");
        };
        let lost: Vec<_> = refs.iter().map(|it| it.name.clone()).collect();
        assert_eq!(lost, names("1.0.0"), "{place}");
        assert_eq!(remote.refs().len(), 2, "a part of an atomic push landed");
    }
    assert_eq!(staging.0.repo.refs(), Vec::<String>::new());
}

#[test]
fn a_ref_is_changed_or_deleted_only_from_the_value_it_has() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let remote = env.bare("set.git");
    let place = url(&remote.url());
    let (one, two) = (staging.commit("one"), staging.commit("two"));
    let name = "refs/atoms/a/1.0.0/yank".to_owned();
    staging.push(&place, &[create(&name, one)]).unwrap();
    let update = |new, at| Update {
        name: name.clone(),
        new,
        expect: Expect::At(at),
    };
    for wrong in [update(Some(two), two), update(None, two)] {
        assert!(matches!(
            staging.push(&place, &[wrong]),
            Err(PushError::Lost { .. })
        ));
    }
    staging.push(&place, &[update(Some(two), one)]).unwrap();
    assert_eq!(remote.refs(), [format!("{two} {name}")]);
    staging.push(&place, &[update(None, two)]).unwrap();
    assert_eq!(remote.refs(), Vec::<String>::new());
}

#[test]
fn what_must_be_absent_is_not_even_moved_forward() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let remote = env.bare("set.git");
    let place = url(&remote.url());
    let one = staging.commit("one");
    let tree = staging.0.tree(&[]);
    let text = format!(
        "tree {tree}\nparent {one}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\ntwo\n"
    );
    let two = staging.0.put(gix::objs::Kind::Commit, text.as_bytes());
    let name = "refs/atoms/a/1.0.0/src";
    staging.push(&place, &[create(name, one)]).unwrap();
    let forward = staging.push(&place, &[create(name, two)]);
    assert!(
        matches!(forward, Err(PushError::Lost { .. })),
        "{forward:?}"
    );
    assert_eq!(remote.refs(), [format!("{one} {name}")]);
}

#[test]
fn of_twenty_at_once_exactly_one_wins() {
    let env = Env::new();
    let server = GitHttp::start(env.path("").as_path());
    for (round, over_http) in [false, true].into_iter().enumerate() {
        let remote = env.bare(&format!("set{round}.git"));
        let place = if over_http {
            url(&format!("{}/set{round}.git", server.url()))
        } else {
            url(&remote.url())
        };
        let start = Barrier::new(20);
        let results: Vec<_> = std::thread::scope(|scope| {
            let pushers: Vec<_> = (0..20)
                .map(|n| {
                    let (env, place, start) = (&env, &place, &start);
                    scope.spawn(move || {
                        let staging = Staging::new(env, &format!("staging{round}-{n}.git"));
                        let updates = version(&staging, "1.0.0", &format!("by {n}"));
                        start.wait();
                        (updates[0].new, staging.push(place, &updates))
                    })
                })
                .collect();
            pushers.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let winners: Vec<_> = results.iter().filter(|(_, it)| it.is_ok()).collect();
        assert_eq!(
            winners.len(),
            1,
            "{:?}",
            results.iter().map(|it| &it.1).collect::<Vec<_>>()
        );
        let won = winners[0].0.unwrap().to_string();
        for line in remote.refs() {
            assert!(line.starts_with(&won), "{line}");
        }
        assert_eq!(remote.refs().len(), 2);
        for (_, result) in &results {
            assert!(
                matches!(result, Ok(_) | Err(PushError::Lost { .. })),
                "{result:?}"
            );
        }
    }
}

#[test]
fn a_server_that_declines_is_told_from_one_that_was_changed() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let remote = env.bare("set.git");
    let hook = remote.path().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho only on tuesdays >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let updates = version(&staging, "1.0.0", "one");
    let error = staging.push(&url(&remote.url()), &updates).unwrap_err();
    let PushError::Declined { refs, text, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(refs.len(), 2);
    assert!(refs[0].reason.contains("hook declined") && text.contains("only on tuesdays"));
    assert_eq!(remote.refs(), Vec::<String>::new());
}

#[test]
fn a_remote_that_lets_nobody_push_is_named_by_why() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let updates = version(&staging, "1.0.0", "one");
    drop(env.bare("set.git"));
    let server = GitHttp::start(env.path("").as_path());
    let serving = Serving {
        login: Some(("ada".to_owned(), "secret".to_owned())),
        config: vec![("http.receivepack".to_owned(), "true".to_owned())],
    };
    let guarded = GitHttp::start_with(env.path("").as_path(), &serving);
    let fault = |place: &str| match staging.push(&url(place), &updates) {
        Err(PushError::Remote(error)) => error.fault,
        other => panic!("{place}: {other:?}"),
    };
    let none = fault(&format!("{}/none.git", server.url()));
    assert!(matches!(none, Fault::NoRepository { .. }), "{none:?}");
    let none = fault(env.path("none.git").to_str().unwrap());
    assert!(matches!(none, Fault::NoRepository { .. }), "{none:?}");
    let login = fault(&format!("{}/set.git", guarded.url()));
    assert!(matches!(login, Fault::Unauthenticated { .. }), "{login:?}");
    let with = guarded.url().replace("://", "://ada:secret@");
    staging
        .push(&url(&format!("{with}/set.git")), &updates)
        .unwrap();
    let dead = fault("http://127.0.0.1:1/set.git");
    assert!(
        matches!(dead, Fault::Unreachable { .. }) && dead.is_transient(),
        "{dead:?}"
    );
    let shown = format!(
        "{:?}",
        staging.push(&url("http://ada:hidden@127.0.0.1:1/r"), &updates)
    );
    assert!(!shown.contains("hidden"), "{shown}");
}

#[test]
fn what_git_refuses_to_store_changes_nothing() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let remote = env.bare("set.git");
    let tree = staging.0.tree(&[]);
    let bad = format!("tree {tree}\nauthor <> 0 +0000\ncommitter <> 0 +0000\n\nno name\n");
    let bad = staging.0.put(gix::objs::Kind::Commit, bad.as_bytes());
    let error = staging.push(&url(&remote.url()), &[create(&names("1.0.0")[0], bad)]);
    assert!(
        matches!(error, Err(PushError::Declined { .. })),
        "{error:?}"
    );
    assert_eq!(remote.refs(), Vec::<String>::new());
}

#[test]
fn more_than_fit_into_arguments_go_in_one_push_all_the_same() {
    let env = Env::new();
    let staging = Staging::new(&env, "staging.git");
    let remote = env.bare("set.git");
    let commit = staging.commit("one");
    let id = "a".repeat(128);
    let name = |n: usize| format!("refs/atoms/{id}/{n}.0.0/atom");
    let n = 1500;
    let mut updates: Vec<_> = (0..n).map(|it| create(&name(it), commit)).collect();
    updates.push(create("refs/eka/root", commit));
    let place = url(&remote.url());
    let pushed = staging.push(&place, &updates).unwrap();
    assert_eq!(pushed.changed.len(), n + 1);
    assert!(
        staging.0.repo.path().join("packed-refs").exists(),
        "these were arguments"
    );

    // One of them is there with another value: none of the others goes.
    let other = staging.commit("two");
    let mut more: Vec<_> = (n..2 * n).map(|it| create(&name(it), other)).collect();
    more.push(create(&name(0), other));
    let lost = staging.push(&place, &more).unwrap_err();
    let PushError::Lost { refs, .. } = &lost else {
        panic!("{lost:?}");
    };
    assert_eq!((refs.len(), refs[0].name.clone()), (1, name(0)));
    assert_eq!(remote.refs().len(), n + 1);

    // What was too much once does not stay behind for a small push.
    staging.push(&place, &[create(&name(n), other)]).unwrap();
    assert_eq!(remote.refs().len(), n + 2);
}

#[test]
fn nothing_to_push_asks_nobody() {
    let nowhere = PathBuf::from("/nonexistent");
    let pushed = push(
        &nowhere,
        &url("https://no-such-host.invalid/r"),
        &[],
        Prompt::Never,
    )
    .unwrap();
    assert_eq!(pushed, Pushed::default());
    let bad = create("refs/../x", id("1234567890123456789012345678901234567890"));
    let error = push(&nowhere, &url("https://h/r"), &[bad], Prompt::Never).unwrap_err();
    assert!(matches!(error, PushError::Name { .. }));
}
