//! Updates as arguments of `git push`, or as refs of the pushing repository where they are too many.

use std::collections::BTreeMap;

use super::{Expect, PushError, Update};

/// What updates may take as arguments, in bytes: a system's limit is 2 MiB for all of them and the
/// environment.
const MAX_BYTES: usize = 512 << 10;

/// What all atoms' refs match.
const WILDCARD: &str = "refs/atoms/*:refs/atoms/*";

/// How git is told of updates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refspecs {
    /// `--force-with-lease` for what must not exist, and one more for each ref that must.
    pub(super) leases: Vec<String>,
    /// `<id>:<name>` and the like.
    pub(super) specs: Vec<String>,
    /// The pushing repository's `packed-refs`, where a wildcard stands for all of them.
    pub(super) refs: Option<String>,
}

/// Prints updates.
///
/// # Errors
///
/// [`PushError::Name`]: only what git takes for a ref below `refs/` becomes an argument.
pub(super) fn print(updates: &[Update]) -> Result<Refspecs, PushError> {
    for update in updates {
        let valid = gix::validate::reference::name(update.name.as_str().into()).is_ok();
        let fits = update.name.split('/').all(|part| part.len() <= 255);
        if !valid || !fits || !update.name.starts_with("refs/") {
            return Err(PushError::Name {
                name: update.name.clone(),
            });
        }
    }
    let each: usize = updates
        .iter()
        .map(|update| 2 * update.name.len() + 110)
        .sum();
    Ok(if each <= MAX_BYTES {
        Refspecs {
            leases: leases(updates),
            specs: updates.iter().map(spec).collect(),
            refs: None,
        }
    } else {
        by_wildcard(updates)
    })
}

/// New atoms' refs go by one wildcard, the others one by one.
fn by_wildcard(updates: &[Update]) -> Refspecs {
    let (new, others): (Vec<&Update>, Vec<&Update>) = updates.iter().partition(|it| {
        it.new.is_some() && it.expect == Expect::Absent && it.name.starts_with("refs/atoms/")
    });
    let mut refs = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    let sorted: BTreeMap<&str, _> = new.iter().map(|it| (it.name.as_str(), it.new)).collect();
    for (name, id) in sorted {
        if let Some(id) = id {
            refs.push_str(&format!("{id} {name}\n"));
        }
    }
    let mut specs = vec![WILDCARD.to_owned()];
    specs.extend(others.iter().map(|it| spec(it)));
    Refspecs {
        leases: leases(updates),
        specs,
        refs: Some(refs),
    }
}

/// A `--force-with-lease` without a ref expects each ref to be what the remote-tracking ref says,
/// and where there is none, as here, to be absent (`apply_cas` in git's remote.c). One a ref says
/// the same, but git looks through all of them for each ref: a second for 3000.
fn leases(updates: &[Update]) -> Vec<String> {
    let lease = |update: &Update| match update.expect {
        Expect::Absent => None,
        Expect::At(id) => Some(format!("--force-with-lease={}:{id}", update.name)),
    };
    let absent = "--force-with-lease".to_owned();
    let known = updates.iter().filter_map(lease);
    [absent].into_iter().chain(known).collect()
}

fn spec(update: &Update) -> String {
    let name = &update.name;
    match update.new {
        Some(id) => format!("{id}:{name}"),
        None => format!(":{name}"),
    }
}

#[cfg(test)]
mod tests {
    use atom::ObjectId;

    use super::*;

    fn update(name: &str, new: Option<ObjectId>, expect: Expect) -> Update {
        Update {
            name: name.to_owned(),
            new,
            expect,
        }
    }

    #[test]
    fn few_updates_are_arguments_and_many_are_refs() {
        let id: ObjectId = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
        let mut updates = vec![
            update("refs/atoms/a/1.0.0/atom", Some(id), Expect::Absent),
            update("refs/atoms/a/1.0.0/yank", None, Expect::At(id)),
        ];
        let few = print(&updates).unwrap();
        assert_eq!(few.refs, None);
        assert_eq!(
            few.specs,
            [
                format!("{id}:refs/atoms/a/1.0.0/atom"),
                ":refs/atoms/a/1.0.0/yank".to_owned()
            ]
        );
        assert_eq!(
            few.leases,
            [
                "--force-with-lease".to_owned(),
                format!("--force-with-lease=refs/atoms/a/1.0.0/yank:{id}")
            ]
        );
        for n in 0..30_000 {
            updates.push(update(
                &format!("refs/atoms/b/{n}.0.0/atom"),
                Some(id),
                Expect::Absent,
            ));
        }
        let many = print(&updates).unwrap();
        assert_eq!(many.specs, [WILDCARD, ":refs/atoms/a/1.0.0/yank"]);
        assert_eq!(many.leases.len(), 2);
        assert_eq!(many.refs.unwrap().lines().count(), 1 + 30_001);
    }

    #[test]
    fn only_refs_become_arguments() {
        for name in [
            "",
            "-u",
            "--all",
            "heads/main",
            "refs/",
            "refs/a b",
            "refs/a:b",
            "refs/a\nb",
            "refs/*",
            "refs/../x",
            "refs/x.lock",
            "+refs/x",
            &format!("refs/{}", "x".repeat(256)),
        ] {
            let updates = [update(name, None, Expect::Absent)];
            assert!(
                matches!(print(&updates), Err(PushError::Name { .. })),
                "{name:?}"
            );
        }
    }
}
