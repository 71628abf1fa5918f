//! Hashes, against `nix hash` and `nix-hash`.

use nix_format::{Algorithm, Hash};
use testkit::env::Env;
use testkit::nix::NixStore;
use testkit::repo::run;
use testkit::tools;

/// What a command prints, a line each.
fn lines(store: &NixStore, program: &str, arguments: &[&str]) -> Vec<String> {
    let mut command = store.command(program);
    let out = run(command.args(arguments)).stdout;
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn samples(algorithm: Algorithm) -> Vec<Hash> {
    let bytes = [&b""[..], b"a", b"abc", &[0xff; 200]];
    let mut samples: Vec<_> = bytes.iter().map(|it| Hash::of(algorithm, it)).collect();
    for byte in [0, 1, 0x80, 0xff] {
        let bytes = vec![byte; algorithm.digest_bytes()];
        samples.extend(Hash::from_bytes(algorithm, &bytes));
    }
    samples
}

#[test]
fn each_form_is_printed_and_read_as_by_nix() {
    if !tools::have(&["nix", "nix-hash"]) {
        return;
    }
    let store = NixStore::new(&Env::new());
    for algorithm in Algorithm::ALL {
        let samples = samples(algorithm);
        let sri: Vec<String> = samples.iter().map(Hash::sri).collect();
        for (form, ours) in [
            ("to-base16", Hash::base16 as fn(&Hash) -> String),
            ("to-base32", Hash::base32),
            ("to-base64", Hash::base64),
            ("to-sri", Hash::sri),
        ] {
            let mut arguments = vec!["hash", form];
            arguments.extend(sri.iter().map(String::as_str));
            let theirs = lines(&store, "nix", &arguments);
            let ours: Vec<String> = samples.iter().map(ours).collect();
            assert_eq!(theirs, ours, "{algorithm} {form}");
            for (text, hash) in theirs.iter().zip(&samples) {
                assert_eq!(Hash::parse_as(text, algorithm), Ok(*hash));
            }
        }
        let printed: Vec<String> = samples.iter().map(Hash::to_string).collect();
        let mut arguments = vec!["hash", "to-sri"];
        arguments.extend(printed.iter().map(String::as_str));
        assert_eq!(lines(&store, "nix", &arguments), sri);
    }
}

#[test]
fn files_hash_as_by_nix() {
    if !tools::have(&["nix-hash"]) {
        return;
    }
    let env = Env::new();
    let store = NixStore::new(&env);
    let file = env.path("file");
    std::fs::write(&file, "abc").unwrap();
    for algorithm in Algorithm::ALL {
        let hash = Hash::of(algorithm, b"abc");
        for (form, ours) in [(None, hash.base16()), (Some("--base32"), hash.base32())] {
            let mut arguments = vec!["--flat", "--type", algorithm.as_str()];
            arguments.extend(form);
            arguments.push(file.to_str().unwrap());
            assert_eq!(lines(&store, "nix-hash", &arguments), [ours]);
        }
    }
}

#[test]
fn what_nix_reads_we_read_but_for_what_is_said() {
    if !tools::have(&["nix"]) {
        return;
    }
    let store = NixStore::new(&Env::new());
    let hash = Hash::of(Algorithm::Sha256, b"abc");
    let (hex, base32, base64) = (hash.base16(), hash.base32(), hash.base64());
    let plain = base64.trim_end_matches('=');
    // Whether Nix reads it, and whether we do.
    for (text, theirs, ours) in [
        (format!("sha256:{hex}"), true, true),
        (format!("sha256:{}", hex.to_uppercase()), true, true),
        (format!("sha256:{base32}"), true, true),
        (format!("sha256:{base64}"), true, true),
        (format!("sha256-{base64}"), true, true),
        (format!("sha256-{plain}"), true, true),
        (format!("sha256-{}1=", &base64[..42]), true, true),
        (format!("sha256-{plain}=A"), true, false),
        (format!("sha256-{plain}\n"), true, false),
        (hex.clone(), false, false),
        (format!("sha256-{hex}"), false, false),
        (format!("sha256-{base32}"), false, false),
        (format!("SHA256:{hex}"), false, false),
        (format!("sha1:{hex}"), false, false),
        (format!("sha256:{plain}"), false, false),
        (format!("sha256-{plain}A"), false, false),
        (format!("sha256:{}", base32.to_uppercase()), false, false),
        (format!("sha256:z{}", &base32[1..]), false, false),
        (format!("sha256: {}", &hex[1..]), false, false),
        ("sha256:".to_owned(), false, false),
    ] {
        let mut nix = store.command("nix");
        let out = nix.args(["hash", "to-base16", &text]).output().unwrap();
        assert_eq!(out.status.success(), theirs, "{text}");
        let read = Hash::parse(&text);
        assert_eq!(read.is_ok(), ours, "{text} {read:?}");
        if let Ok(read) = read {
            assert_eq!(String::from_utf8(out.stdout).unwrap().trim(), read.base16());
        }
    }
}
