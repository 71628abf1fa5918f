//! Narinfos that Nix reads but does not write: it prints them as we do, when it adds a signature.

use nix_format::NarInfo;
use testkit::nix;
use testkit::tools;

use crate::cache::{World, text};

/// The text that Nix makes of a narinfo by adding a signature; `None` where it does not read it.
fn rewritten(world: &World, path: &str, hash: &str, text: &str) -> Option<String> {
    let (_, key) = world.ours(7);
    let cache = world.store.env().path("loose");
    std::fs::remove_dir_all(&cache).ok();
    std::fs::create_dir(&cache).unwrap();
    let info = format!("StoreDir: {}\n", world.dir);
    std::fs::write(cache.join("nix-cache-info"), info).unwrap();
    let file = cache.join(format!("{hash}.narinfo"));
    std::fs::write(&file, text).unwrap();
    // Nix remembers what it once read.
    std::fs::remove_dir_all(world.store.env().path("home/.cache")).ok();
    let url = format!("file://{}", cache.display());
    let mut sign = world.store.command("nix");
    sign.args(["store", "sign", "--store", &url, "--key-file"]);
    let out = sign.arg(&key).arg(path).output().unwrap();
    out.status.success().then(|| crate::cache::text(&file))
}

/// A line that is taken out, one that is put at the end, whether Nix reads the rest, whether we do.
/// `BASE` stands for the path's base name, `SIG` for its signature.
const CASES: &[(&str, &str, bool, bool)] = &[
    ("", "", true, true),
    ("", "Unknown: x", true, true),
    ("", "System: x86_64-linux", true, true),
    ("", "System: ", true, true),
    ("", "CA: ", true, true),
    ("", "Sig: SIG", true, true),
    ("", "Sig: ZSIG", true, true),
    ("", "Sig: Z:AAAA", true, false),
    ("", "Sig: ", true, false),
    ("", "NarSize: 7", true, false),
    ("", "URL: nar/x", true, false),
    ("", "Unknown", false, false),
    ("URL", "URL: nar/x.nar?a=b", true, true),
    ("URL", "URL: http://host/x", true, false),
    ("URL", "URL: ../x", true, false),
    ("URL", "URL: /etc/passwd", true, false),
    ("URL", "URL: ", false, false),
    ("Compression", "Unknown: x", true, true),
    ("Compression", "Compression: ", true, true),
    ("Compression", "Compression: none", true, true),
    ("Deriver", "Unknown: x", true, true),
    ("Deriver", "Deriver: unknown-deriver", true, true),
    ("Deriver", "Deriver: ", false, false),
    ("FileSize", "Unknown: x", true, true),
    ("FileSize", "FileSize: +7", true, false),
    ("FileSize", "FileSize: 007", true, false),
    ("FileSize", "FileSize: -7", false, false),
    ("FileSize", "FileSize: 18446744073709551615", true, true),
    ("FileSize", "FileSize: 18446744073709551616", false, false),
    ("References", "Unknown: x", true, true),
    ("References", "References:   BASE  BASE ", true, true),
    ("References", "References: /x", false, false),
    ("NarSize", "Unknown: x", false, false),
    ("NarSize", "NarSize: 0", false, false),
    ("NarHash", "Unknown: x", false, false),
    ("NarHash", "NarHash: sha256:x", false, false),
    ("StorePath", "Unknown: x", false, false),
    ("StorePath", "StorePath: BASE", false, false),
    ("URL", "Unknown: x", false, false),
];

#[test]
fn what_nix_reads_loosely_prints_alike() {
    if !tools::have(nix::PROGRAMS) {
        return;
    }
    let world = World::new();
    let cache = world.cache("cache", "compression=xz");
    let path = world
        .built
        .iter()
        .find(|it| it.ends_with("-plain"))
        .unwrap();
    let hash = world.dir.parse(path).unwrap().hash_part();
    let text = text(&cache.join(format!("{hash}.narinfo")));
    let base = path.rsplit('/').next().unwrap();
    let signature = text
        .lines()
        .find_map(|it| it.strip_prefix("Sig: "))
        .unwrap();
    let case = |&(without, with, theirs, ours): &(&str, &str, bool, bool)| {
        let kept = text
            .lines()
            .filter(|it| without.is_empty() || !it.starts_with(without));
        let with = with.replace("BASE", base).replace("SIG", signature);
        let with = Some(with).filter(|it| !it.is_empty());
        let lines = kept.map(str::to_owned).chain(with);
        (lines.map(|it| it + "\n").collect::<String>(), theirs, ours)
    };
    let mut cases: Vec<_> = CASES.iter().map(case).collect();
    let reversed = text.lines().rev().map(|it| format!("{it}\n")).collect();
    cases.push((reversed, true, true));
    cases.push((format!("{text}Unknown: x"), false, false));
    cases.push((format!("\n{text}"), false, false));
    let (key, _) = world.ours(7);
    for (text, theirs, ours) in cases {
        let theirs_text = rewritten(&world, path, &hash, &text);
        assert_eq!(theirs_text.is_some(), theirs, "Nix: {text}");
        let read = NarInfo::parse(&world.dir, text.as_bytes());
        assert_eq!(read.is_ok(), ours, "{read:?}: {text}");
        if let (Ok(mut read), Some(theirs)) = (read, theirs_text) {
            read.sign(&world.dir, &key);
            assert_eq!(read.print(&world.dir), theirs);
            assert_eq!(NarInfo::parse(&world.dir, theirs.as_bytes()), Ok(read));
        }
    }
}
