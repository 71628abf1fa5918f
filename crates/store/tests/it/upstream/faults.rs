//! Servers that refuse, break off, hang, redirect or answer something else: three answers, never
//! two, and what broke off goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fetch::compression::Compression;
use store::upstream::{NarFault, Silence, UpstreamError};
use testkit::scripted::{End, Reply, Scripted};

use super::world::{Caches, all, bring, fault};
use crate::world::{path, run};

/// What a request asks for.
fn asked(head: &str) -> &str {
    head.split_whitespace()
        .nth(1)
        .unwrap()
        .trim_start_matches('/')
}

/// The file of a cache, or 404; parts of it where `part` says so.
fn file(folder: &Path, head: &str) -> Reply {
    let Ok(bytes) = std::fs::read(folder.join(asked(head))) else {
        return Reply::new(404, "there is none");
    };
    let range = head.lines().find_map(|it| it.strip_prefix("Range: bytes="));
    let from = range.and_then(|it| it.trim_end_matches('-').parse::<usize>().ok());
    match from {
        Some(from) if head.contains("If-Range: \"v1\"") => {
            let all = bytes.len();
            let range = format!("Content-Range: bytes {from}-{}/{all}", all - 1);
            Reply::new(206, &bytes[from..]).header(&range)
        }
        _ => Reply::new(200, bytes),
    }
    .header("ETag: \"v1\"")
}

/// A server of a good cache, some of whose answers are other ones.
async fn server(
    caches: &Caches,
    other: impl Fn(&str, Reply) -> Reply + Send + Sync + 'static,
) -> Scripted {
    let folder = caches.env.path("cache");
    if !folder.exists() {
        caches.cache("cache", Compression::Zstd).await;
    }
    Scripted::start(move |head| other(asked(head), file(&folder, head)))
}

fn is_narinfo(asked: &str) -> bool {
    asked == format!("{}.narinfo", path("top").hash_part())
}

#[test]
fn there_not_there_and_could_not_ask() {
    let caches = Caches::new();
    run(async {
        let status = Arc::new(AtomicUsize::new(200));
        let now = Arc::clone(&status);
        let server = server(&caches, move |asked, reply| {
            match now.load(Ordering::SeqCst) {
                200 => reply,
                status if asked.ends_with(".narinfo") => {
                    Reply::new(u16::try_from(status).unwrap(), "<html>sorry</html>")
                }
                _ => reply,
            }
        })
        .await;
        for said in [401, 403, 407, 429, 500, 502, 503, 418, 302] {
            status.store(said, Ordering::SeqCst);
            let answer = caches.ours(&server.url()).narinfo(&path("top")).await;
            let error = answer.expect_err("that is no answer");
            assert!(error.is_silence(), "{said}: {error:?}");
        }
        for said in [404, 410] {
            status.store(said, Ordering::SeqCst);
            let answer = caches.ours(&server.url()).narinfo(&path("top")).await;
            assert!(answer.unwrap().is_none(), "{said}");
        }
        status.store(200, Ordering::SeqCst);
        let upstream = caches.ours(&server.url());
        assert!(upstream.narinfo(&path("top")).await.unwrap().is_some());
        assert!(upstream.narinfo(&path("absent")).await.unwrap().is_none());
    });
}

#[test]
fn html_is_no_narinfo_and_no_nar() {
    let caches = Caches::new();
    run(async {
        let page = || Reply::new(200, "<html>Name: portal\nlog in first</html>");
        let portal = server(&caches, move |asked, reply| match is_narinfo(asked) {
            true => page(),
            false => reply,
        });
        let portal = portal.await;
        let store = caches.store();
        let answer = fault(bring(&store, [caches.ours(&portal.url())], &[path("top")]).await);
        assert!(
            matches!(answer, UpstreamError::NarInfo { .. }),
            "{answer:?}"
        );
        let page = || Reply::new(200, "<html>log in first</html>");
        let portal = server(&caches, move |asked, reply| {
            match asked.starts_with("nar/") {
                true => page(),
                false => reply,
            }
        });
        let portal = portal.await;
        let answer = fault(bring(&store, [caches.ours(&portal.url())], &[path("top")]).await);
        assert!(matches!(answer, UpstreamError::Nar { .. }), "{answer:?}");
        assert!(all(&store).await.is_empty());
    });
}

#[test]
fn what_breaks_off_goes_on_where_it_broke() {
    for validates in [true, false] {
        let caches = Caches::new();
        run(async {
            let n_asked = AtomicUsize::new(0);
            let server = server(&caches, move |asked, mut reply| {
                if !asked.starts_with("nar/") || reply.body.len() < 1000 {
                    return reply;
                }
                if !validates {
                    reply.headers.clear();
                }
                match n_asked.fetch_add(1, Ordering::SeqCst) {
                    0 => reply.end(End::Cut(70_000)),
                    1 if validates => reply.end(End::Cut(100_000)),
                    _ => reply,
                }
            })
            .await;
            let store = caches.store();
            let upstream = caches.ours(&server.url());
            bring(&store, [upstream], &[path("top")]).await.unwrap();
            assert_eq!(all(&store).await.len(), 2);
            let parts = server.heads();
            // Parts and hashes are of the bytes as they lie there.
            assert!(!parts.iter().any(|it| it.contains("Accept-Encoding")));
            let parts = parts.iter().filter_map(|head| {
                let range = head
                    .lines()
                    .find_map(|it| it.strip_prefix("Range: bytes="))?;
                range.trim_end_matches('-').parse::<usize>().ok()
            });
            let parts: Vec<_> = parts.collect();
            if validates {
                assert_eq!(parts, [70_000, 170_000]);
            } else {
                // It came all again, and what had come was passed over.
                assert_eq!(parts, [0; 0]);
            }
        });
    }
}

#[test]
fn another_file_behind_the_break_is_seen() {
    let caches = Caches::new();
    run(async {
        let n_asked = AtomicUsize::new(0);
        let server = server(&caches, move |asked, mut reply| {
            if !asked.starts_with("nar/") || reply.body.len() < 1000 {
                return reply;
            }
            if n_asked.fetch_add(1, Ordering::SeqCst) == 0 {
                return reply.end(End::Cut(70_000));
            }
            let last = reply.body.len() - 100;
            reply.body[last] ^= 1;
            reply
        })
        .await;
        let store = caches.store();
        let answer = bring(&store, [caches.ours(&server.url())], &[path("top")]).await;
        assert!(matches!(fault(answer), UpstreamError::Nar { .. }));
        assert!(!all(&store).await.contains(&path("top")));
    });
}

#[test]
fn what_never_comes_whole_is_not_registered() {
    let caches = Caches::new();
    run(async {
        let server = server(&caches, |asked, reply| {
            match asked.starts_with("nar/") && reply.body.len() > 1000 {
                true => reply.end(End::Cut(5_000)),
                false => reply,
            }
        })
        .await;
        let store = caches.store();
        let answer = fault(bring(&store, [caches.ours(&server.url())], &[path("top")]).await);
        assert!(answer.is_silence(), "{answer:?}");
        // What it refers to came whole, and stays.
        assert_eq!(all(&store).await, [path("leaf")].into());
    });
}

#[test]
fn what_hangs_is_left_after_a_time_and_then_alone() {
    let mut caches = Caches::new();
    caches.means.stall = Duration::from_millis(300);
    caches.means.waits = Vec::new();
    run(async {
        let hangs = server(&caches, |asked, reply| match asked {
            "nix-cache-info" => reply,
            _ => reply.end(End::Hang(0)),
        })
        .await;
        let upstream = caches.ours(&hangs.url());
        let silent = upstream.narinfo(&path("top")).await.unwrap_err();
        assert!(silent.is_silence(), "{silent:?}");
        let n_requests = hangs.heads().len();
        let rests = upstream.narinfo(&path("leaf")).await.unwrap_err();
        let UpstreamError::Silent {
            source: Silence::Resting { .. },
            ..
        } = rests
        else {
            panic!("{rests:?}");
        };
        assert_eq!(hangs.heads().len(), n_requests);
        caches.wait(16);
        upstream.narinfo(&path("leaf")).await.unwrap_err();
        assert_eq!(hangs.heads().len(), n_requests + 1);
        // A NAR that hangs in its middle.
        let hangs = server(&caches, |asked, reply| {
            match asked.starts_with("nar/") && reply.body.len() > 1000 {
                true => reply.end(End::Hang(5_000)),
                false => reply,
            }
        })
        .await;
        let store = caches.store();
        let silent = fault(bring(&store, [caches.ours(&hangs.url())], &[path("top")]).await);
        assert!(matches!(
            silent,
            UpstreamError::Nar {
                fault: NarFault::Silent(Silence::Server(_)),
                ..
            }
        ));
    });
}

#[test]
fn redirects_are_followed_and_not_for_ever() {
    let caches = Caches::new();
    run(async {
        let elsewhere = server(&caches, |_, reply| reply).await;
        let to = elsewhere.url();
        let server = server(&caches, move |asked, reply| {
            match asked.starts_with("nar/") {
                true => Reply::new(302, "").header(&format!("Location: {to}/{asked}")),
                false => reply,
            }
        })
        .await;
        let store = caches.store();
        bring(&store, [caches.ours(&server.url())], &[path("top")])
            .await
            .unwrap();
        let circle = Scripted::start(|head| {
            Reply::new(302, "").header(&format!("Location: /{}", asked(head)))
        });
        let silent = caches
            .ours(&circle.url())
            .narinfo(&path("top"))
            .await
            .unwrap_err();
        assert!(silent.is_silence());
    });
}

#[test]
fn answers_are_remembered_for_their_time() {
    let caches = Caches::new();
    run(async {
        let server = server(&caches, |_, reply| reply).await;
        let upstream = caches.ours(&server.url());
        let ask = async |name: &str| {
            let before = server.heads().len();
            let there = upstream.narinfo(&path(name)).await.unwrap().is_some();
            (there, server.heads().len() - before)
        };
        assert_eq!(ask("top").await, (true, 2));
        assert_eq!(ask("absent").await, (false, 1));
        for _ in 0..2 {
            assert_eq!(ask("top").await, (true, 0));
            assert_eq!(ask("absent").await, (false, 0));
        }
        caches.wait(61);
        assert_eq!(ask("top").await, (true, 0));
        assert_eq!(ask("absent").await, (false, 1));
        caches.wait(3600);
        assert_eq!(ask("top").await, (true, 1));
    });
}

#[test]
fn one_that_could_not_be_asked_does_not_hide_that() {
    let caches = Caches::new();
    run(async {
        let down = Scripted::start(|_| Reply::new(503, ""));
        let (_, good) = caches.cache("good", Compression::None).await;
        let upstreams = || [caches.ours(&down.url()), caches.ours(&good)];
        let store = caches.store();
        bring(&store, upstreams(), &[path("top")]).await.unwrap();
        // In the other it is not; but in the first it may be.
        let unknown = fault(bring(&store, upstreams(), &[path("absent")]).await);
        assert!(unknown.is_silence());
        let nowhere = bring(&store, [caches.ours(&good)], &[path("absent")]).await;
        let is_nowhere = matches!(
            nowhere,
            Err(store::upstream::BringError::NotThere { path: it }) if it == path("absent")
        );
        assert!(is_nowhere);
    });
}
