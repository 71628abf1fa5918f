//! Caches in a bucket of S3: written, read, and read by others over http.

use store::upstream::{SendError, Sending, Sent, UpstreamError};
use testkit::s3::{BUCKET, PROGRAM, S3Server};
use testkit::tools;

use super::world::{Caches, add, all, bring, key, nar, top};
use crate::tree::Tree;
use crate::world::{path, run};

async fn send(store: &store::Store, caches: &Caches, url: &str) -> Result<Sent, SendError> {
    let sending = Sending {
        keys: vec![key()],
        ..Sending::default()
    };
    let to = caches.ours(url);
    store.send(&to, &[path("top")], &sending, &|_| {}).await
}

fn world() -> Option<(S3Server, Caches)> {
    if !tools::have(&[PROGRAM]) {
        return None;
    }
    let mut caches = Caches::new();
    caches.means.s3 = Some(castore::Login {
        key_id: "test".to_owned(),
        secret: "test".to_owned(),
        token: None,
    });
    Some((S3Server::start(), caches))
}

#[test]
fn a_bucket_is_a_cache() {
    let Some((server, caches)) = world() else {
        return;
    };
    let url = format!("s3://{BUCKET}?region=us-east-1&endpoint={}", server.url());
    run(async {
        // There is none as yet.
        let nothing = caches.ours(&url).narinfo(&path("top")).await;
        assert!(
            matches!(nothing, Err(UpstreamError::NoCache { .. })),
            "{nothing:?}"
        );
        let two = caches.two().await;
        assert_eq!(send(&two, &caches, &url).await.unwrap().new.len(), 2);
        assert_eq!(send(&two, &caches, &url).await.unwrap().n_known, 2);
        let other = caches.store();
        add(&other, "leaf", &Tree::file("other leaf"), &[]).await;
        add(&other, "top", &Tree::file("other top"), &["leaf"]).await;
        assert_eq!(
            send(&other, &caches, &url).await.unwrap().differing.len(),
            2
        );
        let store = caches.store();
        bring(&store, [caches.ours(&url)], &[path("top")])
            .await
            .unwrap();
        assert_eq!(all(&store).await.len(), 2);
        assert!(nar(&store, &path("top")).await == top().nar());
        let absent = caches.ours(&url).narinfo(&path("absent")).await;
        assert!(absent.unwrap().is_none());
        // The bucket is not for everybody, and that is no "not there".
        let by_http = format!("{}/{BUCKET}", server.url());
        let forbidden = caches.ours(&by_http).narinfo(&path("top")).await;
        assert!(forbidden.unwrap_err().is_silence());
    });
}

#[test]
fn who_wins_a_race_wins_it_whole() {
    let Some((server, caches)) = world() else {
        return;
    };
    let url = format!("s3://{BUCKET}?endpoint={}", server.url());
    run(async {
        let mut stores = Vec::new();
        for number in 0..4 {
            let store = caches.store();
            add(&store, "leaf", &Tree::file(format!("leaf {number}")), &[]).await;
            add(
                &store,
                "top",
                &Tree::file(format!("top {number}")),
                &["leaf"],
            )
            .await;
            stores.push(store);
        }
        let sent = stores.iter().map(|it| send(it, &caches, &url));
        let sent = futures_util::future::join_all(sent).await;
        let n_new: usize = sent.iter().map(|it| it.as_ref().unwrap().new.len()).sum();
        assert_eq!(n_new, 2, "{sent:?}");
        let store = caches.store();
        bring(&store, [caches.ours(&url)], &[path("top")])
            .await
            .unwrap();
    });
}

#[test]
fn a_bucket_that_is_away_says_nothing() {
    let Some((server, mut caches)) = world() else {
        return;
    };
    caches.means.waits = Vec::new();
    let url = format!("s3://{BUCKET}?endpoint={}", server.url());
    drop(server);
    run(async {
        let silent = caches.ours(&url).narinfo(&path("top")).await.unwrap_err();
        assert!(silent.is_silence(), "{silent:?}");
    });
}
