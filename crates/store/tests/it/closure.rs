//! Closures, in the order in which they can be registered one by one.

use store::closure::ClosureError;

use crate::world::{info, path, run};
use nix_format::StoreDir;
use store::Store;

async fn store() -> Store {
    let store = Store::in_memory(StoreDir::default());
    let infos = [
        info("app", &["app", "lib", "libc"]),
        info("lib", &["libc"]),
        info("libc", &[]),
        info("other", &["libc"]),
        info("circle", &["circle2"]),
        info("circle2", &["circle", "libc"]),
    ];
    store
        .session()
        .unwrap()
        .register(infos.to_vec())
        .await
        .unwrap();
    store
}

#[test]
fn what_is_referred_to_comes_first() {
    run(async {
        let store = store().await;
        let names = async |of: &[&str]| {
            let of: Vec<_> = of.iter().map(|it| path(it)).collect();
            let closure = store.closure(&of).await.unwrap();
            let names = closure.iter().map(|it| it.path.name().as_str().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&["app"]).await, ["libc", "lib", "app"]);
        assert_eq!(names(&["lib", "app", "lib"]).await, ["libc", "lib", "app"]);
        assert_eq!(names(&[]).await, [""; 0]);
        let mut circle = names(&["circle"]).await;
        circle.sort();
        assert_eq!(circle, ["circle", "circle2", "libc"]);
    });
}

#[test]
fn a_long_chain_is_no_deep_recursion() {
    run(async {
        let store = Store::in_memory(StoreDir::default());
        let name = |number: usize| format!("n{number}");
        let infos = (0..20_000).map(|number: usize| match number.checked_sub(1) {
            None => info(&name(number), &[]),
            Some(before) => info(&name(number), &[&name(before)]),
        });
        store
            .session()
            .unwrap()
            .register(infos.collect())
            .await
            .unwrap();
        let closure = store.closure(&[path("n19999")]).await.unwrap();
        assert_eq!(closure.len(), 20_000);
        assert_eq!(closure[0].path, path("n0"));
    });
}

#[test]
fn what_is_not_there_has_none() {
    run(async {
        let store = store().await;
        match store.closure(&[path("app"), path("none")]).await {
            Err(ClosureError::NotThere { path: it }) => assert_eq!(it, path("none")),
            it => panic!("{it:?}"),
        }
        let asked = [path("app"), path("none")];
        let registered = store.registered(&asked).await.unwrap();
        assert_eq!(registered, [path("app")].into());
    });
}
