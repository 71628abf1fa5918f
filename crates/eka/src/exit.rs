//! What a command's exit code means.

/// How a command ended, as its exit code says it.
///
/// A build that failed has codes of its own (100 and above); they come with `eka build`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// The answer is no: unsolvable, not found, refused.
    No,
    /// Wrong usage, or an invalid manifest, lock or configuration.
    Usage,
    /// The lock is out of date (`--locked`, `--frozen`, `lock --check`).
    OutOfDate,
    /// Network or authentication.
    Network,
    /// Integrity or trust: a moved version, a hash, header or signature that does not fit.
    Integrity,
    /// Some, not all, was done.
    Partial,
    /// A bug of eka's own, panics too.
    Bug,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// Every way to end, in the order of the codes.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::No,
        Self::Usage,
        Self::OutOfDate,
        Self::Network,
        Self::Integrity,
        Self::Partial,
        Self::Bug,
        Self::Interrupted,
    ];

    /// The process's exit code (`docs/reference/exit-codes.md`).
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::OutOfDate => 3,
            Self::Network => 4,
            Self::Integrity => 5,
            Self::Partial => 6,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::No => "the answer is no: unsolvable, not found, refused",
            Self::Usage => "wrong usage, or an invalid manifest, lock or configuration",
            Self::OutOfDate => "the lock is out of date (`--locked`, `--frozen`, `lock --check`)",
            Self::Network => "network or authentication",
            Self::Integrity => {
                "integrity or trust: a moved version, a hash, header or signature that does not fit"
            }
            Self::Partial => "some, not all, was done",
            Self::Bug => "a bug of eka's own",
            Self::Interrupted => "interrupted",
        }
    }
}
