//! Caches that lie: each is refused, names itself and the path, and leaves nothing registered; and
//! another cache that has the path helps.

use std::io::Write as _;
use std::path::Path;

use fetch::compression::Compression;
use nix_format::nar::FileKind;
use nix_format::narinfo::NarInfoError;
use nix_format::{
    CacheInfoError, ContentAddress, Method, NarInfo, References, SecretKey, Sha256, StorePath,
};
use store::ingest::IngestError;
use store::upstream::{
    BringError, Limits, NarFault, Sending, Silence, Trust, UpstreamError, Upstreams,
};

use super::world::{Caches, add, all, bring, change, fault, key, narinfo_file};
use crate::tree::Tree;
use crate::world::{path, run};

/// Brings `top` from a cache where `lie` was told, and from a good one behind it.
#[track_caller]
fn check(
    compression: Compression,
    lie: impl FnOnce(&Caches, &Path),
    expected: impl FnOnce(&UpstreamError) -> bool,
) {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.cache("bad", compression).await;
        lie(&caches, &folder);
        let store = caches.store();
        let top = path("top");
        let brought = bring(&store, [caches.ours(&url)], std::slice::from_ref(&top)).await;
        let fault = fault(brought);
        assert!(expected(&fault), "{fault:?}");
        assert!(fault.to_string().contains(&url), "{fault}");
        // At most what the liar said the truth about.
        assert!(!all(&store).await.contains(&top));
        let (_, good) = caches.cache("good", Compression::None).await;
        let both = [caches.ours(&url), caches.ours(&good)];
        bring(&store, both, std::slice::from_ref(&top))
            .await
            .unwrap();
        assert_eq!(all(&store).await, [path("leaf"), top].into());
    });
}

/// Tells a lie about `top` in its narinfo, and signs it.
fn signed(change_it: impl FnOnce(&mut NarInfo)) -> impl FnOnce(&Caches, &Path) {
    move |caches, folder| {
        change(folder, &caches.dir, "top", |it| {
            change_it(it);
            it.signatures.clear();
            it.sign(&caches.dir, &key());
        });
    }
}

/// What is wrong with a NAR.
fn nar(error: &UpstreamError) -> Option<&NarFault> {
    match error {
        UpstreamError::Nar { fault, .. } => Some(fault),
        _ => None,
    }
}

const EACH: [Compression; 4] = [
    Compression::None,
    Compression::Gzip,
    Compression::Xz,
    Compression::Zstd,
];

#[test]
fn another_size_of_the_nar() {
    for by in [-1, 1] {
        check(
            Compression::Zstd,
            signed(|it| it.nar_size = it.nar_size.strict_add_signed(by)),
            |it| matches!(nar(it), Some(NarFault::Ingest(IngestError::Size { .. }))),
        );
    }
}

#[test]
fn another_hash_of_the_nar() {
    check(
        Compression::Zstd,
        signed(|it| it.nar_hash.0[0] ^= 1),
        |it| matches!(nar(it), Some(NarFault::Ingest(IngestError::Hash { .. }))),
    );
}

#[test]
fn another_hash_of_the_file() {
    for compression in EACH {
        check(
            compression,
            signed(|it| it.file_hash = it.file_hash.map(|_| Sha256([1; 32]))),
            |it| matches!(nar(it), Some(NarFault::FileHash)),
        );
    }
}

#[test]
fn another_size_of_the_file() {
    for by in [-1, 1] {
        check(
            Compression::Gzip,
            signed(|it| it.file_size = it.file_size.strict_add_signed(by)),
            |it| matches!(nar(it), Some(NarFault::FileSize { .. })),
        );
    }
}

#[test]
fn more_behind_the_compressed_stream() {
    let append = |caches: &Caches, folder: &Path| {
        let mut url = String::new();
        change(folder, &caches.dir, "top", |it| {
            url = it.url.to_string();
            it.file_size = 0;
        });
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(folder.join(url));
        file.unwrap().write_all(b"more").unwrap();
    };
    check(Compression::Xz, append, |it| nar(it).is_some());
}

#[test]
fn another_compression() {
    let as_other = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            it.compression = "xz".parse().unwrap();
        });
    };
    check(Compression::Zstd, as_other, |it| {
        matches!(nar(it), Some(NarFault::Compressed { .. }))
    });
    let as_none = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            it.compression = "none".parse().unwrap();
        });
    };
    check(Compression::Zstd, as_none, |it| {
        matches!(
            nar(it),
            Some(NarFault::Ingest(
                IngestError::Nar(_) | IngestError::Size { .. }
            ))
        )
    });
    let unknown = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            it.compression = "br".parse().unwrap();
        });
    };
    check(
        Compression::Zstd,
        unknown,
        |it| matches!(it, UpstreamError::Compression { compression, .. } if compression == "br"),
    );
}

#[test]
fn no_signature_or_that_of_another() {
    let is_unsigned = |it: &UpstreamError| matches!(it, UpstreamError::Unsigned { .. });
    let none = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| it.signatures.clear());
    };
    check(Compression::None, none, is_unsigned);
    let other = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            it.signatures.clear();
            // The same name, even.
            let other = SecretKey::from_seed("ours-1", &[8; 32]).unwrap();
            it.sign(&caches.dir, &other);
        });
    };
    check(Compression::None, other, is_unsigned);
    let of_another_text = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| it.references.clear());
    };
    check(Compression::None, of_another_text, is_unsigned);
}

#[test]
fn a_key_counts_for_its_own_cache_alone() {
    let caches = Caches::new();
    run(async {
        let (_, url) = caches.cache("a", Compression::None).await;
        let (_, other_url) = caches.cache("b", Compression::None).await;
        let other = SecretKey::from_seed("other-1", &[9; 32]).unwrap();
        let store = caches.store();
        let both = [
            caches.upstream(&url, Trust::Keys(vec![other.public()])),
            caches.upstream(&other_url, Trust::Keys(vec![])),
        ];
        let error = bring(&store, both, &[path("top")]).await.unwrap_err();
        let BringError::NotFound(not_found) = error else {
            panic!("{error:?}");
        };
        let is_unsigned = |it: &UpstreamError| matches!(it, UpstreamError::Unsigned { .. });
        assert!(not_found.faults.len() == 2 && not_found.faults.iter().all(is_unsigned));
        let trusted = caches.upstream(&url, Trust::Anything);
        bring(&store, [trusted], &[path("top")]).await.unwrap();
        // The signatures pass through.
        let info = store.infos().get(&path("top")).await.unwrap().unwrap();
        let names: Vec<_> = info.signatures.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["ours-1"]);
    });
}

#[test]
fn another_path() {
    check(
        Compression::None,
        |_, folder| {
            std::fs::copy(narinfo_file(folder, "leaf"), narinfo_file(folder, "top")).unwrap();
        },
        |it| matches!(it, UpstreamError::OtherPath { found, .. } if *found == path("leaf")),
    );
}

#[test]
fn a_place_outside_of_the_cache() {
    for url in [
        "http://127.0.0.1:9/a",
        "/etc/passwd",
        "../bad/x",
        "nar/../../x",
    ] {
        let absolute = |_: &Caches, folder: &Path| {
            let file = narinfo_file(folder, "top");
            let text = std::fs::read_to_string(&file).unwrap();
            let lines = text.lines().map(|it| match it.starts_with("URL: ") {
                true => format!("URL: {url}\n"),
                false => format!("{it}\n"),
            });
            std::fs::write(file, lines.collect::<String>()).unwrap();
        };
        check(Compression::None, absolute, |it| {
            matches!(
                it,
                UpstreamError::NarInfo {
                    fault: NarInfoError::Value { field: "URL", .. },
                    ..
                }
            )
        });
    }
}

#[test]
fn bombs() {
    let long = |_: &Caches, folder: &Path| {
        let file = std::fs::File::options()
            .append(true)
            .open(narinfo_file(folder, "top"));
        file.unwrap().set_len(1 << 40).unwrap();
    };
    check(Compression::None, long, |it| {
        matches!(
            it,
            UpstreamError::NarInfo {
                fault: NarInfoError::Length { .. },
                ..
            }
        )
    });
    for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        let expands = |caches: &Caches, folder: &Path| {
            let zeros = Tree::File(FileKind::Regular, vec![0; 4 << 20]).nar();
            let mut bomb = Vec::new();
            compression
                .compress(&mut zeros.as_slice(), &mut bomb)
                .unwrap();
            change(folder, &caches.dir, "top", |it| {
                std::fs::write(folder.join(it.url.as_str()), &bomb).unwrap();
                it.file_size = bomb.len() as u64;
                it.file_hash = Some(Sha256::of(&bomb));
            });
        };
        check(compression, expands, |it| {
            matches!(
                nar(it),
                Some(NarFault::Ingest(IngestError::Size { found, announced }))
                    if *found < announced + (1 << 20)
            )
        });
    }
}

#[test]
fn no_file_or_no_nar() {
    let gone = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            std::fs::remove_file(folder.join(it.url.as_str())).unwrap();
        });
    };
    check(Compression::None, gone, |it| {
        matches!(nar(it), Some(NarFault::Missing { .. }))
    });
    let cut = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            let file = std::fs::File::options()
                .write(true)
                .open(folder.join(it.url.as_str()));
            file.unwrap().set_len(it.file_size / 2).unwrap();
        });
    };
    for compression in EACH {
        check(compression, cut, |it| nar(it).is_some());
    }
    let fifo = |caches: &Caches, folder: &Path| {
        change(folder, &caches.dir, "top", |it| {
            std::fs::remove_file(folder.join(it.url.as_str())).unwrap();
            std::fs::create_dir(folder.join(it.url.as_str())).unwrap();
        });
    };
    check(Compression::None, fifo, |it| {
        matches!(nar(it), Some(NarFault::Silent(Silence::Unreadable { .. })))
    });
}

/// The path that a tree has by its content, and its narinfo's claim.
fn named(caches: &Caches, name: &str, nar: &[u8]) -> (StorePath, ContentAddress) {
    let ca = ContentAddress::Fixed {
        method: Method::Recursive,
        hash: Sha256::of(nar).into(),
    };
    let references = References::default();
    let path = caches
        .dir
        .content_path(name.parse().unwrap(), &ca, &references);
    (path.unwrap(), ca)
}

#[test]
fn what_is_named_by_content_needs_no_signature_and_must_be_it() {
    let caches = Caches::new();
    run(async {
        let (honest, evil) = (Tree::file("honest").nar(), Tree::file("evil").nar());
        let (path, ca) = named(&caches, "named", &honest);
        let tell = |folder: &Path, nar: &[u8], ca: &ContentAddress| {
            let narinfo = NarInfo {
                path: path.clone(),
                url: "nar/x.nar".parse().unwrap(),
                compression: "none".parse().unwrap(),
                file_hash: None,
                file_size: 0,
                nar_hash: Sha256::of(nar),
                nar_size: nar.len() as u64,
                references: [].into(),
                deriver: None,
                system: None,
                signatures: [].into(),
                ca: Some(*ca),
            };
            std::fs::create_dir_all(folder.join("nar")).unwrap();
            std::fs::write(folder.join("nar/x.nar"), nar).unwrap();
            std::fs::write(folder.join("nix-cache-info"), "StoreDir: /nix/store\n").unwrap();
            let name = format!("{}.narinfo", path.hash_part());
            std::fs::write(folder.join(name), narinfo.print(&caches.dir)).unwrap();
        };
        let store = caches.store();
        let one = std::slice::from_ref(&path);
        // Its NAR is another.
        let (folder, url) = caches.folder("content");
        tell(&folder, &evil, &ca);
        let lied = fault(bring(&store, [caches.ours(&url)], one).await);
        assert!(matches!(nar(&lied), Some(NarFault::Content)), "{lied:?}");
        // Even where the cache is trusted.
        let trusted = caches.upstream(&url, Trust::Anything);
        let lied = fault(bring(&store, [trusted], one).await);
        assert!(matches!(nar(&lied), Some(NarFault::Content)), "{lied:?}");
        // It says that it is named by what it has.
        tell(&folder, &evil, &named(&caches, "named", &evil).1);
        let lied = fault(bring(&store, [caches.ours(&url)], one).await);
        assert!(matches!(lied, UpstreamError::ContentAddress { .. }));
        assert!(all(&store).await.is_empty());
        tell(&folder, &honest, &ca);
        bring(&store, [caches.ours(&url)], one).await.unwrap();
        assert_eq!(all(&store).await, [path.clone()].into());
    });
}

#[test]
fn a_cache_of_another_store_or_none_at_all() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.cache("bad", Compression::None).await;
        let ask = || async {
            let store = caches.store();
            fault(bring(&store, [caches.ours(&url)], &[path("top")]).await)
        };
        let mark = folder.join("nix-cache-info");
        std::fs::write(&mark, "StoreDir: /other/store\n").unwrap();
        assert!(matches!(ask().await, UpstreamError::StoreDir { .. }));
        std::fs::write(&mark, "<html>hello: world</html>\n").unwrap();
        let html = ask().await;
        let UpstreamError::CacheInfo { fault, .. } = html else {
            panic!("{html:?}");
        };
        assert_eq!(fault, CacheInfoError::NoStoreDir);
        std::fs::remove_file(&mark).unwrap();
        assert!(matches!(ask().await, UpstreamError::NoCache { .. }));
        // A disk that is not mounted says nothing.
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(ask().await.is_silence());
        // Nor does one that goes away.
        let (folder, url) = caches.cache("goes", Compression::None).await;
        let upstream = caches.ours(&url);
        assert!(upstream.narinfo(&path("absent")).await.unwrap().is_none());
        std::fs::remove_dir_all(folder).unwrap();
        let gone = upstream.narinfo(&path("top")).await.unwrap_err();
        assert!(gone.is_silence());
    });
}

#[test]
fn no_more_is_taken_than_is_allowed() {
    let caches = Caches::new();
    run(async {
        let (_, url) = caches.cache("cache", Compression::None).await;
        let upstreams = Upstreams::new([caches.ours(&url)]);
        let store = caches.store();
        let session = store.session().unwrap();
        let (top, limits) = ([path("top")], Limits::default());
        let limited = Limits {
            nar_bytes: 1000,
            ..limits
        };
        let large = fault(session.bring(&upstreams, &top, limited, &|_| {}).await);
        assert!(matches!(large, UpstreamError::Large { limit: 1000, .. }));
        let limited = Limits { paths: 1, ..limits };
        let many = session.bring(&upstreams, &top, limited, &|_| {}).await;
        assert!(matches!(many, Err(BringError::TooMany { limit: 1 })));
        assert_eq!(all(&store).await, [path("leaf")].into());
    });
}

#[test]
fn another_build_that_refers_to_more_does_not_help() {
    let caches = Caches::new();
    run(async {
        let (folder, url) = caches.cache("cut", Compression::None).await;
        change(&folder, &caches.dir, "top", |it| {
            std::fs::remove_file(folder.join(it.url.as_str())).unwrap();
        });
        let other = caches.store();
        for (name, references) in [
            ("leaf", vec![]),
            ("more", vec![]),
            ("top", vec!["leaf", "more"]),
        ] {
            add(&other, name, &Tree::file(name), &references).await;
        }
        let (_, other_url) = caches.folder("other");
        let sending = Sending {
            keys: vec![key()],
            ..Sending::default()
        };
        let (to, top) = (caches.ours(&other_url), [path("top")]);
        other.send(&to, &top, &sending, &|_| {}).await.unwrap();
        let store = caches.store();
        let both = [caches.ours(&url), caches.ours(&other_url)];
        let missing = fault(bring(&store, both, &top).await);
        assert!(matches!(nar(&missing), Some(NarFault::Missing { .. })));
        assert_eq!(all(&store).await, [path("leaf")].into());
    });
}
