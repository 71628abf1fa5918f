//! A file tree as a value, on disk, and as a NAR.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use nix_format::nar::{FileKind, Writer};
use proptest::prelude::*;

/// A node; names are bytes.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    File(FileKind, Vec<u8>),
    Symlink(Vec<u8>),
    Directory(BTreeMap<Vec<u8>, Self>),
}

impl Node {
    /// Makes the node on disk.
    pub(crate) fn write(&self, path: &Path) {
        match self {
            Self::File(kind, bytes) => {
                std::fs::write(path, bytes).unwrap();
                let mode = match kind {
                    FileKind::Regular => 0o644,
                    FileKind::Executable => 0o755,
                };
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            Self::Symlink(target) => symlink(std::ffi::OsStr::from_bytes(target), path).unwrap(),
            Self::Directory(entries) => {
                std::fs::create_dir(path).unwrap();
                for (name, node) in entries {
                    node.write(&path.join(std::ffi::OsStr::from_bytes(name)));
                }
            }
        }
    }

    /// Prints the node's NAR.
    pub(crate) fn nar(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        self.print(&mut writer).unwrap();
        writer.finish().unwrap()
    }

    fn print(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        match self {
            Self::File(kind, bytes) => {
                writer.file(*kind, bytes.len() as u64)?;
                // In pieces of three, so that seams are tried.
                bytes.chunks(3).try_for_each(|it| writer.contents(it))
            }
            Self::Symlink(target) => writer.symlink(target),
            Self::Directory(entries) => {
                writer.directory()?;
                for (name, node) in entries {
                    writer.entry(name)?;
                    node.print(writer)?;
                }
                writer.end_directory()
            }
        }
    }
}

/// A tree with every kind of node.
pub(crate) fn rich() -> Node {
    let file = |kind, bytes: &[u8]| Node::File(kind, bytes.to_vec());
    let entries = |them: Vec<(&str, Node)>| {
        let owned = them.into_iter().map(|(name, node)| (name.into(), node));
        Node::Directory(owned.collect())
    };
    entries(vec![
        ("a", file(FileKind::Regular, b"hi\n")),
        (
            "bin",
            entries(vec![
                ("link", Node::Symlink(b"../a".to_vec())),
                ("run", file(FileKind::Executable, b"#!/bin/sh\n")),
            ]),
        ),
        // Above the folder, and below what a name in the folder would make of it.
        ("bin.d", entries(vec![])),
        ("empty", file(FileKind::Regular, b"")),
        ("eight", file(FileKind::Regular, b"12345678")),
        ("folder", entries(vec![])),
        (
            "quoted\"\\\n\t\u{1}\u{1f}",
            Node::Symlink(b"/\xff".to_vec()),
        ),
    ])
}

/// Any node that a file system holds.
pub(crate) fn node() -> impl Strategy<Value = Node> {
    let name = proptest::collection::vec(1..=255_u8, 1..6).prop_filter("a file's name", |it| {
        !it.contains(&b'/') && !matches!(it.as_slice(), b"." | b"..")
    });
    let kind = prop_oneof![Just(FileKind::Regular), Just(FileKind::Executable)];
    let file = (kind, proptest::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(kind, bytes)| Node::File(kind, bytes));
    let link = proptest::collection::vec(1..=255_u8, 1..12).prop_map(Node::Symlink);
    let leaf = prop_oneof![file, link];
    leaf.prop_recursive(4, 24, 6, move |node| {
        proptest::collection::btree_map(name.clone(), node, 0..6).prop_map(Node::Directory)
    })
}
