//! What happens to a database on disk: others, newer ones, damage.

use store::infos::{InfosError, PathInfos as _, Registered, SqliteInfos};
use testkit::env::Env;

use crate::world::{info, path, run};

#[test]
fn it_is_there_when_it_is_opened_again() {
    let env = Env::new();
    run(async {
        let file = env.path("store.sqlite");
        let infos = SqliteInfos::open(&file).await.unwrap();
        infos.register(&[info("a", &["a"])]).await.unwrap();
        drop(infos);
        let infos = SqliteInfos::open(&file).await.unwrap();
        let a = infos.get(&path("a")).await.unwrap();
        assert_eq!(a, Some(info("a", &["a"])));
    });
}

#[test]
fn many_open_a_new_one_and_register_at_once() {
    let env = Env::new();
    let file = env.path("store.sqlite");
    run(async {
        let tasks: Vec<_> = (0..16)
            .map(|number| {
                let file = file.clone();
                tokio::spawn(async move {
                    let infos = SqliteInfos::open(&file).await.unwrap();
                    let all = [
                        info("common", &[]),
                        info(&format!("own-{number}"), &["common"]),
                    ];
                    infos.register(&all).await.unwrap()
                })
            })
            .collect();
        let mut n_first = 0;
        for task in tasks {
            let found = task.await.unwrap();
            n_first += usize::from(found[0] == Registered::New);
            assert_eq!(found[1], Registered::New);
        }
        assert_eq!(n_first, 1);
    });
}

#[test]
fn a_newer_one_is_left_alone() {
    let env = Env::new();
    let file = env.path("store.sqlite");
    run(async {
        drop(SqliteInfos::open(&file).await.unwrap());
        change(&file, "PRAGMA user_version = 99");
        let opened = SqliteInfos::open(&file).await;
        let newer = matches!(opened, Err(InfosError::Newer { version: 99, .. }));
        assert!(newer, "{opened:?}");
    });
}

#[test]
fn damage_is_told_as_damage() {
    let env = Env::new();
    run(async {
        let file = env.path("none.sqlite");
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        let opened = SqliteInfos::open(&file).await;
        assert!(
            matches!(opened, Err(InfosError::Damaged { .. })),
            "{opened:?}"
        );

        for (number, change_to) in [
            "kind = 'socket'",
            "size = -1",
            "digest = x'00'",
            "digest = NULL",
            "name = 'a/b'",
            "deriver = 'x'",
            "ca = 'x'",
        ]
        .into_iter()
        .enumerate()
        {
            let file = env.path(&format!("{number}.sqlite"));
            let infos = SqliteInfos::open(&file).await.unwrap();
            infos.register(&[info("a", &[])]).await.unwrap();
            change(&file, &format!("UPDATE paths SET {change_to}"));
            let found = infos.find(path("a").hash_bytes()).await;
            let damaged = matches!(found, Err(InfosError::Damaged { .. }));
            assert!(damaged, "{change_to}: {found:?}");
        }
    });
}

fn change(file: &std::path::Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch(sql).unwrap();
}
