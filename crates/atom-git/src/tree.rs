//! Tree objects as their bytes are: nothing is normalised, so that what is odd can be seen.

use std::cmp::Ordering;

use atom::ObjectId;

/// A tree object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(Vec<u8>);

/// One entry of a tree, as its bytes have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The mode's digits, such as `100644`.
    pub mode: &'a [u8],
    /// The name: any bytes but NUL.
    pub name: &'a [u8],
    /// What it names.
    pub id: ObjectId,
}

/// What an entry of an atom can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A folder (`40000`).
    Folder,
    /// A plain file (`100644`, and the `100664` of old versions of git).
    File,
    /// A file that can be run (`100755`).
    Executable,
    /// A symbolic link (`120000`).
    Symlink,
}

/// The bytes are no list of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// The entries of a tree, in its own order.
#[derive(Debug, Clone)]
pub struct Entries<'a>(&'a [u8]);

impl Tree {
    /// Takes the bytes of a tree object, unchecked.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The entries. After a [`Malformed`] there is nothing more.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries(&self.0)
    }

    /// The first entry of that name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<Entry<'_>> {
        self.entries()
            .map_while(Result::ok)
            .find(|it| it.name == name)
    }

    /// Prints entries in the order in which they are given.
    #[must_use]
    pub fn print<'a>(entries: impl IntoIterator<Item = Entry<'a>>) -> Self {
        let mut bytes = Vec::new();
        for entry in entries {
            bytes.extend(entry.mode);
            bytes.push(b' ');
            bytes.extend(entry.name);
            bytes.push(0);
            bytes.extend(entry.id.as_bytes());
        }
        Self(bytes)
    }
}

impl Entry<'_> {
    /// What the entry is, unless no atom may hold it: a gitlink, or an odd mode.
    #[must_use]
    pub fn kind(&self) -> Option<Mode> {
        match self.mode {
            b"40000" => Some(Mode::Folder),
            b"100644" | b"100664" => Some(Mode::File),
            b"100755" => Some(Mode::Executable),
            b"120000" => Some(Mode::Symlink),
            _ => None,
        }
    }

    /// Whether the entry is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind() == Some(Mode::Folder)
    }

    /// Whether the entry is a regular file, executable or not.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.kind(), Some(Mode::File | Mode::Executable))
    }

    /// Whether the entry is another repository's commit.
    #[must_use]
    pub fn is_submodule(&self) -> bool {
        self.mode == b"160000"
    }

    /// The order of entries in a tree: by bytes, where a folder's name ends in `/`.
    #[must_use]
    pub fn tree_order(&self, other: &Self) -> Ordering {
        let shared = self.name.len().min(other.name.len());
        let after = |it: &Self| match it.name.get(shared) {
            Some(&byte) => byte,
            None if it.is_folder() => b'/',
            None => 0,
        };
        self.name[..shared]
            .cmp(&other.name[..shared])
            .then_with(|| after(self).cmp(&after(other)))
    }
}

impl Mode {
    /// The digits that git writes today.
    #[must_use]
    pub const fn digits(self) -> &'static [u8] {
        match self {
            Self::Folder => b"40000",
            Self::File => b"100644",
            Self::Executable => b"100755",
            Self::Symlink => b"120000",
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((entry, rest)) = split(self.0) else {
            self.0 = &[];
            return Some(Err(Malformed));
        };
        self.0 = rest;
        Some(Ok(entry))
    }
}

/// Splits off the first entry: mode, space, name, NUL, 20 bytes of id.
fn split(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    // The longest mode has 6 digits: no need to look further for the space.
    let space = bytes.iter().take(8).position(|&it| it == b' ')?;
    let (mode, rest) = (&bytes[..space], &bytes[space + 1..]);
    let end = rest.iter().position(|&it| it == 0)?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let (id, rest) = rest.split_first_chunk::<20>()?;
    let id = ObjectId::new(*id);
    Some((Entry { mode, name, id }, rest))
}
