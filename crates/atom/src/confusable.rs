//! Ids that people take for one another.

use std::collections::BTreeMap;

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

use crate::Id;

/// How two ids are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confusable {
    /// They are equal under full case folding.
    Case,
    /// They look alike: equal skeletons by UTS #39.
    Look,
}

/// Returns how two different ids of one set would be taken for one another, if they would be.
#[must_use]
pub fn confusable(a: &Id, b: &Id) -> Option<Confusable> {
    if a == b {
        None
    } else if folded(a) == folded(b) {
        Some(Confusable::Case)
    } else if look(a) == look(b) {
        Some(Confusable::Look)
    } else {
        None
    }
}

/// Returns the pairs among `ids` that [`confusable`] finds, in order, without comparing each with
/// each; a third id of one look is paired with the first.
#[must_use]
pub fn confusable_pairs<'a>(ids: impl IntoIterator<Item = &'a Id>) -> Vec<(&'a Id, &'a Id)> {
    let mut by_fold = BTreeMap::new();
    let mut by_look = BTreeMap::new();
    let mut pairs = Vec::new();
    for id in ids {
        let same_fold = *by_fold.entry(folded(id)).or_insert(id);
        let same_look = *by_look.entry(look(id)).or_insert(id);
        let first = if same_fold == id {
            same_look
        } else {
            same_fold
        };
        if first != id {
            pairs.push((first, id));
        }
    }
    pairs
}

/// The id in full case folding, normalised again, since folding may leave NFKC.
fn folded(id: &Id) -> String {
    UniCase::new(id.as_str()).to_folded_case().nfkc().collect()
}

fn look(id: &Id) -> String {
    skeleton(id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &str, b: &str, expected: Option<Confusable>) {
        let (a, b): (Id, Id) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(confusable(&a, &b), expected, "{a} {b}");
        assert_eq!(confusable(&b, &a), expected, "{b} {a}");
        let paired = !confusable_pairs([&a, &b]).is_empty();
        assert_eq!(paired, expected.is_some(), "{a} {b}");
    }

    #[test]
    fn other_cases_are_confusable() {
        check("zlib", "ZLib", Some(Confusable::Case));
        check("straße", "STRASSE", Some(Confusable::Case));
        check("strasse", "straße", Some(Confusable::Case));
        check("ΣΟΦΟΣ", "σοφος", Some(Confusable::Case));
        check("σοφος", "σοφοσ", Some(Confusable::Case));
        check("Ω", "ω", Some(Confusable::Case));
        check("ᏸ", "Ᏸ", Some(Confusable::Case));
    }

    #[test]
    fn look_alikes_are_confusable() {
        check("zlib1", "zlibl", Some(Confusable::Look));
        check("rn", "m", Some(Confusable::Look));
        check("paypal", "раураl", Some(Confusable::Look));
        check("sco", "ѕсо", Some(Confusable::Look));
        check("O0", "OO", Some(Confusable::Look));
        check("工", "エ", Some(Confusable::Look));
        check("α", "a", Some(Confusable::Look));
    }

    #[test]
    fn others_are_not() {
        check("zlib", "zlib", None);
        check("zlib", "zlib-ng", None);
        check("ひらがな", "カタカナ", None);
        check("a-b", "a_b", None);
        check("λ", "l", None);
    }

    #[test]
    fn a_third_of_one_look_is_found() {
        let ids: Vec<Id> = ["ab", "zlib", "Zlib", "zlıb", "ZLIB"]
            .map(|it| it.parse().unwrap())
            .into();
        let pairs = confusable_pairs(&ids);
        assert_eq!(
            pairs,
            [(&ids[1], &ids[2]), (&ids[1], &ids[3]), (&ids[1], &ids[4])]
        );
    }
}
