//! How much of a stranger's data is taken, by the configuration.

use std::time::Duration;

use atom_git::remote::Limits;
use atom_git::tree_guard;

use crate::config::Config;

/// The most folders in each other, whatever is configured: some walks recurse.
const MAX_DEPTH: usize = 1024;

/// Of what remotes send.
pub(crate) fn of_remotes(config: &Config) -> Limits {
    let mut limits = Limits::default();
    for (name, field) in [
        ("refs", &mut limits.refs),
        ("listing-bytes", &mut limits.listing_bytes),
        ("pack-bytes", &mut limits.pack_bytes),
        ("pack-objects", &mut limits.pack_objects),
        ("object-bytes", &mut limits.object_bytes),
    ] {
        if let Some(count) = config.count("limits", name) {
            *field = count;
        }
    }
    for (name, field) in [
        ("connect-time", &mut limits.connect),
        ("stall-time", &mut limits.stall),
        ("listing-time", &mut limits.listing),
        ("fetch-time", &mut limits.fetch),
    ] {
        if let Some(seconds) = config.count("limits", name) {
            // Clocks cannot be asked for a moment beyond their end.
            *field = Duration::from_secs(seconds.min(u64::from(u32::MAX)));
        }
    }
    limits
}

/// Of servers of files.
pub(crate) fn of_downloads(config: &Config) -> fetch::download::Limits {
    let remotes = of_remotes(config);
    let default = fetch::download::Limits::default();
    fetch::download::Limits {
        bytes: config
            .count("limits", "download-bytes")
            .unwrap_or(default.bytes),
        stall: remotes.stall,
        whole: remotes.fetch,
    }
}

/// Of what comes from binary caches.
pub(crate) fn of_caches(config: &Config) -> store::upstream::Limits {
    let default = store::upstream::Limits::default();
    store::upstream::Limits {
        nar_bytes: config
            .count("limits", "nar-bytes")
            .unwrap_or(default.nar_bytes),
        ..default
    }
}

/// Of archives.
pub(crate) fn of_archives(config: &Config) -> fetch::tar::Limits {
    let trees = of_trees(config);
    let default = fetch::tar::Limits::default();
    fetch::tar::Limits {
        bytes: config
            .count("limits", "unpacked-bytes")
            .unwrap_or(default.bytes),
        entries: trees.entries,
        depth: trees.depth,
    }
}

/// Of an atom's content.
pub(crate) fn of_trees(config: &Config) -> tree_guard::Limits {
    let default = tree_guard::Limits::default();
    let count = |name, default: usize| {
        let count = config.count("limits", name).map(usize::try_from);
        count.map_or(default, |it| it.unwrap_or(usize::MAX))
    };
    tree_guard::Limits {
        depth: count("depth", default.depth).min(MAX_DEPTH),
        entries: count("entries", default.entries),
        ..default
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_world_crates() {
        let config = Config::of(&[]);
        assert_eq!(of_remotes(&config), Limits::default());
        assert_eq!(of_trees(&config), tree_guard::Limits::default());
        assert_eq!(of_archives(&config), fetch::tar::Limits::default());
        assert_eq!(of_caches(&config), store::upstream::Limits::default());
        assert_eq!(of_downloads(&config), fetch::download::Limits::default());
    }

    #[test]
    fn limits_are_as_configured() {
        let of = |settings: &[&str]| {
            let config = Config::of(settings);
            (of_remotes(&config), of_trees(&config))
        };
        let (remotes, trees) = of(&["limits.refs=7", "limits.fetch-time=9", "limits.depth=3"]);
        assert_eq!(remotes.refs, 7);
        assert_eq!(remotes.fetch, Duration::from_secs(9));
        assert_eq!(trees.depth, 3);
        let (_, trees) = of(&["limits.depth=100000", "limits.entries=5"]);
        assert_eq!((trees.depth, trees.entries), (1024, 5));
    }
}
