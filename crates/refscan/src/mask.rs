//! Which bytes a part of a name may have: a set of 128 bits over ASCII.

use core::error::Error;
use core::fmt;

/// A set of bytes below 0x80 that may stand in a part of a base name.
///
/// It never holds NUL, space, tab, newline, `/` or `\`: those end a name everywhere.
///
/// ```
/// use refscan::{Mask, MaskError};
///
/// let hex = Mask::new(b"0123456789abcdef")?;
/// assert!(hex.contains(b'a') && !hex.contains(b'g') && !hex.contains(0xe1));
/// assert_eq!(Mask::from_flags(hex.to_flags()), Ok(hex));
/// assert_eq!(Mask::new(b"a/b"), Err(MaskError::Ends { byte: b'/' }));
/// # Ok::<(), MaskError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mask(u128);

/// Why bytes make no [`Mask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskError {
    /// NUL, space, tab, newline, `/` or `\` is among them.
    Ends {
        /// The least such byte, or the first where bytes were given in order.
        byte: u8,
    },
    /// A byte from 0x80 on is among them.
    NotAscii {
        /// The first such byte.
        byte: u8,
    },
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends { byte } => {
                write!(
                    f,
                    "`{}` ends a name: no mask allows it",
                    byte.escape_ascii()
                )
            }
            Self::NotAscii { byte } => write!(f, "byte {byte:#04x} is not ASCII"),
        }
    }
}

impl Error for MaskError {}

impl Mask {
    /// Allows these bytes; repeated ones count once.
    ///
    /// # Errors
    ///
    /// [`MaskError`] for the first byte that no mask allows.
    pub const fn new(bytes: &[u8]) -> Result<Self, MaskError> {
        let mut bits = 0;
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte >= 0x80 {
                return Err(MaskError::NotAscii { byte });
            }
            if ends_names(byte) {
                return Err(MaskError::Ends { byte });
            }
            bits |= 1 << byte;
            at += 1;
        }
        Ok(Self(bits))
    }

    /// Allows each byte whose flag is set.
    ///
    /// # Errors
    ///
    /// [`MaskError::Ends`] for the least byte that no mask allows.
    pub const fn from_flags(flags: [bool; 128]) -> Result<Self, MaskError> {
        let mut bits = 0;
        let mut byte: u8 = 0;
        while byte < 128 {
            if flags[byte as usize] {
                if ends_names(byte) {
                    return Err(MaskError::Ends { byte });
                }
                bits |= 1 << byte;
            }
            byte += 1;
        }
        Ok(Self(bits))
    }

    /// Returns one flag for each byte of ASCII.
    #[must_use]
    pub const fn to_flags(self) -> [bool; 128] {
        let mut flags = [false; 128];
        let mut byte: u8 = 0;
        while byte < 128 {
            flags[byte as usize] = self.contains(byte);
            byte += 1;
        }
        flags
    }

    /// Whether `byte` is allowed.
    #[must_use]
    pub const fn contains(self, byte: u8) -> bool {
        byte < 0x80 && self.0 >> byte & 1 == 1
    }

    /// Returns the allowed bytes, ascending.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        (0..0x80).filter(move |&byte| self.contains(byte))
    }
}

const fn ends_names(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'\t' | b'\n' | b'/' | b'\\')
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(\"")?;
        for byte in self.bytes() {
            write!(f, "{}", byte.escape_ascii())?;
        }
        f.write_str("\")")
    }
}

impl TryFrom<&[u8]> for Mask {
    type Error = MaskError;

    fn try_from(bytes: &[u8]) -> Result<Self, MaskError> {
        Self::new(bytes)
    }
}

impl TryFrom<[bool; 128]> for Mask {
    type Error = MaskError;

    fn try_from(flags: [bool; 128]) -> Result<Self, MaskError> {
        Self::from_flags(flags)
    }
}

impl From<Mask> for [bool; 128] {
    fn from(mask: Mask) -> Self {
        mask.to_flags()
    }
}
