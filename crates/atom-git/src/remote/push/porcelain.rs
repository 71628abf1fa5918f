//! What `git push --porcelain` prints, ref by ref.

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Created, updated or deleted.
    Changed,
    /// It had the value already.
    Unchanged,
    /// It is not what it was expected to be.
    Lost(String),
    /// The server refuses it.
    Declined(String),
    /// Not done, because of another.
    Collateral(String),
}

/// Reasons by which a ref was rejected because of another one.
const COLLATERAL: [&str; 3] = [
    "atomic push failed",
    "atomic push failure",
    "atomic transaction failed",
];

/// Reasons, of git here or on the server, by which a ref has another value than expected.
const LOST: [&str; 13] = [
    "stale info",
    "fetch first",
    "already exists",
    "non-fast-forward",
    "needs force",
    "remote ref updated since checkout",
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "unable to lock",
    "reference already exists",
    "incorrect old value",
    "expected old value",
];

/// The refs of git's answer, in its order; other lines are passed by.
pub(super) fn parse(stdout: &[u8]) -> Vec<(String, Answer)> {
    stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| parse_line(std::str::from_utf8(line).ok()?))
        .collect()
}

/// `<flag> TAB <from>:<to> TAB <summary>[ (<reason>)]`.
fn parse_line(line: &str) -> Option<(String, Answer)> {
    let mut fields = line.splitn(3, '\t');
    let (flag, refs, summary) = (fields.next()?, fields.next()?, fields.next()?);
    let (_, name) = refs.rsplit_once(':')?;
    let answer = match flag {
        " " | "+" | "-" | "*" => Answer::Changed,
        "=" => Answer::Unchanged,
        "!" => rejected(summary),
        _ => return None,
    };
    Some((name.to_owned(), answer))
}

fn rejected(summary: &str) -> Answer {
    let reason = summary
        .split_once('(')
        .map_or(summary, |(_, reason)| reason.trim_end_matches(')'));
    let lower = reason.to_lowercase();
    let is_one_of = |reasons: &[&str]| reasons.iter().any(|it| lower.contains(it));
    if is_one_of(&COLLATERAL) {
        Answer::Collateral(reason.to_owned())
    } else if is_one_of(&LOST) {
        Answer::Lost(reason.to_owned())
    } else {
        Answer::Declined(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line() {
        let cases = [
            ("*\tabc:refs/x\t[new reference]", Some(Answer::Changed)),
            (" \tabc:refs/x\t1..2", Some(Answer::Changed)),
            ("-\t:refs/x\t[deleted]", Some(Answer::Changed)),
            ("=\tabc:refs/x\t[up to date]", Some(Answer::Unchanged)),
            (
                "!\tabc:refs/x\t[rejected] (stale info)",
                Some(Answer::Lost("stale info".to_owned())),
            ),
            (
                "!\tabc:refs/x\t[remote rejected] (failed to update ref)",
                Some(Answer::Lost("failed to update ref".to_owned())),
            ),
            (
                "!\tabc:refs/x\t[rejected] (atomic push failed)",
                Some(Answer::Collateral("atomic push failed".to_owned())),
            ),
            (
                "!\tabc:refs/x\t[remote rejected] (pre-receive hook declined)",
                Some(Answer::Declined("pre-receive hook declined".to_owned())),
            ),
            ("To http://h/r", None),
            ("Done", None),
            ("", None),
        ];
        for (line, expected) in cases {
            let parsed = parse(line.as_bytes());
            let expected: Vec<_> = expected
                .map(|it| ("refs/x".to_owned(), it))
                .into_iter()
                .collect();
            assert_eq!(parsed, expected, "{line}");
        }
    }
}
