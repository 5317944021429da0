use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn row(field: &str, value: &str) -> DossierRow {
    DossierRow {
        source: "shop".to_owned(),
        id: "3f2b8c9e".to_owned(),
        version: 2,
        observed_at: "2026-02-01T10:00:00Z".to_owned(),
        values: BTreeMap::from([(field.to_owned(), value.to_owned())]),
    }
}

fn dossier(rows: Vec<DossierRow>) -> Dossier {
    let purposes =
        vec![DossierPurpose { purpose: "contract".to_owned(), basis: Some("contract".to_owned()) }];
    Dossier {
        controller: "La Boutique <du coin>".to_owned(),
        request: 7,
        kind: RequestKind::Access,
        received: day("2026-01-31"),
        made: day("2026-03-01"),
        profile: Vec::new(),
        records: rows,
        events: Vec::new(),
        unread: Vec::new(),
        consents: Vec::new(),
        recipients: Vec::new(),
        sources: vec![DossierSource { source: "shop".to_owned(), rows: 1, self_declared: false }],
        fields: vec![DossierField {
            field: "city".to_owned(),
            description: "Town".to_owned(),
            class: "contact".to_owned(),
            purposes,
            retention: Some("P3Y".to_owned()),
        }],
    }
}

#[track_caller]
fn check_cell(value: &str, expected: &str) {
    let table = dossier(vec![row("notes", value)]).to_csv();
    let line = format!("record,shop,3f2b8c9e,2,2026-02-01T10:00:00Z,notes,{expected}\r\n");
    assert!(table.ends_with(&line), "{table:?}");
}

#[test]
fn no_cell_is_a_formula() {
    for formula in ["=1+1", "+33612345678", "-1", "@SUM(A1)"] {
        check_cell(formula, &format!("'{formula}"));
    }
    check_cell(
        "=HYPERLINK(\"http://x.example\",\"y\")",
        "\"'=HYPERLINK(\"\"http://x.example\"\",\"\"y\"\")\"",
    );
    check_cell("\t=1", "'\t=1");
    check_cell("\r=1", "\"'\r=1\"");
}

#[test]
fn cells_are_quoted_where_they_must_be() {
    check_cell("a=b", "a=b");
    check_cell("12, rue du Port", "\"12, rue du Port\"");
    check_cell("\"Zoé\"\nAbriquel", "\"\"\"Zoé\"\"\nAbriquel\"");
}

#[test]
fn nothing_of_a_value_is_markup() {
    let hostile = "<script>alert('x')</script><img src=x onerror=\"y\">\u{0}";
    for language in [LetterLanguage::French, LetterLanguage::English] {
        let page = dossier(vec![row(hostile, hostile)]).to_letter(language);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(
            page.contains("&lt;script&gt;alert(&#39;x&#39;)") && page.contains("La Boutique &lt;du coin&gt;")
        );
        assert!(!page.contains('\u{0}'));
        assert!(
            !page.contains("http:") && !page.contains("https:") && !page.contains("//"),
            "of another place"
        );
    }
}

#[test]
fn a_letter_speaks_the_language_of_its_reader() {
    let french = dossier(vec![row("city", "Brest")]).to_letter(LetterLanguage::French);
    for expected in [
        "<html lang=\"fr\">",
        "le 31 janvier 2026 (demande n° 7)",
        "état du 1er mars 2026",
        "<td>ville</td><td>Brest</td>",
        "<td>exécution du contrat</td><td>le contrat qui nous lie</td><td>3 ans</td><td>ville</td>",
        "shop, version 2, 1er février 2026",
    ] {
        assert!(french.contains(expected), "{expected} in {french}");
    }
    let english = dossier(vec![row("city", "Brest")]).to_letter(LetterLanguage::English);
    for expected in [
        "On 31 January 2026 you asked",
        "as it stood on 1 March 2026",
        "<td>town</td><td>Brest</td>",
        "3 years",
    ] {
        assert!(english.contains(expected), "{expected} in {english}");
    }
}

#[test]
fn whoever_is_unknown_is_told_so() {
    let mut nobody = dossier(Vec::new());
    assert!(nobody.is_empty());
    assert!(nobody.to_letter(LetterLanguage::French).contains("nous ne conservons aucune donnée"));
    nobody.unread.push(UnreadRow {
        source: "shop".to_owned(),
        since: "2026-01-01".to_owned(),
        row: "a;b".to_owned(),
    });
    assert!(!nobody.is_empty());
    assert!(nobody.to_letter(LetterLanguage::French).contains("<pre>a;b</pre>"));
}

#[test]
fn no_place_of_a_text_is_left_unfilled() {
    for language in [LetterLanguage::French, LetterLanguage::English] {
        for rows in [Vec::new(), vec![row("city", "Brest")]] {
            let page = dossier(rows).to_letter(language);
            let body = page.split_once("<body>").expect("a body").1;
            assert!(!body.contains('{') && !body.contains('}'), "{body}");
        }
    }
}

#[test]
fn as_json_it_is_all_there() {
    let json: serde_json::Value =
        serde_json::from_str(&dossier(vec![row("city", "Brest")]).to_json()).expect("JSON");
    assert_eq!(json["records"][0]["values"]["city"], "Brest");
    assert_eq!((&json["kind"], &json["received"]), (&"access".into(), &"2026-01-31".into()));
}
