//! Every key once: what it holds, its default, who may set it, and what it does.

use super::{Path, Value};

/// One key, or one family of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its table.
    pub section: &'static str,
    /// Its name in the table; `<…>` stands for any name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Who may set it.
    pub who: Who,
    /// The value where nobody sets it, as TOML.
    pub default: Option<&'static str>,
    /// What it does, in one sentence or two.
    pub doc: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A list of texts; one text stands for a list of one.
    Texts,
    /// A whole number that is not negative.
    Count,
}

/// Who may set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Any file, variable or flag.
    Anyone,
    /// Not the files of a project: the key decides whom to believe, where bytes come from, or how
    /// much of a stranger's data is taken.
    Person,
    /// `.eka/local.toml` alone: it is about one work tree, and never committed.
    Local,
}

/// Sections that a project's file may not set, whatever the key.
const PERSONAL: &[&str] = &["caches", "keys", "limits", "mirrors", "store", "trust"];

/// The table whose tables are sets.
pub(super) const PATCH: &str = "patch";

/// The set of a section `patch.<set>`.
pub(super) fn set_of(section: &str) -> Option<&str> {
    section.strip_prefix(PATCH)?.strip_prefix('.')
}

const fn limit(name: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key {
        section: "limits",
        name,
        shape: Shape::Count,
        who: Who::Person,
        default: Some(default),
        doc,
    }
}

const fn store(
    name: &'static str,
    shape: Shape,
    default: Option<&'static str>,
    doc: &'static str,
) -> Key {
    Key {
        section: "store",
        name,
        shape,
        who: Who::Person,
        default,
        doc,
    }
}

/// Every key, in the order of the reference.
pub const KEYS: &[Key] = &[
    Key {
        section: "aliases",
        name: "<alias>",
        shape: Shape::Text,
        who: Who::Anyone,
        default: None,
        doc: "A short name for a URL, or for another alias and a path: with `work = \"https://git.example.org/team\"`, `work:repo` is `https://git.example.org/team/repo`. `gh`, `gl` and `cb` are built in and cannot be changed.",
    },
    Key {
        section: "publish",
        name: "remotes",
        shape: Shape::Texts,
        who: Who::Anyone,
        default: Some("[\"origin\"]"),
        doc: "The remotes that `eka init` and `eka publish` use where `--remote` names none.",
    },
    Key {
        section: "mirrors",
        name: "<url>",
        shape: Shape::Texts,
        who: Who::Person,
        default: None,
        doc: "URLs that serve the set of that origin too. They never reach a lock, and introduce no versions.",
    },
    Key {
        section: "patch",
        name: "<set>.<id>",
        shape: Shape::Text,
        who: Who::Local,
        default: None,
        doc: "What stands in for an atom of a set for a while: a folder that holds the atom, from the project's folder on, such as `../zlib`, or a repository that publishes it. See [patches](../guide/patches.md).",
    },
    Key {
        section: "network",
        name: "retries",
        shape: Shape::Count,
        who: Who::Anyone,
        default: Some("2"),
        doc: "How often a connection that failed is tried again, at most 10 times.",
    },
    Key {
        section: "resolve",
        name: "timeout",
        shape: Shape::Count,
        who: Who::Anyone,
        default: Some("30"),
        doc: "Seconds that the search for versions that fit together may take. Only the search itself counts, not the time that remotes take.",
    },
    store(
        "path",
        Shape::Text,
        None,
        "The folder that the store lies in, absolute or from `~/` on. Without it `eka/store` in `XDG_DATA_HOME`.",
    ),
    store(
        "dir",
        Shape::Text,
        Some("\"/nix/store\""),
        "Where the store's paths appear to be: it is a part of every path, and Nix shares paths of `/nix/store` alone.",
    ),
    store(
        "caches",
        Shape::Texts,
        None,
        "Binary caches that paths are copied from, each a text of words: the URL, then `priority=N` (less is asked first), `trusted` (its paths need no signature), and the public keys whose signatures count, such as `https://cache.nixos.org cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=`.",
    ),
    store(
        "secret-key",
        Shape::Text,
        None,
        "A file with the secret key that signs what is copied to a cache, as `nix-store --generate-binary-cache-key` makes it; absolute or from `~/` on.",
    ),
    store(
        "keep-recent",
        Shape::Count,
        Some("3600"),
        "Seconds that a path stays, from the time it came, though nothing keeps it from `eka gc`.",
    ),
    limit(
        "refs",
        "200000",
        "Refs of one listing that are kept; a name beyond 96 bytes counts as several.",
    ),
    limit(
        "listing-bytes",
        "268435456",
        "Bytes of one listing, before it is filtered.",
    ),
    limit("pack-bytes", "4294967296", "Bytes of one pack."),
    limit("pack-objects", "5000000", "Objects in one pack."),
    limit(
        "object-bytes",
        "1073741824",
        "Bytes of one object, unpacked.",
    ),
    limit(
        "download-bytes",
        "4294967296",
        "Bytes of one file that a pin is.",
    ),
    limit(
        "nar-bytes",
        "68719476736",
        "Bytes of one NAR that comes from a binary cache.",
    ),
    limit(
        "unpacked-bytes",
        "17179869184",
        "Bytes of one archive that a pin is, or of a NAR, unpacked.",
    ),
    limit(
        "depth",
        "64",
        "Folders in each other in an atom, an archive or a NAR, its own included; at most 1024.",
    ),
    limit(
        "entries",
        "1000000",
        "Files, links and folders of an atom, an archive or a NAR.",
    ),
    limit("connect-time", "30", "Seconds until a connection stands."),
    limit("stall-time", "60", "Seconds without a single byte."),
    limit("listing-time", "300", "Seconds for a whole listing."),
    limit("fetch-time", "3600", "Seconds for a whole fetch."),
    limit(
        "sets",
        "1000",
        "Repositories that one resolution may need, and as many more that it asks early.",
    ),
    limit(
        "publish-bytes",
        "67108864",
        "Bytes of one atom, beyond which `eka publish` warns.",
    ),
    limit(
        "publish-file-bytes",
        "8388608",
        "Bytes of one file, beyond which `eka publish` warns.",
    ),
];

/// The key at a path, where there is one.
#[must_use]
pub fn find_key(path: &Path) -> Option<&'static Key> {
    KEYS.iter()
        .find(|it| it.has(&path.section) && (it.is_family() || it.name == path.name))
}

/// The key whose name is nearest to a path's, where one is near enough to be meant.
#[must_use]
pub fn nearest_key(path: &Path) -> Option<&'static Key> {
    let wanted = format!("{}.{}", path.section, path.name);
    KEYS.iter()
        .filter(|it| !it.is_family())
        .map(|it| (distance(&wanted, &it.to_string()), it))
        .filter(|(distance, _)| *distance <= (wanted.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

impl Key {
    /// Whether it stands in a table of that name. Of `patch` there is one for each set.
    fn has(&self, section: &str) -> bool {
        let sets = (self.section == PATCH).then(|| set_of(section)).flatten();
        self.section == section || sets.is_some()
    }

    /// Whether any name stands for it.
    #[must_use]
    pub fn is_family(&self) -> bool {
        self.name.starts_with('<')
    }

    /// The value where nobody sets it.
    pub(super) fn default_value(&self) -> Option<Value> {
        let text = self.default?;
        Some(match self.shape {
            Shape::Count => Value::Count(text.parse().expect("a default count is a number")),
            Shape::Text => Value::Text(text.trim_matches('"').to_owned()),
            Shape::Texts => Value::Texts(
                text.trim_matches(['[', ']'])
                    .split(", ")
                    .map(|it| it.trim_matches('"').to_owned())
                    .collect(),
            ),
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.section, self.name)
    }
}

impl Shape {
    /// What it is, in a few words.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts => "a list of texts",
            Self::Count => "a whole number",
        }
    }
}

/// Whether a project's file may set keys of a section.
pub(super) fn is_personal(section: &str) -> bool {
    PERSONAL.contains(&section)
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let kept = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(section: &str, name: &str) -> Option<String> {
        nearest_key(&Path::new(section, name)).map(ToString::to_string)
    }

    #[test]
    fn a_slip_finds_its_key() {
        assert_eq!(
            nearest("publish", "remote").as_deref(),
            Some("publish.remotes")
        );
        assert_eq!(nearest("limit", "refs").as_deref(), Some("limits.refs"));
        assert_eq!(nearest("colour", "always"), None);
    }

    #[test]
    fn personal_keys_stand_in_personal_sections() {
        for key in KEYS {
            assert_eq!(key.who == Who::Person, is_personal(key.section), "{key}");
        }
    }

    #[test]
    fn defaults_are_of_their_shape() {
        for key in KEYS.iter().filter(|it| it.default.is_some()) {
            let value = key.default_value().expect("there is one");
            assert_eq!(Some(value.to_string().as_str()), key.default, "{key}");
        }
    }
}
