//! Known answers for what follows a store's path.

use refscan::{StoreSpec, references};

const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

#[track_caller]
fn check(text: &str, spec: &StoreSpec<'_>, expected: &[&str]) {
    let found: Vec<_> = references(text.as_bytes(), spec)
        .map(|name| str::from_utf8(name).unwrap())
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn a_derivation_yields_its_references_in_order() {
    let path = |digit: &str, name: &str| format!("{}-{name}", digit.repeat(32));
    let (out, bash, source) = (path("0", "x-1"), path("1", "bash.drv"), path("2", "s.sh"));
    let text = format!(
        r#"Derive([("out","/nix/store/{out}","","")],[("/nix/store/{bash}",["out"])],["/nix/store/{source}"],"x86_64-linux","/nix/store/{bash}/bin/sh",["-e","/nix/store/{source}"],[("out","/nix/store/{out}")])"#
    );
    let (out, bash, source) = (&*out, &*bash, &*source);
    check(
        &text,
        &StoreSpec::NIX,
        &[out, bash, source, bash, source, out],
    );
    check(&text, &StoreSpec::YZIX, &[]);
}

#[test]
fn yzix_names_are_found() {
    let name = "4Zx1PBoft1YyAuKdhjAY1seZFHloxQ+8voHQRkRMuys";
    let text = format!("/yzixs/{name}: ASCII text");
    check(&text, &StoreSpec::YZIX, &[name]);
    check(&text, &StoreSpec::NIX, &[]);
}

#[test]
fn the_path_to_the_store_alone_is_no_reference() {
    for spec in [StoreSpec::NIX, StoreSpec::YZIX] {
        let path = str::from_utf8(spec.path_to_store()).unwrap();
        check(path, &spec, &[]);
        check(&format!("{path}/"), &spec, &[]);
        check(&format!("{path}/ {path}/a {path}//"), &spec, &[]);
        check(&path.repeat(3), &spec, &[]);
    }
}

#[test]
fn a_store_within_a_store_hides_nothing() {
    let name = format!("{HASH}-x");
    check(
        &format!("/nix/store/nix/store/{name}"),
        &StoreSpec::NIX,
        &[&name],
    );
    check(
        &format!("/nix/store//nix/store/{name}"),
        &StoreSpec::NIX,
        &[&name],
    );
    check(&format!("/nix/nix/store/{name}"), &StoreSpec::NIX, &[&name]);
}

#[test]
fn either_separator_ends_the_path() {
    let name = format!("{HASH}-x");
    check(
        &format!("/nix/store\\{name}\\bin"),
        &StoreSpec::NIX,
        &[&name],
    );
    let windows = StoreSpec::NIX.at(b"C:\\nix").unwrap();
    check(
        &format!("C:\\nix\\{name}C:\\nix/{HASH}"),
        &windows,
        &[&format!("{name}C"), HASH],
    );
    let anywhere = StoreSpec::NIX.at(b"").unwrap();
    check(
        &format!("/{name}/{HASH}/{HASH}!"),
        &anywhere,
        &[&name, HASH, HASH],
    );
}

#[test]
fn a_hash_is_whole_and_of_its_alphabet() {
    check(&format!("/nix/store/{}", &HASH[1..]), &StoreSpec::NIX, &[]);
    check(
        &format!("/nix/store/e{}-x", &HASH[1..]),
        &StoreSpec::NIX,
        &[],
    );
    check(
        &format!("/nix/store/{}u-x", &HASH[1..]),
        &StoreSpec::NIX,
        &[],
    );
    check(&format!("/nix/store/{HASH}"), &StoreSpec::NIX, &[HASH]);
    check(&format!("/nix/store/{HASH}/bin"), &StoreSpec::NIX, &[HASH]);
    check(
        &format!("/nix/store/{HASH}-é"),
        &StoreSpec::NIX,
        &[&format!("{HASH}-")],
    );
}

#[test]
fn a_name_is_cut_at_255_bytes() {
    let long = format!("{HASH}-{}", "a".repeat(222));
    assert_eq!(long.len(), 255);
    check(&format!("/nix/store/{long}"), &StoreSpec::NIX, &[&long]);
    check(&format!("/nix/store/{long}b"), &StoreSpec::NIX, &[&long]);
}

#[test]
fn names_may_be_rewritten_there_and_back() {
    let text = format!("/nix/store/{HASH}-a /nix/store/{HASH}-b");
    let mut bytes = text.clone().into_bytes();
    let other = [b'9'; 32];
    let graft = |bytes: &mut [u8], from: &[u8], to: &[u8]| {
        let names = references(bytes, &StoreSpec::NIX);
        let mut n_changed = 0;
        for name in names.filter(|name| name.starts_with(from)) {
            name[..32].copy_from_slice(to);
            n_changed += 1;
        }
        n_changed
    };
    assert_eq!(graft(&mut bytes, HASH.as_bytes(), &other), 2);
    let nines = text.replace(HASH, &"9".repeat(32));
    assert_eq!(str::from_utf8(&bytes).unwrap(), nines);
    assert_eq!(graft(&mut bytes, &other, HASH.as_bytes()), 2);
    assert_eq!(str::from_utf8(&bytes).unwrap(), text);
}
