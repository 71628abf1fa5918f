//! Why there is no answer: plain values, and their text.

use std::fmt::{self, Write as _};

use atom::{AtomId, Requirement, Version};

use crate::names::{Names, Ranges};
use crate::solve::Missing;
use crate::universe::Exclusion;

/// A conflict, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The heart of it.
    pub headline: Headline,
    /// The root requirements that take part, the headline's first: the caller's token, and what to
    /// write at its place.
    pub roots: Vec<(usize, String)>,
    /// What the request asks, as far as it takes part, and why each part of it fails.
    pub tree: Vec<Want>,
    /// What would help.
    pub suggestions: Vec<Suggestion>,
    /// What this solve touched and the universe lacks. The verdict is final all the same; but only
    /// where this is empty is the explanation the one that full knowledge gives.
    pub missing: Missing,
    pub(crate) names: Names,
}

/// The heart of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Headline {
    /// Two requirements on one atom that no version satisfies at once.
    Clash(Box<Clash>),
    /// A requirement on an atom that does not exist in its set.
    NoSuchAtom {
        /// Who requires it.
        by: Wanter,
        /// What does not exist.
        atom: AtomId,
    },
    /// A requirement that no existing version satisfies.
    NothingFits {
        /// Who requires it.
        by: Wanter,
        /// The atom.
        atom: AtomId,
        /// What is required of it.
        req: Requirement,
    },
    /// A requirement whose every fitting version is excluded.
    AllExcluded {
        /// Who requires it.
        by: Wanter,
        /// The atom.
        atom: AtomId,
        /// What is required of it.
        req: Requirement,
    },
    /// No two requirements collide by themselves, but all of those in the tree do.
    Together,
}

/// Two requirements on one atom that no version satisfies at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The atom that both require.
    pub atom: AtomId,
    /// Who requires it, and how.
    pub one: (Wanter, Requirement),
    /// Who else requires it, and how.
    pub other: (Wanter, Requirement),
}

/// Who requires something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanter {
    /// The request itself: what the manifest asks for.
    Request,
    /// Versions of an atom.
    Versions {
        /// The atom.
        atom: AtomId,
        /// Which of its versions.
        versions: Ranges,
    },
}

/// A requirement in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The atom.
    pub atom: AtomId,
    /// What is required of it.
    pub req: Requirement,
    /// What there is for it.
    pub found: Found,
}

/// What there is for a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its set has no such atom.
    NoSuchAtom,
    /// No version fits.
    NothingFits {
        /// What exists.
        existing: Ranges,
        /// The nearest versions: one older and one newer, as far as they exist.
        nearest: Vec<Version>,
    },
    /// These versions fit, but none of them will do.
    Versions(Vec<Branch>),
    /// The same requirement was explained before.
    Shown,
}

/// Fitting versions that fail for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The versions.
    pub versions: Ranges,
    /// Why none of them will do.
    pub why: Why,
}

/// Why fitting versions will not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// They may not be chosen.
    Excluded(Exclusion),
    /// They need something that fails.
    Needs(Vec<Want>),
    /// Others require other versions of the atom.
    Collides {
        /// Who, and how.
        with: Vec<(Wanter, Requirement)>,
    },
}

/// Something that would help.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suggestion {
    /// A root requirement that nothing fits could be this one.
    Require {
        /// The root requirement, by the caller's token.
        token: usize,
        /// Its atom.
        atom: AtomId,
        /// A requirement that an existing version satisfies.
        req: Requirement,
    },
}

/// A tree of more lines is cut, and says so.
const MAX_LINES: usize = 60;

/// Of more requirements that rule a version out, the rest is counted.
const MAX_COLLISIONS: usize = 3;

impl Conflict {
    /// Whether the explanation is the one that full knowledge gives.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.missing.is_empty()
    }

    /// The heart of it, in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        self.headline.text(&self.names)
    }

    /// The headline and the tree; several lines, the last one ended.
    #[must_use]
    pub fn text(&self) -> String {
        let mut tree = Tree {
            names: &self.names,
            lines: Vec::new(),
        };
        let roots: Vec<_> = self
            .tree
            .iter()
            .map(|it| Item::Want(Wanter::Request, it))
            .collect();
        tree.items(&roots, "");
        let mut text = self.headline();
        let cut = tree.lines.len().saturating_sub(MAX_LINES);
        for line in tree.lines.iter().take(MAX_LINES) {
            write!(text, "\n{line}").expect("a string takes all that is written");
        }
        if cut > 0 {
            write!(text, "\n… and {cut} more lines").expect("a string takes all that is written");
        }
        text.push('\n');
        text
    }

    /// What would help, one line each; empty where nothing is known to.
    #[must_use]
    pub fn help(&self) -> String {
        let lines: Vec<_> = self
            .suggestions
            .iter()
            .map(|it| it.text(&self.names))
            .collect();
        lines.join("\n")
    }

    /// What the explanation calls an atom: its id, with the digest's first 8 characters where two
    /// atoms in it share the id.
    #[must_use]
    pub fn name(&self, atom: &AtomId) -> String {
        self.names.of(atom)
    }
}

/// The headline, the tree and what would help.
impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())?;
        for line in self.help().lines() {
            writeln!(f, "help: {line}")?;
        }
        Ok(())
    }
}

impl Headline {
    fn text(&self, names: &Names) -> String {
        match self {
            Self::Clash(clash) => {
                let (one, one_req) = &clash.one;
                let (other, other_req) = &clash.other;
                if one == other {
                    let (by, name) = (one.requires(names), names.of(&clash.atom));
                    return format!("{by} `{name} {one_req}`, but also `{name} {other_req}`");
                }
                format!(
                    "{} `{name} {one_req}`, but {} `{name} {other_req}`",
                    one.requires(names),
                    other.requires(names),
                    name = names.of(&clash.atom),
                )
            }
            Self::NoSuchAtom { by, atom } => format!(
                "{} `{}`, which its set does not have",
                by.requires(names),
                names.of(atom)
            ),
            Self::NothingFits { by, atom, req } => format!(
                "{} `{} {req}`, which no version satisfies",
                by.requires(names),
                names.of(atom)
            ),
            Self::AllExcluded { by, atom, req } => format!(
                "{} `{} {req}`, of which every version is excluded",
                by.requires(names),
                names.of(atom)
            ),
            Self::Together => "these requirements do not hold together".to_owned(),
        }
    }
}

impl Wanter {
    /// `the manifest requires`, or `` `foo@1.0.0` requires ``.
    fn requires(&self, names: &Names) -> String {
        match self {
            Self::Request => "the manifest requires".to_owned(),
            Self::Versions { atom, versions } => {
                let verb = if versions.is_one() {
                    "requires"
                } else {
                    "require"
                };
                format!("`{}` {verb}", names.at(atom, versions))
            }
        }
    }
}

impl Suggestion {
    fn text(&self, names: &Names) -> String {
        match self {
            Self::Require { atom, req, .. } => {
                let name = names.of(atom);
                format!("`{name}` has a version that satisfies `{req}`")
            }
        }
    }
}

struct Tree<'a> {
    names: &'a Names,
    lines: Vec<String>,
}

/// One line of the tree, with what stands below it.
enum Item<'a> {
    Want(Wanter, &'a Want),
    Leaf(String),
}

impl Tree<'_> {
    fn items(&mut self, items: &[Item<'_>], indent: &str) {
        for (position, item) in items.iter().enumerate() {
            let (corner, bar) = strokes(position + 1 == items.len());
            match item {
                Item::Leaf(text) => self.lines.push(format!("{indent}{corner}{text}")),
                Item::Want(by, want) => {
                    let line = self.line(by, want);
                    self.lines.push(format!("{indent}{corner}{line}"));
                    if let Found::Versions(branches) = &want.found {
                        let below: Vec<_> = branches
                            .iter()
                            .flat_map(|it| self.below(want, it))
                            .collect();
                        self.items(&below, &format!("{indent}{bar}"));
                    }
                }
            }
        }
    }

    fn line(&self, by: &Wanter, want: &Want) -> String {
        let fate = match &want.found {
            Found::NoSuchAtom => ": no such atom in its set".to_owned(),
            Found::NothingFits { existing, nearest } => nothing_fits(existing, nearest),
            Found::Versions(_) => String::new(),
            Found::Shown => " (see above)".to_owned(),
        };
        let by = by.requires(self.names);
        format!("{by} `{} {}`{fate}", self.names.of(&want.atom), want.req)
    }

    fn below<'a>(&self, want: &Want, branch: &'a Branch) -> Vec<Item<'a>> {
        let Branch { versions, why } = branch;
        let what = format!("`{}`", self.names.at(&want.atom, versions));
        let is = if versions.is_one() { "is" } else { "are" };
        match why {
            Why::Excluded(why) => vec![Item::Leaf(format!("{what} {is} excluded: {why}"))],
            Why::Collides { with } if with.is_empty() => {
                vec![Item::Leaf(format!("{what} {is} ruled out by the rest"))]
            }
            Why::Collides { with } => {
                let text = |(by, req): &(Wanter, Requirement)| {
                    format!("{} `{req}`", by.requires(self.names))
                };
                let mut texts: Vec<_> = with.iter().take(MAX_COLLISIONS).map(text).collect();
                let n_others = with.len() - texts.len();
                if n_others > 0 {
                    texts.push(format!("{n_others} more rule it out"));
                }
                let with = texts.join(", ");
                vec![Item::Leaf(format!("{what} would do, but {with}"))]
            }
            Why::Needs(wants) => {
                let by = Wanter::Versions {
                    atom: want.atom.clone(),
                    versions: versions.clone(),
                };
                wants.iter().map(|it| Item::Want(by.clone(), it)).collect()
            }
        }
    }
}

fn nothing_fits(existing: &Ranges, nearest: &[Version]) -> String {
    let mut text = format!(": no version fits; existing: {existing}");
    if existing.n_versions() > nearest.len() && !nearest.is_empty() {
        let nearest: Vec<_> = nearest.iter().map(Version::to_string).collect();
        write!(text, "; nearest: {}", nearest.join(" and "))
            .expect("a string takes all that is written");
    }
    text
}

const fn strokes(is_last: bool) -> (&'static str, &'static str) {
    if is_last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    }
}
