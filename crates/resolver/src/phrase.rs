//! A requirement in words.

use atom::Requirement;
use semver::Op;

/// What a requirement asks for, such as `2.x`: to be written where it stands.
pub(crate) fn wants(req: &Requirement) -> String {
    let [one] = req.comparators.as_slice() else {
        return if req.comparators.is_empty() {
            "any version".to_owned()
        } else {
            format!("`{req}`")
        };
    };
    let full = match (one.minor, one.patch) {
        (Some(minor), Some(patch)) if one.pre.is_empty() => {
            format!("{}.{minor}.{patch}", one.major)
        }
        (Some(minor), Some(patch)) => format!("{}.{minor}.{patch}-{}", one.major, one.pre),
        (Some(minor), None) => format!("{}.{minor}", one.major),
        _ => one.major.to_string(),
    };
    let any_minor = format!("{}.x", one.major);
    let any_patch = one.minor.map(|minor| format!("{}.{minor}.x", one.major));
    let any_patch = any_patch.unwrap_or_else(|| any_minor.clone());
    let (is_first, is_first_patch) = (
        one.minor.unwrap_or(0) == 0 && one.patch.unwrap_or(0) == 0 && one.pre.is_empty(),
        one.patch.unwrap_or(0) == 0 && one.pre.is_empty(),
    );
    let from = |any: String, is_first: bool| {
        if is_first {
            any
        } else {
            format!("{any} from {full} on")
        }
    };
    match (one.op, one.minor, one.patch) {
        (Op::Exact | Op::Caret | Op::Tilde | Op::Wildcard, None, _) => any_minor,
        (Op::Exact | Op::Wildcard, Some(_), None) => any_patch,
        (Op::Exact, ..) => full,
        (Op::Caret, Some(0), Some(_)) if one.major == 0 => full,
        (Op::Caret, ..) if one.major > 0 => from(any_minor, is_first),
        (Op::Caret | Op::Tilde, ..) => from(any_patch, is_first_patch),
        _ => format!("`{req}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_told_by_what_it_accepts() {
        let cases = [
            ("*", "any version"),
            ("^2", "2.x"),
            ("^2.0.0", "2.x"),
            ("^1.2", "1.x from 1.2 on"),
            ("^1.2.3", "1.x from 1.2.3 on"),
            ("^0.3", "0.3.x"),
            ("^0.3.1", "0.3.x from 0.3.1 on"),
            ("^0.0.7", "0.0.7"),
            ("^1.0.0-rc.1", "1.x from 1.0.0-rc.1 on"),
            ("~1.2", "1.2.x"),
            ("~1.2.3", "1.2.x from 1.2.3 on"),
            ("=1.2.3", "1.2.3"),
            ("=1.2", "1.2.x"),
            ("1.*", "1.x"),
            (">=1.2", "`>=1.2`"),
            (">=1, <3", "`>=1, <3`"),
        ];
        for (req, expected) in cases {
            assert_eq!(wants(&req.parse().unwrap()), expected, "{req}");
        }
    }
}
