//! What holds of what binary caches say, whatever the bytes: reading never panics, and what is read
//! prints to one text, which is read as the same.
//!
//! Both the fuzz targets and the ordinary tests of the nix-format crate run these.

use nix_format::{NarInfo, Realisation, StoreDir};

/// A narinfo prints to one text; nothing in it leads out of its cache, or begins another line.
pub(crate) fn narinfo(bytes: &[u8]) {
    let store = StoreDir::default();
    let Ok(narinfo) = NarInfo::parse(&store, bytes) else {
        return;
    };
    let printed = narinfo.print(&store);
    assert_eq!(
        NarInfo::parse(&store, printed.as_bytes()).as_ref(),
        Ok(&narinfo)
    );
    let place = narinfo.url.as_str().split('?').next().unwrap_or_default();
    let leads_out = |part: &str| matches!(part, "" | "." | "..");
    assert!(!place.split('/').any(leads_out) && !place.contains(':'));
    let n_lines = printed.lines().count();
    assert!(n_lines <= 11 + narinfo.signatures.len() && printed.ends_with('\n'));
    assert!(narinfo.references.len() <= NarInfo::MAX_REFERENCES);
    assert!(narinfo.fingerprint(&store).starts_with("1;/nix/store/"));
}

/// A realisation prints to one text.
pub(crate) fn realisation(bytes: &[u8]) {
    let Ok(realisation) = Realisation::parse(bytes) else {
        return;
    };
    let printed = realisation.print();
    assert_eq!(
        Realisation::parse(printed.as_bytes()).as_ref(),
        Ok(&realisation)
    );
    assert!(!printed.contains(char::is_control));
}
