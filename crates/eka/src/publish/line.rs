//! The line that a consumer pastes.

use atom::url::{RepoUrl, Scheme};
use atom::{Id, Version};

/// Hosts that every `eka` has an alias for.
const ALIASES: [(&str, &str); 3] = [
    ("github.com", "gh"),
    ("gitlab.com", "gl"),
    ("codeberg.org", "cb"),
];

/// `eka add <repository>::<id>@<requirement>`: what takes this version, and compatible ones later.
pub(super) fn add(url: &RepoUrl, id: &Id, version: &Version) -> String {
    let uri = format!("{}::{id}@{}", short(url), requirement(version));
    // What a shell would read as something else goes in quotes.
    let plain = |it: char| it.is_alphanumeric() || "@%+=:,./-_^".contains(it);
    match uri.chars().all(plain) {
        true => format!("eka add {uri}"),
        false => format!("eka add '{}'", uri.replace('\'', "'\\''")),
    }
}

/// The repository by a built-in alias, where one names the same place.
fn short(url: &RepoUrl) -> String {
    let key = url.key().to_string();
    let alias = ALIASES.iter().find_map(|(host, alias)| {
        let path = key.strip_prefix(host)?.strip_prefix('/')?;
        Some(format!("{alias}:{path}"))
    });
    match alias {
        Some(it) if matches!(url.scheme(), Scheme::Https | Scheme::Ssh) => it,
        _ => url.public().to_string(),
    }
}

/// The caret requirement that the version satisfies, no longer than it must be.
fn requirement(version: &Version) -> String {
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    if !version.pre.is_empty() {
        return format!("^{major}.{minor}.{patch}-{}", version.pre);
    }
    match (major, minor) {
        (0, 0) => format!("^0.0.{patch}"),
        _ => format!("^{major}.{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use atom::Requirement;

    use super::*;

    fn check(url: &str, version: &str, expected: &str) {
        let (url, id) = (RepoUrl::parse(url).unwrap(), "λ".parse().unwrap());
        let version: Version = version.parse().unwrap();
        assert_eq!(add(&url, &id, &version), format!("eka add {expected}"));
        let req: Requirement = requirement(&version).parse().unwrap();
        assert!(req.matches(&version), "{req} {version}");
    }

    #[test]
    fn lines() {
        check("https://github.com/o/r.git", "1.2.3", "gh:o/r::λ@^1.2");
        check("git@github.com:o/r.git", "0.1.4", "gh:o/r::λ@^0.1");
        check("https://gitlab.com/g/s/r", "0.0.3", "gl:g/s/r::λ@^0.0.3");
        check(
            "ssh://git@github.com:2222/o/r",
            "1.0.0",
            "ssh://git@github.com:2222/o/r::λ@^1.0",
        );
        check(
            "https://me:secret@example.org/r",
            "1.0.0-rc.1+build.5",
            "https://example.org/r::λ@^1.0.0-rc.1",
        );
        check(
            "https://github.com.evil.org/o/r",
            "1.0.0",
            "https://github.com.evil.org/o/r::λ@^1.0",
        );
        check("/srv/a b", "1.0.0", "'/srv/a b::λ@^1.0'");
    }
}
