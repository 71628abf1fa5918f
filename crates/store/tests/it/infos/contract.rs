//! What every backend of `PathInfos` and `Roots` does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use castore::{Digest, Node, Target};
use nix_format::StorePath;
use store::PathInfo;
use store::infos::{
    Collect, Collected, InfosError, Life, MemoryInfos, PathInfos, Pulse, Registered, SqliteInfos,
};
use store::roots::{LinkPath, Root};
use store::session::SessionId;
use testkit::env::Env;

use crate::world::{at, info, path, run};

/// Runs a test on each backend.
fn each<F: Future<Output = ()>>(check: impl Fn(Arc<dyn PathInfos>) -> F) {
    let env = Env::new();
    run(async {
        check(Arc::new(MemoryInfos::new())).await;
        let file = env.path("store.sqlite");
        check(Arc::new(SqliteInfos::open(&file).await.unwrap())).await;
    });
}

/// All that a row holds, filled.
fn full(name: &str, root: Node) -> PathInfo {
    PathInfo {
        root,
        nar_size: i64::MAX.unsigned_abs(),
        deriver: Some(path("a.drv")),
        signatures: [signature("one"), signature("two")].into(),
        ca: Some(CA.parse().unwrap()),
        registered: SystemTime::UNIX_EPOCH + Duration::from_nanos(1_234_567_890_123_456_789),
        ..info(name, &[])
    }
}

const CA: &str = "fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";

pub(super) fn signature(key: &str) -> nix_format::Signature {
    let zeros = "A".repeat(86);
    format!("{key}:{zeros}==").parse().unwrap()
}

#[test]
fn what_is_registered_is_found_as_it_was() {
    each(async |infos| {
        let digest = Digest::of(b"a");
        let target = Target::new(b"../\xff".as_slice()).unwrap();
        let size = i64::MAX.unsigned_abs();
        let roots = [
            Node::Directory { digest, size },
            Node::Symlink { target },
            Node::File {
                digest,
                size: 0,
                executable: true,
            },
            Node::File {
                digest,
                size,
                executable: false,
            },
        ];
        for (name, root) in ["a", "b", "c", "d"].into_iter().zip(roots) {
            let info = full(name, root);
            assert_eq!(infos.get(&info.path).await.unwrap(), None);
            let found = infos.register(std::slice::from_ref(&info)).await.unwrap();
            assert_eq!(found, [Registered::New]);
            assert_eq!(infos.get(&info.path).await.unwrap(), Some(info.clone()));
            let hash = info.path.hash_bytes();
            assert_eq!(infos.find(hash).await.unwrap(), Some(info.clone()));
            let namesake = StorePath::from_parts(*hash, "z".parse().unwrap());
            assert_eq!(infos.get(&namesake).await.unwrap(), None);
        }
    });
}

#[test]
fn the_first_write_wins() {
    each(async |infos| {
        let first = info("a", &[]);
        let same = PathInfo {
            deriver: Some(path("x.drv")),
            ..first.clone()
        };
        let other = PathInfo {
            nar_hash: info("b", &[]).nar_hash,
            ..first.clone()
        };
        let all = [first.clone(), same, other];
        let found = infos.register(&all).await.unwrap();
        let expected = [Registered::New, Registered::Known, Registered::Differs];
        assert_eq!(found, expected);
        assert_eq!(infos.get(&first.path).await.unwrap(), Some(first));
    });
}

#[test]
fn a_hash_part_belongs_to_one_name() {
    each(async |infos| {
        let a = info("a", &[]);
        let mut forged = info("b", &[]);
        forged.path = StorePath::from_parts(*a.path.hash_bytes(), "b".parse().unwrap());
        infos.register(std::slice::from_ref(&a)).await.unwrap();
        let batch = [info("c", &[]), forged.clone()];
        match infos.register(&batch).await {
            Err(InfosError::HashTaken { path, present }) => {
                assert_eq!((path, present), (forged.path.clone(), a.path.clone()));
            }
            it => panic!("{it:?}"),
        }
        assert_eq!(infos.get(&path("c")).await.unwrap(), None, "all or none");
        // Whoever refers to the forged one does not mean the present one.
        let refers = PathInfo {
            references: [forged.path.clone()].into(),
            ..info("d", &[])
        };
        missing(&*infos, &[refers], "d", [forged.path]).await;
    });
}

#[test]
fn what_is_registered_is_closed() {
    each(async |infos| {
        missing(
            &*infos,
            &[info("a", &[]), info("b", &["a", "c", "d"])],
            "b",
            [path("c"), path("d")],
        )
        .await;
        assert_eq!(infos.get(&path("a")).await.unwrap(), None, "all or none");
        // In any order, in circles, and to itself.
        let circle = [info("a", &["b"]), info("b", &["a", "b"])];
        let found = infos.register(&circle).await.unwrap();
        assert_eq!(found, [Registered::New, Registered::New]);
        let referrers = async |name| infos.referrers(&path(name)).await.unwrap();
        assert_eq!(referrers("a").await, [path("b")].into());
        assert_eq!(referrers("b").await, [path("a"), path("b")].into());
        assert_eq!(referrers("c").await, [].into());
        let known = PathInfo {
            references: [path("gone")].into(),
            ..info("a", &[])
        };
        let found = infos.register(&[known]).await.unwrap();
        assert_eq!(found, [Registered::Known], "what it said first counts");
    });
}

async fn missing(
    infos: &dyn PathInfos,
    batch: &[PathInfo],
    of: &str,
    expected: impl IntoIterator<Item = StorePath>,
) {
    let expected: BTreeSet<_> = expected.into_iter().collect();
    match infos.register(batch).await {
        Err(InfosError::MissingReferences { path: it, missing }) => {
            assert_eq!(it, path(of));
            assert_eq!(missing.into_iter().collect::<BTreeSet<_>>(), expected);
        }
        it => panic!("{it:?}"),
    }
}

#[test]
fn sizes_beyond_the_database_are_refused() {
    each(async |infos| {
        let huge = PathInfo {
            nar_size: 1 << 63,
            ..info("a", &[])
        };
        let refused = infos.register(&[huge]).await;
        assert!(matches!(refused, Err(InfosError::TooLarge { .. })));
    });
}

#[test]
fn signatures_come_together() {
    each(async |infos| {
        let more = [signature("one"), signature("two")].into();
        assert!(!infos.sign(&path("a"), &more).await.unwrap());
        let a = PathInfo {
            signatures: [signature("one")].into(),
            ..info("a", &[])
        };
        infos.register(&[a]).await.unwrap();
        assert!(infos.sign(&path("a"), &more).await.unwrap());
        let a = infos.get(&path("a")).await.unwrap().unwrap();
        assert_eq!(a.signatures, more);
    });
}

#[test]
fn all_are_listed_page_by_page() {
    each(async |infos| {
        let names = ["a", "b", "c", "d", "e"];
        let all: Vec<_> = names.iter().map(|it| info(it, &["a"])).collect();
        infos.register(&all).await.unwrap();
        let mut listed = Vec::new();
        loop {
            let after = listed.last().map(|it: &PathInfo| it.path.clone());
            let page = infos.list(after.as_ref(), 2).await.unwrap();
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        let mut expected = all;
        expected.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(listed, expected);
    });
}

/// Says of what lives by name.
#[derive(Default)]
struct Alive(BTreeSet<String>);

impl Life for Alive {
    fn session(&self, session: &SessionId) -> Pulse {
        self.pulse(session.as_str())
    }

    fn link(&self, link: &Path, path: &StorePath) -> Pulse {
        self.pulse(&format!("{} {}", link.display(), path.name().as_str()))
    }
}

impl Alive {
    fn pulse(&self, name: &str) -> Pulse {
        if self.0.contains(name) {
            Pulse::Alive
        } else {
            Pulse::Dead
        }
    }
}

fn session(digit: char) -> SessionId {
    std::iter::repeat_n(digit, 32)
        .collect::<String>()
        .parse()
        .unwrap()
}

fn link(text: &str) -> Root {
    Root::Link(LinkPath::new(Path::new(text)).unwrap())
}

/// Collects all that came before the second second.
async fn collect(infos: &dyn PathInfos, alive: &[&str], mode: Collect) -> Collected {
    let alive = alive.iter().map(|it| (*it).to_owned()).collect();
    infos
        .collect(Arc::new(Alive(alive)), at(2), mode)
        .await
        .unwrap()
}

async fn names(infos: &dyn PathInfos) -> Vec<String> {
    let all = infos.list(None, usize::MAX).await.unwrap();
    let names = all.iter().map(|it| it.path.name().as_str().to_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn roots_keep_their_closures() {
    each(async |infos| {
        let all = [
            info("app", &["lib"]),
            info("lib", &["libc", "lib"]),
            info("libc", &[]),
            info("old", &["libc"]),
            info("circle", &["circle2"]),
            info("circle2", &["circle"]),
        ];
        infos.register(&all).await.unwrap();
        let root = Root::Named("x".parse().unwrap());
        let there = infos
            .keep(&root, &[path("app"), path("none")])
            .await
            .unwrap();
        assert_eq!(there, [true, false]);
        let mut garbage = vec![(path("circle"), 7), (path("circle2"), 7), (path("old"), 7)];
        garbage.sort();
        let dry = collect(&*infos, &[], Collect::Dry).await;
        assert_eq!((&dry.paths, dry.roots.len()), (&garbage, 0));
        assert_eq!(names(&*infos).await.len(), all.len(), "nothing was done");
        assert_eq!(collect(&*infos, &[], Collect::Really).await, dry);
        assert_eq!(names(&*infos).await, ["app", "lib", "libc"]);
        assert_eq!(
            infos.referrers(&path("libc")).await.unwrap(),
            [path("lib")].into()
        );
        assert_eq!(infos.release(&root).await.unwrap(), 2);
        assert_eq!(collect(&*infos, &[], Collect::Really).await.paths.len(), 3);
        assert_eq!(names(&*infos).await, [""; 0]);
    });
}

#[test]
fn roots_that_die_are_forgotten() {
    each(async |infos| {
        let all = ["a", "b", "c", "d"].map(|it| info(it, &[]));
        infos.register(&all).await.unwrap();
        let (living, dead) = (session('a'), session('b'));
        let pairs = [
            (link("/l"), "a"),
            (link("/l"), "b"),
            (Root::Session(living.clone()), "c"),
            (Root::Session(dead.clone()), "d"),
        ];
        for (root, name) in &pairs {
            assert_eq!(infos.keep(root, &[path(name)]).await.unwrap(), [true]);
        }
        let mut roots = infos.roots().await.unwrap();
        assert!(roots.is_sorted());
        assert_eq!(roots.len(), 4);
        // A link that points at one of two no longer keeps the other.
        let alive = ["/l b", living.as_str()];
        let collected = collect(&*infos, &alive, Collect::Really).await;
        assert_eq!(names(&*infos).await, ["b", "c"]);
        let gone = [(link("/l"), path("a")), (Root::Session(dead), path("d"))];
        assert_eq!(collected.roots, gone);
        roots.retain(|it| !gone.contains(it));
        assert_eq!(infos.roots().await.unwrap(), roots);
    });
}

#[test]
fn what_came_lately_stays_with_all_it_refers_to() {
    each(async |infos| {
        let old = [info("a", &[]), info("b", &["a"]), info("c", &[])];
        infos.register(&old).await.unwrap();
        let late = |name| PathInfo {
            registered: at(2),
            ..info(name, &[])
        };
        let other = PathInfo {
            nar_hash: info("x", &[]).nar_hash,
            ..late("c")
        };
        infos.register(&[late("b"), other]).await.unwrap();
        collect(&*infos, &[], Collect::Really).await;
        assert_eq!(
            names(&*infos).await,
            ["a", "b"],
            "another NAR renews nothing"
        );
        let b = infos.get(&path("b")).await.unwrap().unwrap();
        assert_eq!(b.registered, at(1), "when it came first");
    });
}

#[test]
fn a_root_may_come_before_its_path() {
    each(async |infos| {
        let root = Root::Session(session('a'));
        infos.keep(&root, &[path("a")]).await.unwrap();
        infos.register(&[info("a", &[])]).await.unwrap();
        collect(&*infos, &[session('a').as_str()], Collect::Really).await;
        assert_eq!(names(&*infos).await, ["a"]);
    });
}
