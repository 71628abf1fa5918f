//! The commit that names a set.

use std::fmt;
use std::str::FromStr;

use crate::object_id::{ObjectId, ObjectIdError};

/// The id of a set's root commit.
///
/// It names a set and authenticates nobody: a fork has the same root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root(pub ObjectId);

impl FromStr for Root {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
