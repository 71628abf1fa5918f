//! What a store path looks like: where the store is, and which bytes its names have.

use core::error::Error;
use core::fmt;

use crate::mask::{Mask, MaskError};

/// The most bytes that a base name has: file systems allow no more.
pub const NAME_MAX: usize = 255;

/// The shape of the store paths of one store.
///
/// A base name stands after the path to the store and a separator (`/` or `\`), begins with exactly
/// [`hash_len`](Self::hash_len) bytes of the hash part, goes on while bytes are allowed in the rest,
/// and has at most [`NAME_MAX`] bytes; what would be longer is cut there.
///
/// ```
/// use refscan::{Mask, StoreSpec};
///
/// let hex = Mask::new(b"0123456789abcdef")?;
/// let rest = Mask::new(b"-.abcdefghijklmnopqrstuvwxyz0123456789")?;
/// let spec = StoreSpec::new(b"/opt/store", hex, 40, rest)?;
/// assert_eq!(StoreSpec::NIX.at(b"/gnu/store")?.hash_len(), 32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSpec<'a> {
    path_to_store: &'a [u8],
    hash: Mask,
    hash_len: usize,
    rest: Mask,
}

/// Why parts make no [`StoreSpec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecError {
    /// The path to the store ends with a separator, which belongs to the search.
    TrailingSeparator,
    /// The hash part has no byte, or more than a base name can have.
    HashLength {
        /// The length that was asked for, in bytes.
        length: usize,
    },
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrailingSeparator => f.write_str("the path to the store ends with a separator"),
            Self::HashLength { length } => {
                write!(f, "a hash part of {length} bytes: it has 1 to {NAME_MAX}")
            }
        }
    }
}

impl Error for SpecError {}

impl StoreSpec<'static> {
    /// Nix's store: `/nix/store/<32 of base32>-<name>`.
    pub const NIX: Self = Self {
        path_to_store: b"/nix/store",
        hash: mask(b"0123456789abcdfghijklmnpqrsvwxyz"),
        hash_len: 32,
        rest: REST,
    };

    /// Yzix's store: `/yzixs/<43 of base64>`, with `+` and `_`.
    pub const YZIX: Self = Self {
        path_to_store: b"/yzixs",
        hash: mask(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+_"),
        hash_len: 43,
        rest: REST,
    };
}

/// The bytes of Nix's names (`libstore/path.cc`, `checkName`).
const REST: Mask = mask(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._?=");

/// A mask of bytes that are known to make one; else the crate does not compile.
const fn mask(bytes: &[u8]) -> Mask {
    match Mask::new(bytes) {
        Ok(mask) => mask,
        Err(MaskError::Ends { .. } | MaskError::NotAscii { .. }) => unreachable!(),
    }
}

impl<'a> StoreSpec<'a> {
    /// Joins the parts: the path to the store without a separator at its end (it may be empty), the
    /// bytes of the hash part and their exact number, and the bytes of the rest.
    ///
    /// # Errors
    ///
    /// [`SpecError::TrailingSeparator`] where the path ends with `/` or `\`;
    /// [`SpecError::HashLength`] unless the length is 1 to [`NAME_MAX`].
    pub const fn new(
        path_to_store: &'a [u8],
        hash: Mask,
        hash_len: usize,
        rest: Mask,
    ) -> Result<Self, SpecError> {
        if let [.., b'/' | b'\\'] = path_to_store {
            return Err(SpecError::TrailingSeparator);
        }
        if hash_len == 0 || hash_len > NAME_MAX {
            return Err(SpecError::HashLength { length: hash_len });
        }
        Ok(Self {
            path_to_store,
            hash,
            hash_len,
            rest,
        })
    }

    /// Returns the same shape of names in a store elsewhere.
    ///
    /// # Errors
    ///
    /// [`SpecError::TrailingSeparator`] where the path ends with `/` or `\`.
    pub const fn at(self, path_to_store: &[u8]) -> Result<StoreSpec<'_>, SpecError> {
        StoreSpec::new(path_to_store, self.hash, self.hash_len, self.rest)
    }

    /// Returns the path to the store, without a separator at its end.
    #[must_use]
    pub const fn path_to_store(&self) -> &'a [u8] {
        self.path_to_store
    }

    /// Returns the bytes of the hash part.
    #[must_use]
    pub const fn hash(&self) -> Mask {
        self.hash
    }

    /// Returns the length of the hash part in bytes, 1 to [`NAME_MAX`].
    #[must_use]
    pub const fn hash_len(&self) -> usize {
        self.hash_len
    }

    /// Returns the bytes of what follows the hash part.
    #[must_use]
    pub const fn rest(&self) -> Mask {
        self.rest
    }
}
