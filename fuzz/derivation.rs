//! What holds of every derivation, whatever the bytes: reading never panics, and what is read is
//! printed back.
//!
//! Both the fuzz target and the ordinary tests of the nix-format crate run these.

use nix_format::StoreDir;
use nix_format::derivation::Derivation;

/// A derivation prints as it was read, and nothing that is asked of it panics.
pub(crate) fn drv(bytes: &[u8]) {
    let store = StoreDir::default();
    if let Ok(derivation) = Derivation::parse(&store, bytes) {
        assert_eq!(derivation.print(&store), bytes);
        drop(derivation.kind());
    }
}
