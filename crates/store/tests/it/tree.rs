//! A file tree as a value: its NAR, and the node that it has in a store.

use std::collections::BTreeMap;
use std::io;

use castore::{Digest, Directory, Name, Node, Target};
use nix_format::nar::{FileKind, Writer};
use proptest::prelude::*;

/// A node; names are bytes.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    File(FileKind, Vec<u8>),
    Symlink(Vec<u8>),
    Directory(BTreeMap<Vec<u8>, Self>),
}

impl Tree {
    /// A plain file.
    pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Self {
        Self::File(FileKind::Regular, bytes.into())
    }

    /// A directory of these.
    pub(crate) fn directory<'n>(entries: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Directory(entries.map(|it| (it.0.as_bytes().to_vec(), it.1)).collect())
    }

    /// Its NAR.
    pub(crate) fn nar(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        self.print(&mut writer).unwrap();
        writer.finish().unwrap()
    }

    fn print(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        match self {
            Self::File(kind, bytes) => {
                writer.file(*kind, bytes.len() as u64)?;
                bytes.chunks(70_000).try_for_each(|it| writer.contents(it))
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

    /// Its node, and all blobs it is made of.
    pub(crate) fn node(&self, blobs: &mut BTreeMap<Digest, Vec<u8>>) -> Node {
        let mut put = |bytes: Vec<u8>| {
            let digest = Digest::of(&bytes);
            blobs.insert(digest, bytes);
            digest
        };
        match self {
            Self::File(kind, bytes) => Node::File {
                digest: put(bytes.clone()),
                size: bytes.len() as u64,
                executable: *kind == FileKind::Executable,
            },
            Self::Symlink(target) => Node::Symlink {
                target: Target::new(target.as_slice()).unwrap(),
            },
            Self::Directory(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|it| (Name::new(it.0.as_slice()).unwrap(), it.1.node(blobs)))
                    .collect();
                let directory = Directory::new(entries).unwrap();
                blobs.insert(directory.digest(), directory.print());
                directory.node()
            }
        }
    }
}

/// Small trees, with now and then a file that is long.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    let name = prop::collection::vec(
        any::<u8>().prop_filter("no name has it", |it| !b"/\0".contains(it)),
        1..6,
    );
    let name = name.prop_filter("another directory", |it| it != b"." && it != b"..");
    let kind = prop_oneof![Just(FileKind::Regular), Just(FileKind::Executable)];
    let bytes = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 1_000_000..1_200_000_usize).prop_map(|it| vec![it.0; it.1]),
    ];
    let target = prop::collection::vec(1..=u8::MAX, 1..20);
    let leaf = prop_oneof![
        3 => (kind, bytes).prop_map(|it| Tree::File(it.0, it.1)),
        1 => target.prop_map(Tree::Symlink),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop::collection::btree_map(name.clone(), inner, 0..6).prop_map(Tree::Directory)
    })
}
