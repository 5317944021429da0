use super::*;

fn pair() -> ReviewPair {
    ReviewPair {
        left: "8c7e".to_owned(),
        right: "1f02".to_owned(),
        left_profile: "aa01".to_owned(),
        right_profile: "bb02".to_owned(),
        kind: "bridge".to_owned(),
        linked: false,
        weight_bits: 3.25,
        probability: 0.905,
        mean_bits: Some(-4.75),
        records: [1_200, 2],
        error_probability: 0.0358,
        expected_gain: 85.92,
    }
}

fn question() -> ReviewQuestion {
    let evidence = |level: &str, bits| EvidenceReport {
        field: String::new(),
        level: level.to_owned(),
        bits,
        term_frequency_bits: 1.5,
    };
    let field = |name: &str, left: Option<&str>, right: Option<&str>, evidence| ComparedField {
        field: name.to_owned(),
        masked: false,
        left: left.map(str::to_owned),
        right: right.map(str::to_owned),
        evidence,
    };
    let mut closed = field("birth_date", None, None, Some(evidence("same_year", 2.0)));
    closed.masked = true;
    ReviewQuestion {
        pair: pair(),
        left_source: "erp".to_owned(),
        right_source: "web".to_owned(),
        threshold: 0.5,
        prior_bits: -11.0,
        dependence_bits: 0.0,
        rules: vec!["email".to_owned()],
        fields: vec![
            field("family_name", Some("Abriquel\u{1b}[2J"), Some("ABRIQUEL"), Some(evidence("equal", 8.0))),
            field("email", Some("zoe@courrier.example"), None, Some(evidence("missing", 0.0))),
            closed,
            field("language", None, Some("fr"), None),
        ],
    }
}

#[test]
fn a_queue_shows_where_each_pair_stands_and_what_asking_is_worth() {
    let catalog = Catalog::new(Language::French);
    let shown = crate::render::review::list(&catalog, &[pair()], 1_071).replace(['\u{202f}', '\u{a0}'], "~");
    assert_eq!(
        shown,
        "\
╭────────────────┬────────────────┬────────────────────────┬───────┬─────────────┬─────────────────┬─────────────╮
│ enregistrement ┆ enregistrement ┆ où elle en est         ┆ bits  ┆ probabilité ┆ enregistrements ┆ gain espéré │
╞════════════════╪════════════════╪════════════════════════╪═══════╪═════════════╪═════════════════╪═════════════╡
│ 8c7e           ┆ 1f02           ┆ séparés, un pont coupé ┆ +3,25 ┆     90,50~% ┆ 1~200 + 2       ┆       85,92 │
╰────────────────┴────────────────┴────────────────────────┴───────┴─────────────┴─────────────────┴─────────────╯
1 sur 1~071"
    );
    for catalog in catalogs() {
        let nothing = crate::render::review::list(&catalog, &[], 0);
        assert_eq!(nothing, catalog.text("review-nothing"));
    }
}

#[test]
fn a_question_shows_both_records_what_is_masked_and_what_an_answer_changes() {
    let shown = crate::render::review::question(&Catalog::new(Language::English), &question(), (1, 50));
    assert_eq!(
        shown,
        "\
1 of 50: apart, a bridge that was cut (expected gain: 85.92)
╭─────────────────────┬──────────────────────┬──────────┬───────────┬────────┬────────────╮
│ field               ┆ record A             ┆ record B ┆ agreement ┆ bits   ┆ for rarity │
╞═════════════════════╪══════════════════════╪══════════╪═══════════╪════════╪════════════╡
│ before any evidence ┆                      ┆          ┆           ┆ -11.00 ┆            │
│ family_name         ┆ Abriquel\u{fffd}[2J         ┆ ABRIQUEL ┆ equal     ┆  +8.00 ┆      +1.50 │
│ email               ┆ zoe@courrier.example ┆          ┆           ┆        ┆            │
│ birth_date          ┆ (masked)             ┆ (masked) ┆ same_year ┆  +2.00 ┆      +1.50 │
│ language            ┆                      ┆ fr       ┆           ┆        ┆            │
│ total               ┆                      ┆          ┆           ┆  +3.25 ┆            │
╰─────────────────────┴──────────────────────┴──────────┴───────────┴────────┴────────────╯
A: record 8c7e of `erp`, in profile aa01
B: record 1f02 of `web`, in profile bb02
The pair alone would be linked, with a probability of 90.50%; but the pairs between both sides weigh -4.75 bits on average, and the join was refused.
Compared because of: email
Now apart: one person would make one profile of 1,200 + 2 records.
Masked values are not for this role and purpose: `--role` and `--purpose` name others."
    );
    let mut linked = question();
    linked.pair.linked = true;
    let shown = crate::render::review::question(&Catalog::new(Language::French), &linked, (2, 3));
    assert!(shown.contains("(masqué)"), "{shown}");
    assert!(shown.contains("le scinderaient en 1\u{202f}200 + 2 enregistrements"), "{shown}");
}

#[test]
fn a_reliability_table_shows_what_was_expected_and_what_came_true() {
    let risks = [("a", 1, 0.125), ("b", 1, 0.125), ("c", 2, 0.03), ("d", 2, 0.03)];
    let truth = [("a", "ada"), ("b", "eve"), ("c", "bob"), ("d", "bob")];
    let accuracy = Accuracy::from(measure(&risks.map(|(record, group, _)| (record, group)), &truth));
    let evaluated = Evaluated { accuracy, calibration: calibration(&risks, &truth) };
    let shown = crate::render::evaluate::render(&Catalog::new(Language::English), &evaluated);
    let table = "\
╭───────────┬──────────┬───────────┬──────────────╮
│ risk      ┆ clusters ┆ mean risk ┆ false merges │
╞═══════════╪══════════╪═══════════╪══════════════╡
│ 0 to 10%  ┆        1 ┆     3.00% ┆        0.00% │
│ 10 to 20% ┆        1 ┆    12.50% ┆      100.00% │
╰───────────┴──────────┴───────────┴──────────────╯
Of 2 clusters of several records, 0.2 false merges were expected and 1 found; expected calibration error 45.25%.";
    assert!(shown.ends_with(table), "{shown}");
}
