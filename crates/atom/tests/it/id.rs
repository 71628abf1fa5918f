//! Which texts are ids, foreign or one's own.

use atom::Id;
use miette::Diagnostic;
use proptest::prelude::*;

use crate::vectors;

fn code(error: &impl Diagnostic) -> String {
    error.code().map(|it| it.to_string()).unwrap_or_default()
}

#[test]
fn every_golden_text_is_taken_or_refused_by_its_rule() {
    let rows = vectors::list(&vectors::json("id/id.json"), None);
    assert!(rows.len() >= 60);
    for row in rows {
        let text = vectors::text(&row, "id");
        let foreign = text.parse::<Id>();
        let own = foreign
            .clone()
            .and_then(|id| id.check_own().map(|()| id.to_string()));
        let foreign = foreign.err().map(|it| code(&it));
        assert_eq!(foreign.as_deref(), row["foreign"].as_str(), "{row}");
        match own {
            Ok(printed) => assert!(row["own"].is_null() && printed == text, "{row}"),
            Err(error) => assert_eq!(Some(&*code(&error)), row["own"].as_str(), "{row}"),
        }
    }
}

#[test]
fn nothing_that_cannot_be_seen_is_taken_anywhere() {
    // `DerivedCoreProperties.txt`, Default_Ignorable_Code_Point.
    let ignorable = [
        0xAD..=0xAD,
        0x34F..=0x34F,
        0x61C..=0x61C,
        0x115F..=0x1160,
        0x17B4..=0x17B5,
        0x180B..=0x180F,
        0x200B..=0x200F,
        0x202A..=0x202E,
        0x2060..=0x206F,
        0x3164..=0x3164,
        0xFE00..=0xFE0F,
        0xFEFF..=0xFEFF,
        0xFFA0..=0xFFA0,
        0xFFF0..=0xFFF8,
        0x1BCA0..=0x1BCA3,
        0x1D173..=0x1D17A,
        0xE0000..=0xE0FFF,
    ];
    for character in ignorable.into_iter().flatten().filter_map(char::from_u32) {
        for text in [
            format!("{character}a"),
            format!("a{character}"),
            format!("a{character}b"),
        ] {
            let error = text.parse::<Id>().unwrap_err();
            assert_eq!(code(&error), "eka::id::invisible", "{error}");
        }
    }
}

#[test]
fn the_tables_are_of_one_year() {
    assert_eq!(atom::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(unicode_normalization::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(unicode_security::UNICODE_VERSION, (18, 0, 0));
}

proptest! {
    #[test]
    fn what_is_read_is_printed_back(text in "\\PC{0,6}|[a-zλк][a-z0-9_-]{0,8}|.{0,4}") {
        if let Ok(id) = text.parse::<Id>() {
            prop_assert_eq!(id.as_str(), &text);
            prop_assert_eq!(id.to_string(), text);
            prop_assert!(!id.as_str().contains(['/', '.', ':', '@', ' ', '\0']));
            prop_assert!(!id.as_str().starts_with('-'));
            drop(id.check_own());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        drop(String::from_utf8_lossy(&bytes).parse::<Id>());
    }
}
