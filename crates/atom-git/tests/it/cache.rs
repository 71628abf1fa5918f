//! The cache: private, shared by processes, poisoned, killed, tidied.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use atom::refname::{AtomRef, Part};
use atom_git::cache::{Cache, SpecError};
use atom_git::remote::{Session, VersionRefs};
use testkit::env::Env;
use testkit::kill::{Victim, campaign, kill_when};

use crate::world::{Published, Remote, cache, id, options, root};

const CHILD: &str = "EKA_TEST_FETCH";

fn fetch(remote: &Remote, cache: &Cache, env: &Env, wants: &[atom::ObjectId]) {
    let mut session = Session::open(&remote.path(), &options(env, &[])).unwrap();
    let fetched = session.fetch(wants, cache).unwrap();
    assert!(fetched.missing.is_empty());
}

fn one(env: &Env) -> (Remote, Published) {
    let mut remote = Remote::new(env, "set.git");
    let published = remote.atom("a", "1.0.0");
    remote.set_refs();
    (remote, published)
}

fn packs(cache: &Cache) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(cache.git_dir().join("objects/pack")).unwrap();
    let mut files: Vec<_> = folder.map(|it| it.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn its_folders_are_the_users_own() {
    let env = Env::new();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let cache = cache(&env, "below/cache");
    for below in ["below/cache", "below/cache/git", "below/cache/refs"] {
        assert_eq!(mode(env.path(below)), 0o700, "{below}");
    }
    drop(cache);
    let shared = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(env.path("below/cache/git"), shared).unwrap();
    drop(Cache::open(&env.path("below/cache")).unwrap());
    assert_eq!(mode(env.path("below/cache/git")), 0o700);

    std::fs::remove_dir_all(env.path("below/cache/refs")).unwrap();
    std::fs::create_dir(env.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(env.path("elsewhere"), env.path("below/cache/refs")).unwrap();
    assert!(Cache::open(&env.path("below/cache")).is_err());
}

#[test]
fn many_open_it_at_once() {
    let env = Env::new();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| cache(&env, "cache"));
        }
    });
    let left = std::fs::read_dir(env.path("cache")).unwrap().count();
    assert_eq!(left, 2, "git and refs alone");
    let fsck = env.at(&env.path("cache/git"));
    assert_eq!(fsck.git(["fsck", "--strict"]), "");
}

#[test]
fn a_spec_is_held_against_its_ref_its_root_and_its_atom() {
    let env = Env::new();
    let (remote, published) = one(&env);
    let cache = cache(&env, "cache");
    assert!(cache.spec(published.spec).unwrap().is_none());
    fetch(&remote, &cache, &env, &[published.atom, published.spec]);
    let spec = cache.spec(published.spec).unwrap().unwrap();
    let atom = cache.atom_commit(published.atom).unwrap().unwrap();
    spec.check_atom(&atom).unwrap();

    let name = |id: &str, version: &str| {
        AtomRef::new(id.parse().unwrap(), version.parse().unwrap(), Part::Spec)
    };
    let refs = VersionRefs {
        atom: Some(published.atom),
        spec: Some(published.spec),
        ..VersionRefs::default()
    };
    spec.check(&name("a", "1.0.0"), &refs, root()).unwrap();
    let other = VersionRefs {
        atom: Some(published.spec),
        ..refs
    };
    let moved = VersionRefs {
        src: Some(published.spec),
        ..refs
    };
    let fork = atom::Root(published.atom);
    for (name, refs, root) in [
        (name("b", "1.0.0"), refs, root()),
        (name("a", "1.0.1"), refs, root()),
        (name("a", "1.0.0"), other, root()),
        (name("a", "1.0.0"), moved, root()),
        (name("a", "1.0.0"), refs, fork),
    ] {
        let error = spec.check(&name, &refs, root).unwrap_err();
        assert!(error.is_integrity(), "{error}");
    }
}

#[test]
fn a_spec_that_lies_or_cannot_be_read_concerns_itself_alone() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let lies = remote.atom_with(
        "a",
        "1.0.0",
        "[atom]\nid = \"a\"\nversion = \"2.0.0\"\n",
        "",
    );
    let broken = remote.atom_with("b", "1.0.0", "[atom\n", "");
    let plain = remote.plain_commit("no spec");
    let newer = remote.put(
        gix::objs::Kind::Commit,
        b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor eka <> 0 +0000\ncommitter eka <> 0 +0000\nformat 2\n\nx\n",
    );
    let blob = remote.put(gix::objs::Kind::Blob, b"blob");
    for (n, id) in [plain, newer, blob].into_iter().enumerate() {
        remote.note(&format!("refs/atoms/c/1.{n}.0/spec"), id);
    }
    remote.set_refs();
    let cache = cache(&env, "cache");
    fetch(
        &remote,
        &cache,
        &env,
        &[lies.spec, broken.spec, plain, newer, blob],
    );
    let error = |id| cache.spec(id).unwrap_err();
    assert!(error(lies.spec).is_integrity());
    assert!(matches!(error(broken.spec), SpecError::Manifest { .. }));
    assert!(matches!(error(plain), SpecError::Commit(_)));
    assert!(matches!(
        error(newer),
        SpecError::Commit(atom::commit::CommitError::UnknownFormat { format: 2 })
    ));
    assert!(matches!(error(blob), SpecError::Object(_)));
}

#[test]
fn poison_is_thrown_out_and_fetched_anew() {
    let env = Env::new();
    let (remote, published) = one(&env);
    let cache = cache(&env, "cache");
    fetch(&remote, &cache, &env, &[published.spec]);
    let good = cache.commit(published.spec).unwrap().unwrap();

    // A loose object that is another than its name says comes before any pack.
    let poison = env.repo("poison");
    let other = poison.git_with(["hash-object", "-w", "-t", "blob", "--stdin"], b"poison");
    let hex = published.spec.to_string();
    let place = cache
        .git_dir()
        .join("objects")
        .join(&hex[..2])
        .join(&hex[2..]);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let from = poison
        .path()
        .join(".git/objects")
        .join(&other[..2])
        .join(&other[2..]);
    std::fs::copy(from, &place).unwrap();
    let cache = Cache::open(&env.path("cache")).unwrap();
    let read = cache.commit(published.spec).unwrap();
    assert!(read.is_none() || read.as_ref() == Some(&good));
    assert!(!place.exists(), "poison stays");
    fetch(&remote, &cache, &env, &[published.spec]);
    assert_eq!(cache.commit(published.spec).unwrap().unwrap(), good);

    // A pack with a flipped byte in it.
    let pack = packs(&cache)
        .into_iter()
        .find(|it| it.extension().is_some_and(|it| it == "pack"));
    let pack = pack.unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[14..middle] {
        *byte ^= 0x55;
    }
    std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&pack, bytes).unwrap();
    let cache = Cache::open(&env.path("cache")).unwrap();
    assert!(cache.spec(published.spec).unwrap().is_none());
    assert_eq!(cache.missing([published.spec]), [published.spec]);
    fetch(&remote, &cache, &env, &[published.spec]);
    assert_eq!(cache.commit(published.spec).unwrap().unwrap(), good);
}

#[test]
fn many_packs_become_one_and_old_leftovers_go() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let specs: Vec<_> = (0..50)
        .map(|n| remote.atom("a", &format!("1.{n}.0")).spec)
        .collect();
    remote.set_refs();
    let cache = cache(&env, "cache");
    for spec in &specs {
        fetch(&remote, &cache, &env, &[*spec]);
    }
    let before = packs(&cache);
    assert_eq!(before.len(), 100);
    let again: Vec<_> = before.iter().map(|it| std::fs::read(it).unwrap()).collect();
    let folder = cache.git_dir().join("objects/pack");
    for leftover in [".tmpAbC", "pack-dead.pack"] {
        std::fs::write(folder.join(leftover), b"left").unwrap();
    }

    let now = SystemTime::now();
    assert_eq!(
        cache.tidy(now).unwrap().joined,
        0,
        "what is fresh may be in use"
    );
    let later = now + Duration::from_secs(7200);
    let tidied = cache.tidy(later).unwrap();
    assert_eq!((tidied.joined, tidied.swept), (50, 2));
    assert_eq!(packs(&cache).len(), 2);
    assert_eq!(cache.tidy(later).unwrap().joined, 0);
    for spec in &specs {
        assert!(cache.spec(*spec).unwrap().is_some());
    }
    let fsck = env.at(&cache.git_dir());
    let said = fsck.git(["fsck", "--strict", "--no-dangling"]);
    assert_eq!(said, "", "{said}");

    // What the one holds came once more, in many: joined they are the one, which must stay.
    for (path, bytes) in before.iter().zip(again) {
        std::fs::write(path, bytes).unwrap();
    }
    let cache = Cache::open(&env.path("cache")).unwrap();
    assert_eq!(cache.tidy(later).unwrap().joined, 51);
    assert_eq!(packs(&cache).len(), 2);
    assert_eq!(cache.missing(specs), []);
}

/// Not a test: what [`a_killed_fetch_leaves_the_cache_as_it_was_or_complete`] starts and kills.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else {
        return;
    };
    let wants = std::fs::read_to_string(folder.join("wants")).unwrap();
    let wants: Vec<_> = wants.lines().map(id).collect();
    let cache = Cache::open(&folder.join("cache")).unwrap();
    let remote = crate::world::url(folder.join("set.git").to_str().unwrap());
    let options = crate::world::options_at(&cache.git_dir(), &[]);
    let mut session = Session::open(&remote, &options).unwrap();
    session.fetch(&wants, &cache).unwrap();
}

#[test]
fn a_killed_fetch_leaves_the_cache_as_it_was_or_complete() {
    let env = Env::new();
    let mut remote = Remote::new(&env, "set.git");
    let noise = |n: u32| {
        (0..6_000_u32)
            .map(|it| format!("{:x}", it.wrapping_mul(n * 7919 + 31)))
            .collect::<String>()
    };
    let all: Vec<_> = (0..8)
        .map(|n| {
            let manifest = format!("[atom]\nid = \"a\"\nversion = \"1.{n}.0\"\n");
            remote.atom_with("a", &format!("1.{n}.0"), &manifest, &noise(n))
        })
        .collect();
    remote.set_refs();
    let wants: Vec<_> = all.iter().map(|it| it.atom).collect();
    let lines: Vec<_> = wants.iter().map(|id| format!("{id}\n")).collect();
    std::fs::write(env.path("wants"), lines.concat()).unwrap();
    let kept = remote.atom("kept", "1.0.0").spec;
    remote.set_refs();

    let tally = campaign(20, 400, |round| {
        let folder = env.path("cache");
        drop(std::fs::remove_dir_all(&folder));
        let cache = Cache::open(&folder).unwrap();
        fetch(&remote, &cache, &env, &[kept]);
        let before = packs(&cache).len();
        let mut command = env.command(std::env::current_exe().unwrap());
        command
            .args(["--exact", "cache::child"])
            .env(CHILD, env.path(""));
        let delay = Duration::from_micros(u64::from(round % 20) * 150);
        let pack_folder = cache.git_dir().join("objects/pack");
        let ended = kill_when(&mut command, Victim::Group, delay, || {
            std::fs::read_dir(&pack_folder).is_ok_and(|it| it.count() > before)
        });
        let cache = Cache::open(&folder).unwrap();
        assert!(cache.spec(kept).unwrap().is_some());
        let missing = cache.missing(wants.iter().copied()).len();
        assert!(
            missing == 0 || missing == wants.len(),
            "half of a fetch was kept"
        );
        fetch(&remote, &cache, &env, &wants);
        assert!(cache.missing(wants.iter().copied()).is_empty());
        cache
            .tidy(SystemTime::now() + Duration::from_secs(7200))
            .unwrap();
        let left = packs(&cache);
        assert!(
            left.iter()
                .all(|it| it.extension().is_some_and(|it| it == "pack" || it == "idx")),
            "{left:?}"
        );
        ended
    });
    assert!(tally.killed >= 20, "{tally:?}");
}

#[test]
fn a_pack_that_a_crash_left_empty_is_replaced() {
    let env = Env::new();
    let (remote, published) = one(&env);
    let cache = cache(&env, "cache");
    fetch(&remote, &cache, &env, &[published.atom]);
    for file in packs(&cache) {
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "").unwrap();
    }
    drop(cache);
    let cache = Cache::open(&env.path("cache")).unwrap();
    assert_eq!(cache.missing([published.atom]), [published.atom]);
    fetch(&remote, &cache, &env, &[published.atom]);
    assert_eq!(cache.missing([published.atom]), []);
}
