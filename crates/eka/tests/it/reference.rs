//! The generated pages of the reference are as the code has them.

use std::path::Path;

/// Where set, the pages are written instead of compared.
const UPDATE: &str = "UPDATE_PAGES";

#[test]
fn pages_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, page) in eka::reference::pages() {
        let path = folder.join(name);
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == page,
            "`docs/reference/{name}` is old: `{UPDATE}=1 cargo test -p eka` writes it"
        );
    }
}
