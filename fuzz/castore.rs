//! What holds of every directory, whatever the bytes: what is read prints as itself.
//!
//! Both the fuzz target and the ordinary tests of the castore crate run this.

use castore::{Directory, Node};

/// A directory prints as it was read, and is the same when it is made of its entries.
pub(crate) fn directory(bytes: &[u8]) {
    let Ok(directory) = Directory::parse(bytes) else {
        return;
    };
    assert_eq!(directory.print(), bytes);
    let entries = directory.entries().iter().rev();
    let entries = entries.map(|it| (it.name.clone(), it.node.clone()));
    assert_eq!(Directory::new(entries), Ok(directory.clone()));
    let n_nodes = |node: &Node| u128::from(node.n_nodes().expect("the sum was counted"));
    let sum: u128 = directory.entries().iter().map(|it| n_nodes(&it.node)).sum();
    assert_eq!(sum, u128::from(directory.size()));
    for entry in directory.entries() {
        assert_eq!(directory.get(entry.name.as_bytes()), Some(&entry.node));
    }
}
