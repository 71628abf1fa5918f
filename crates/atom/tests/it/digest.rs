//! The digest of an atom's identity.

use atom::{AtomId, Digest};

use crate::vectors;

#[test]
fn digests_agree_with_the_golden_ones() {
    for row in vectors::list(&vectors::json("digest/digest.json"), None) {
        let field = |key| vectors::text(&row, key);
        let atom = AtomId::new(field("root").parse().unwrap(), field("id").parse().unwrap());
        assert_eq!(atom.digest().to_string(), field("digest"));
        assert_eq!(field("digest").parse(), Ok(atom.digest()));
        assert_eq!(atom.digest().short(), field("digest")[..8]);
    }
}

#[test]
fn a_digest_has_one_text() {
    let text = "r3rlam6bd31t9i04ggug7avs8vf8981q7a3b6gobemk1gfs50qm0";
    for other in [
        text.to_uppercase(),
        format!("{text}===="),
        format!("{text} "),
        text[..51].to_owned(),
        text.replace("qm0", "qm1"),
        String::new(),
    ] {
        assert!(other.parse::<Digest>().is_err(), "{other}");
    }
}
