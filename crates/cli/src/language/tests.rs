use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

#[track_caller]
fn check_number(language: Language, value: f64, places: usize, written: &str) {
    assert_eq!(language.number(value, places), written);
}

#[test]
fn french_groups_by_narrow_spaces_and_has_a_decimal_comma() {
    check_number(Language::French, 1234567.891, 2, "1\u{202f}234\u{202f}567,89");
    check_number(Language::French, 999.0, 0, "999");
    check_number(Language::French, -1000.5, 1, "-1\u{202f}000,5");
    assert_eq!(Language::French.percent(0.98765), "98,77\u{202f}%");
    assert_eq!(Language::French.seconds(1.5), "1,50\u{202f}s");
}

#[test]
fn english_groups_by_commas_and_has_a_decimal_point() {
    check_number(Language::English, 1234567.891, 2, "1,234,567.89");
    check_number(Language::English, 0.0, 2, "0.00");
    check_number(Language::English, -0.001, 2, "0.00");
    assert_eq!(Language::English.integer(10_000), "10,000");
    assert_eq!(Language::English.percent(1.0), "100.00%");
}

#[test]
fn a_locale_tells_the_language() {
    for french in ["fr_FR.UTF-8", "fr", "FR_CA", "fr@euro"] {
        assert_eq!(Language::of_locale(french), Language::French, "{french}");
    }
    for other in ["", "C", "C.UTF-8", "de_DE", "en_GB.UTF-8", "frr_DE"] {
        assert_eq!(Language::of_locale(other), Language::English, "{other}");
    }
}

#[test]
fn counts_choose_the_plural_of_their_language() {
    let rows = |language, rows: u64| Catalog::new(language).message("query-rows", &[("rows", rows.into())]);
    assert_eq!(rows(Language::English, 0), "(0 rows)");
    assert_eq!(rows(Language::English, 1), "(1 row)");
    assert_eq!(rows(Language::English, 12_345), "(12,345 rows)");
    // In French zero is singular.
    assert_eq!(rows(Language::French, 0), "(0 ligne)");
    assert_eq!(rows(Language::French, 12_345), "(12\u{202f}345 lignes)");
}

#[test]
fn a_diagnostic_is_told_with_the_way_out() {
    let misspelt = Diagnostic::new("yaml-unknown-key-near")
        .with("file", "pipeline.yaml")
        .with("line", 1204)
        .with("column", 3)
        .with("key", "delimeter")
        .with("nearest", "delimiter");
    let told = Catalog::new(Language::English).tell(&misspelt);
    assert_eq!(told.headline, "pipeline.yaml:1204:3: unknown key `delimeter`");
    assert_eq!(told.help.as_deref(), Some("did you mean `delimiter`?"));
    let told = Catalog::new(Language::French).tell(&misspelt);
    assert_eq!(told.headline, "pipeline.yaml:1204:3\u{a0}: clé inconnue `delimeter`");
    assert_eq!(told.help.as_deref(), Some("vouliez-vous dire `delimiter`\u{202f}?"));
}

#[test]
fn where_nothing_is_near_the_way_out_is_another() {
    let unknown = Diagnostic::new("match-unknown-comparison-field")
        .with("schema", "customer.v1")
        .with("field", "shoe_size")
        .with("nearest", "");
    let told = Catalog::new(Language::English).tell(&unknown);
    assert_eq!(told.help.as_deref(), Some("name a field of the schema"));
}

#[test]
fn an_unknown_code_is_told_as_it_is() {
    let told = Catalog::new(Language::French).tell(&Diagnostic::new("never-heard-of").with("line", 3));
    assert_eq!(told, Told { headline: "never-heard-of line: 3".to_owned(), help: None });
}

/// Message id → the variables of its value and attributes, attributes by name.
fn variables(language: Language) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut messages: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let mut place = (String::new(), String::new());
    for line in language.messages().lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(" =").next().unwrap_or_default();
        if let Some(attribute) = name.strip_prefix("    .") {
            place.1 = attribute.to_owned();
        } else if !line.is_empty() && !line.starts_with(' ') {
            assert!(!messages.contains_key(name), "`{name}` stands twice in {language:?}");
            place = (name.to_owned(), "value".to_owned());
        }
        let parts = messages.entry(place.0.clone()).or_default().entry(place.1.clone()).or_default();
        parts.extend(line.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next()).map(str::to_owned));
    }
    messages
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    assert_eq!(variables(Language::French), variables(Language::English));
}

#[test]
fn both_message_files_are_well_formed() {
    for language in Language::ALL {
        let resource = FluentResource::try_new(language.messages().to_owned());
        assert!(resource.is_ok(), "{language:?}: {:?}", resource.err().map(|(_, errors)| errors));
        assert_eq!(Catalog::new(language).language, language);
    }
}

/// Every Rust file of the workspace's crates that is no test, with its text up to its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pending = vec![crates];
    let mut sources = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                if name != "tests" && name != "target" {
                    pending.push(path);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                sources.push((path, text));
            }
        }
    }
    sources
}

/// Literals written like a code, such as `too-few-fields`.
fn kebab_literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|literal| {
        let parts: Vec<_> = literal.split('-').collect();
        parts.len() > 1
            && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase()))
    })
}

#[test]
fn every_code_has_a_message() {
    let messages = variables(Language::English);
    let mut found = BTreeSet::new();
    for (path, text) in sources() {
        // A code may be chosen first and put into its diagnostic later: wherever diagnostics
        // are made, anything written like a code counts as one.
        if text.contains("Diagnostic::new(") {
            found.extend(kebab_literals(&text).map(|code| (code.to_owned(), path.clone())));
        }
        let near = text.split("near(\"").skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(near.map(|code| (format!("{code}-near"), path.clone())));
    }
    for (code, path) in &found {
        assert!(messages.contains_key(code), "no message for `{code}` of {}", path.display());
    }
    assert!(found.len() > 50, "only {} codes were found: the search is broken", found.len());
}
