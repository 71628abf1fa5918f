//! Sessions of a store on disk: files that live as long as their process.

use std::time::{Duration, Instant};

use store::Store;
use store::infos::Registered;

use crate::world::{Places, info, path, run};

fn files(places: &Places) -> usize {
    std::fs::read_dir(places.folder().join("sessions"))
        .unwrap()
        .count()
}

#[test]
fn a_session_is_a_file_until_it_ends() {
    let places = Places::new();
    run(async {
        let store = places.disk().await;
        let session = store.session().unwrap();
        let other = store.session().unwrap();
        assert_ne!(session.id(), other.id());
        assert_eq!(files(&places), 2);
        drop(session);
        assert_eq!(files(&places), 1);
        drop(other);
        assert_eq!(files(&places), 0);
    });
}

#[test]
fn sessions_open_while_others_look_for_dead_ones() {
    let places = Places::new();
    run(async {
        let store = places.disk().await;
        let until = Instant::now() + Duration::from_millis(300);
        let open = |store: Store| {
            move || {
                let mut n_opened = 0;
                while Instant::now() < until {
                    drop(store.session().unwrap());
                    n_opened += 1;
                }
                n_opened
            }
        };
        let opened = [open(store.clone()), open(store.clone())].map(tokio::task::spawn_blocking);
        while Instant::now() < until {
            crate::collect::all(&store).await;
        }
        for it in opened {
            assert!(it.await.unwrap() > 0);
        }
        assert_eq!(files(&places), 0);
    });
}

#[test]
fn what_is_registered_came_now() {
    run(async {
        let store = Store::in_memory(nix_format::StoreDir::default());
        let session = store.session().unwrap();
        let before = std::time::SystemTime::now();
        let found = session.register(vec![info("a", &[])]).await.unwrap();
        assert_eq!(found, [Registered::New]);
        let info = store.infos().get(&path("a")).await.unwrap().unwrap();
        assert!(info.registered >= before);
    });
}
