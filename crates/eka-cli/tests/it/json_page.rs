//! `docs/reference/json.md` has every shape of `src/json`, and every field of it.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_shape_and_field_is_on_the_page() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(here.join("../../docs/reference/json.md")).unwrap();
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let mut named = BTreeSet::new();
    for file in std::fs::read_dir(here.join("src/json")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("mod.rs") {
            continue;
        }
        let caption = text.lines().next().unwrap();
        let schemas: Vec<&str> = caption.split('`').skip(1).step_by(2).collect();
        assert!(!schemas.is_empty(), "{caption}");
        for schema in schemas {
            let title = format!("`{schema}`");
            let is_of = |it: &&&str| it.lines().next().is_some_and(|it| it.contains(&title));
            let section = sections.iter().find(is_of);
            let section = section.unwrap_or_else(|| panic!("no section on {title}"));
            for field in fields(&text) {
                let field = format!("`{field}`");
                assert!(section.contains(&field), "{title} has no word on {field}");
            }
            named.insert(schema.to_owned());
        }
        // The caption is held to what the code says.
        for said in text.split('"').filter(|it| is_schema(it)) {
            assert!(named.contains(said), "{}: {said}", path.display());
        }
    }
    assert_eq!(sections.len() + 1, named.len(), "{named:?}");
}

fn is_schema(text: &str) -> bool {
    text.starts_with("eka.") && text.ends_with("/1")
}

/// The fields of all structs of a file, `schema` aside, which every section has in its heading,
/// and those that only hold other fields.
fn fields(text: &str) -> BTreeSet<&str> {
    let mut within = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        within = (within || line.contains("struct ")) && line != "}";
        let field = line
            .trim_start()
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("r#")
            .split_once(": ")
            .map(|it| it.0)
            .filter(|it| !it.contains([' ', '/']));
        found.extend(field.filter(|it| within && !["schema", "one"].contains(it)));
    }
    found
}
