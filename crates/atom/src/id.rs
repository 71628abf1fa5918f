//! Ids: the Unicode names that people type, checked once.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;
use unicode_normalization::{UnicodeNormalization as _, is_nfkc};
use unicode_security::{
    GeneralSecurityProfile as _, RestrictionLevel, RestrictionLevelDetection as _,
};

/// The version of Unicode whose tables ids are checked by.
pub const UNICODE_VERSION: (u8, u8, u8) = unicode_ident::UNICODE_VERSION;

/// An atom's id: NFKC, 1 to 128 bytes, XID_Start, then XID_Continue or `-`, and nothing that
/// cannot be seen (`docs/reference/formats.md`, section 1).
///
/// [`FromStr`] holds an id to the rule for foreign ones; [`Id::check_own`] adds the rule for one's
/// own, which `publish`, `new` and `add` hold ids to. So the tables of another year do not hide
/// what exists. Nothing is ever converted.
///
/// ```
/// let id: atom::Id = "ひらがな".parse()?;
/// id.check_own()?;
/// # Ok::<(), atom::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

/// Why a text is no id. Texts are escaped, since they may hold what must not reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum IdError {
    /// Nothing was given.
    #[error("an id is empty")]
    #[diagnostic(code(eka::id::empty), help("an id has at least one letter"))]
    Empty,
    /// The text has more than [`Id::MAX_BYTES`] bytes.
    #[error("an id of {length} bytes is too long")]
    #[diagnostic(
        code(eka::id::too_long),
        help("an id has at most 128 bytes of UTF-8, since it stands in a ref name")
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A character cannot be seen, or changes how others are shown.
    #[error("the id `{id}` holds an invisible character, U+{:04X}", u32::from(*.character))]
    #[diagnostic(
        code(eka::id::invisible),
        help("leave the character out, or type the id anew")
    )]
    Invisible {
        /// What was given, escaped.
        id: String,
        /// The first such character.
        character: char,
    },
    /// The text is not in normal form KC.
    #[error("the id `{id}` is not in Unicode's normal form KC")]
    #[diagnostic(code(eka::id::not_nfkc), help("write it as `{normal}`"))]
    NotNfkc {
        /// What was given, escaped.
        id: String,
        /// Its normal form, escaped.
        normal: String,
    },
    /// The first character may not begin an id.
    #[error("the id `{id}` begins with `{}`, which is not a letter", .character.escape_debug())]
    #[diagnostic(
        code(eka::id::start),
        help("an id begins with a letter of any script; digits, `_` and `-` may follow")
    )]
    Start {
        /// What was given, escaped.
        id: String,
        /// The first character.
        character: char,
    },
    /// A later character may not stand in an id.
    #[error("the id `{id}` holds `{}`", .character.escape_debug())]
    #[diagnostic(
        code(eka::id::character),
        help("an id holds letters and digits of any script, `_` and `-`")
    )]
    Character {
        /// What was given, escaped.
        id: String,
        /// The first such character.
        character: char,
    },
    /// An id of one's own ends in `-`.
    #[error("the id `{id}` ends with `-`")]
    #[diagnostic(code(eka::id::trailing_dash), help("write it as `{}`", .id.trim_end_matches('-')))]
    TrailingDash {
        /// What was given.
        id: String,
    },
    /// An id of one's own holds a character that UTS #39 does not allow in identifiers.
    #[error("the id `{id}` holds `{character}`, which Unicode does not recommend in names")]
    #[diagnostic(
        code(eka::id::restricted),
        help("use characters that are in everyday use, as UTS #39 lists them")
    )]
    Restricted {
        /// What was given.
        id: String,
        /// The first such character.
        character: char,
    },
    /// An id of one's own mixes scripts beyond UTS #39 "highly restrictive".
    #[error("the id `{id}` mixes scripts that look alike")]
    #[diagnostic(
        code(eka::id::mixed_scripts),
        help("write it in one script; Latin may stand only beside Chinese, Japanese or Korean")
    )]
    MixedScripts {
        /// What was given.
        id: String,
    },
}

impl Id {
    /// The longest id, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 128;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Holds the id to the full rule for ids of one's own: no trailing `-`, only characters that
    /// UTS #39 allows, scripts mixed no further than its "highly restrictive".
    ///
    /// # Errors
    ///
    /// [`IdError::TrailingDash`], [`IdError::Restricted`] or [`IdError::MixedScripts`].
    pub fn check_own(&self) -> Result<(), IdError> {
        let id = || self.0.clone();
        if self.0.ends_with('-') {
            return Err(IdError::TrailingDash { id: id() });
        }
        if let Some(character) = self.0.chars().find(|it| !it.identifier_allowed()) {
            return Err(IdError::Restricted {
                id: id(),
                character,
            });
        }
        if !self
            .as_str()
            .check_restriction_level(RestrictionLevel::HighlyRestrictive)
        {
            return Err(IdError::MixedScripts { id: id() });
        }
        Ok(())
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(IdError::TooLong { length: text.len() });
        }
        let id = || text.escape_debug().to_string();
        if let Some(character) = text.chars().find(|it| is_ignorable(*it)) {
            return Err(IdError::Invisible {
                id: id(),
                character,
            });
        }
        let first = text.chars().next().ok_or(IdError::Empty)?;
        if !is_nfkc(text) {
            let normal = text.nfkc().flat_map(char::escape_debug).collect();
            return Err(IdError::NotNfkc { id: id(), normal });
        }
        if !unicode_ident::is_xid_start(first) {
            return Err(IdError::Start {
                id: id(),
                character: first,
            });
        }
        let stranger = text
            .chars()
            .find(|it| *it != '-' && !unicode_ident::is_xid_continue(*it));
        match stranger {
            Some(character) => Err(IdError::Character {
                id: id(),
                character,
            }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Unicode's Default_Ignorable_Code_Point (`DerivedCoreProperties.txt`): what a font need not show.
/// The set is kept here whole, since XID_Continue has many of its members.
const IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{AD}'..='\u{AD}',
    '\u{34F}'..='\u{34F}',
    '\u{61C}'..='\u{61C}',
    '\u{115F}'..='\u{1160}',
    '\u{17B4}'..='\u{17B5}',
    '\u{180B}'..='\u{180F}',
    '\u{200B}'..='\u{200F}',
    '\u{202A}'..='\u{202E}',
    '\u{2060}'..='\u{206F}',
    '\u{3164}'..='\u{3164}',
    '\u{FE00}'..='\u{FE0F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFA0}'..='\u{FFA0}',
    '\u{FFF0}'..='\u{FFF8}',
    '\u{1BCA0}'..='\u{1BCA3}',
    '\u{1D173}'..='\u{1D17A}',
    '\u{E0000}'..='\u{E0FFF}',
];

fn is_ignorable(character: char) -> bool {
    IGNORABLE.iter().any(|range| range.contains(&character))
}
