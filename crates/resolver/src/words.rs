//! A conflict in words: headline, tree, and what would help.

use std::fmt::{self, Write as _};

use atom::{AtomId, Requirement, Version};

use crate::conflict::{
    Branch, Conflict, Excluded, Found, Headline, Listing, Suggestion, Want, Wanter, Why,
};
use crate::names::Names;
use crate::universe::Exclusion;

/// A tree of more lines is cut, and says so.
const MAX_LINES: usize = 60;

/// Of more requirements that rule a version out, the rest is counted.
const MAX_COLLISIONS: usize = 3;

/// Of more versions that may not be chosen, the rest is counted.
const MAX_EXCLUDED: usize = 4;

/// Of more versions, only the ends and the nearest are told.
const MAX_LISTED: usize = 5;

impl Conflict {
    /// The heart of it, in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        self.headline.text(&self.names, &self.tree)
    }

    /// The headline and the tree; several lines, the last one ended.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.headline();
        let lines = self.lines();
        let cut = lines.len().saturating_sub(MAX_LINES);
        for line in lines.iter().take(MAX_LINES) {
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
        let suggestions = self.suggestions.iter();
        let lines: Vec<_> = suggestions.map(|it| it.text(&self.names)).collect();
        lines.join("\n")
    }

    /// The tree; where the headline says all but what exists, that alone.
    fn lines(&self) -> Vec<String> {
        if let [want] = self.tree.as_slice() {
            match &want.found {
                Found::NoSuchAtom => return Vec::new(),
                Found::Nothing(listing) => return vec![self.names.found(want, listing)],
                Found::Versions(_) | Found::Shown | Found::Omitted => {}
            }
        }
        let mut tree = Tree {
            names: &self.names,
            lines: Vec::new(),
        };
        let roots = self.tree.iter().map(|it| Item::Want(Wanter::Request, it));
        tree.items(&roots.collect::<Vec<_>>(), "");
        tree.lines
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
    fn text(&self, names: &Names, tree: &[Want]) -> String {
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
            Self::NoSuchAtom { by, atom } => {
                let (name, set) = (names.of(atom), names.set(atom));
                format!("there is no atom `{name}` in {set}{}", by.which(names))
            }
            Self::NothingFits { by, atom, req } | Self::AllExcluded { by, atom, req } => {
                let name = names.of(atom);
                format!("no version of `{name}` matches `{req}`{}", by.which(names))
            }
            Self::Together => together(names, tree),
        }
    }
}

/// What there is to say where no two requirements collide by themselves.
fn together(names: &Names, tree: &[Want]) -> String {
    if let [want] = tree {
        let (mut by, mut want) = (Wanter::Request, want);
        while let Some((wanter, only)) = only_way(want) {
            (by, want) = (wanter, only);
        }
        let (name, req) = (names.of(&want.atom), &want.req);
        return match by {
            Wanter::Request => format!("no version of `{name}` that matches `{req}` will do"),
            Wanter::Versions { .. } => {
                let by = by.requires(names);
                format!("{by} `{name} {req}`, of which no version will do")
            }
        };
    }
    let text = |it: &Want| format!("`{} {}`", names.of(&it.atom), it.req);
    let mut texts: Vec<_> = tree.iter().take(MAX_LISTED).map(text).collect();
    let n_others = tree.len() - texts.len();
    let last = match n_others {
        0 => texts.pop().unwrap_or_default(),
        _ => format!("{n_others} more"),
    };
    let texts = texts.join(", ");
    format!("the manifest requires {texts} and {last}, which do not hold together")
}

/// Where a requirement leads if it leads to one alone.
fn only_way(want: &Want) -> Option<(Wanter, &Want)> {
    let Found::Versions(branches) = &want.found else {
        return None;
    };
    let [Branch { versions, why }] = branches.as_slice() else {
        return None;
    };
    let Why::Needs(wants) = why else {
        return None;
    };
    let [only] = wants.as_slice() else {
        return None;
    };
    let by = Wanter::Versions {
        atom: want.atom.clone(),
        versions: versions.clone(),
    };
    Some((by, only))
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

    /// `` , which `foo@1.0.0` requires``; nothing for the request.
    fn which(&self, names: &Names) -> String {
        match self {
            Self::Request => String::new(),
            Self::Versions { .. } => format!(", which {}", self.requires(names)),
        }
    }
}

impl Suggestion {
    fn text(&self, names: &Names) -> String {
        match self {
            Self::Require { atom, req, .. } => {
                format!("require `{} {req}`", names.of(atom))
            }
            Self::AllowYanked { atom, version } => {
                format!(
                    "allow `{}`, which is yanked",
                    names.at(atom, &version.into())
                )
            }
            Self::AllowNew { atom, version } => format!(
                "allow `{}`, which is newer than the cooldown allows",
                names.at(atom, &version.into())
            ),
            Self::AllowDuplicates { atoms } => {
                let names: Vec<_> = atoms
                    .iter()
                    .map(|it| format!("`{}`", names.of(it)))
                    .collect();
                format!("allow several majors of {}", names.join(", "))
            }
            Self::Drop { atom, .. } => format!("do without `{}`", names.of(atom)),
        }
    }
}

impl Names {
    /// `found 1.4.0, 1.5.2 in our-company/atoms (2 more are yanked: 2.0.0 "leaks tokens", 2.0.1)`.
    fn found(&self, want: &Want, listing: &Listing) -> String {
        let Listing {
            existing,
            nearest,
            excluded,
        } = listing;
        let place = self.place(&want.atom);
        let n_versions = existing.len();
        let list = |of: &[Version], by: &str| {
            let texts: Vec<_> = of.iter().map(ToString::to_string).collect();
            texts.join(by)
        };
        let mut text = match existing.as_slice() {
            [] => format!("found none that may be chosen{place}"),
            [first, .., last] if n_versions > MAX_LISTED => {
                let nearest = list(nearest, " or ");
                format!(
                    "found {n_versions} versions from {first} to {last}{place}, the nearest is {nearest}"
                )
            }
            few => format!("found {}{place}", list(few, ", ")),
        };
        let is_plain = want.req.comparators.iter().all(|it| it.pre.is_empty());
        if is_plain && existing.iter().any(|it| !it.pre.is_empty()) {
            text.push_str("; pre-releases count only where a requirement names one");
        }
        if !excluded.is_empty() {
            let more = if n_versions == 0 { "" } else { " more" };
            write!(text, " ({})", excluded_texts(excluded, more))
                .expect("a string takes all that is written");
        }
        text
    }

    fn set(&self, atom: &AtomId) -> &str {
        self.sets.get(&atom.root).map_or("its set", String::as_str)
    }

    fn place(&self, atom: &AtomId) -> String {
        let set = self.sets.get(&atom.root);
        set.map(|it| format!(" in {it}")).unwrap_or_default()
    }
}

/// `2 more are yanked: 2.0.0 "leaks tokens", 2.0.1; 2.0.2 is unreadable: …`.
fn excluded_texts(excluded: &[Excluded], more: &str) -> String {
    let mut kinds: Vec<(&Exclusion, Vec<&Excluded>)> = Vec::new();
    for it in excluded {
        match kinds.iter_mut().find(|(why, _)| **why == it.why) {
            Some((_, group)) => group.push(it),
            None => kinds.push((&it.why, vec![it])),
        }
    }
    let text = |(why, group): (&Exclusion, Vec<&Excluded>)| {
        let n_versions = group.len();
        let is = if n_versions == 1 { "is" } else { "are" };
        let versions = versions_text(&group).join(", ");
        match why {
            Exclusion::Unreadable { .. } => format!("{versions} {is} {why}"),
            _ => format!("{n_versions}{more} {is} {why}: {versions}"),
        }
    };
    kinds.into_iter().map(text).collect::<Vec<_>>().join("; ")
}

/// Versions with their publishers' words, the rest counted.
fn versions_text(group: &[&Excluded]) -> Vec<String> {
    let text = |it: &&Excluded| match &it.reason {
        Some(reason) => format!("{} \"{reason}\"", it.version),
        None => it.version.to_string(),
    };
    let mut texts: Vec<_> = group.iter().take(MAX_EXCLUDED).map(text).collect();
    let n_others = group.len() - texts.len();
    if n_others > 0 {
        texts.push(format!("{n_others} others"));
    }
    texts
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
            Found::NoSuchAtom => format!(": no such atom in {}", self.names.set(&want.atom)),
            Found::Nothing(listing) if listing.existing.is_empty() => {
                format!(": {}", self.names.found(want, listing))
            }
            Found::Nothing(listing) => {
                format!(": none matches, {}", self.names.found(want, listing))
            }
            Found::Omitted => " …".to_owned(),
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
            Why::Excluded(excluded) => vec![Item::Leaf(excluded_leaf(&what, is, excluded))],
            Why::Rival { versions } => {
                let rival = self.names.at(&want.atom, versions);
                let text = format!("{what} would do, but `{rival}` leads here");
                vec![Item::Leaf(text)]
            }
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

/// `` `a@1.0.0, 1.0.1` are yanked: 1.0.0 "leaks tokens", 1.0.1 "same"``.
fn excluded_leaf(what: &str, is: &str, excluded: &[Excluded]) -> String {
    let mut text = format!("{what} {is} {}", excluded[0].why);
    let told: Vec<&Excluded> = excluded.iter().filter(|it| it.reason.is_some()).collect();
    match told.as_slice() {
        [] => {}
        [
            Excluded {
                reason: Some(reason),
                ..
            },
        ] if excluded.len() == 1 => write!(text, " \"{reason}\"").expect("a string takes all"),
        told => write!(text, ": {}", versions_text(told).join(", ")).expect("a string takes all"),
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
