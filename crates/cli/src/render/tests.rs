mod changed;
mod explained;
mod reviewed;

use std::path::Path;

use vermeil_engine::*;
use vermeil_model::Diagnostic;
use vermeil_policy::{AccessPolicy, PolicyFile};
use vermeil_resolve::measure::{calibration, measure};

use self::changed::{change, rectification};

use crate::accuracy::Accuracy;
use crate::commands::check::Checked;
use crate::commands::compare_names::ComparedNames;

use crate::commands::demo::{DEMO_POLICIES, Demo, Ending, ForeignFound, Found};
use crate::commands::evaluate::Evaluated;
use crate::commands::init::NewPipeline;
use crate::commands::policy::PolicyShown;
use crate::commands::synth::SynthReport;
use crate::language::{Catalog, Language};

fn catalogs() -> [Catalog; 2] {
    Language::ALL.map(Catalog::new)
}

fn run_report() -> RunReport {
    RunReport {
        records_in: 12_345,
        records_landed: 12_000,
        duplicates: 300,
        quarantined: 45,
        candidate_pairs: 1_234_567,
        links: 9_876,
        profiles: 5_000,
        seconds: 3.25,
        stages: vec![StageReport { name: "land".to_owned(), seconds: 1.5, rows: 12_345 }],
        sources: vec![SourceReport {
            source: "erp".to_owned(),
            records_in: 12_345,
            records_landed: 12_000,
            duplicates: 300,
            quarantined: [("too-few-fields".to_owned(), 45)].into(),
            ..SourceReport::default()
        }],
        ..RunReport::default()
    }
}

#[test]
fn a_run_is_shown_in_french() {
    let shown = super::run::render(&Catalog::new(Language::French), &run_report());
    // A narrow no-break space parts the thousands.
    assert_eq!(
        shown.replace('\u{202f}', "~").replace('\u{a0}', "_"),
        "\
╭───────┬────────┬────────────────────────────────────┬────────╮
│ étape ┆ lignes ┆ objet                              ┆ durée  │
╞═══════╪════════╪════════════════════════════════════╪════════╡
│ land  ┆ 12~345 ┆ lignes lues, scellées et intégrées ┆ 1,50~s │
│ total ┆        ┆                                    ┆ 3,25~s │
╰───────┴────────┴────────────────────────────────────┴────────╯
╭────────┬────────┬───────────┬────────────┬──────────┬────────────────┬──────────╮
│ source ┆ lues   ┆ intégrées ┆ inchangées ┆ doublons ┆ en quarantaine ┆ écartées │
╞════════╪════════╪═══════════╪════════════╪══════════╪════════════════╪══════════╡
│ erp    ┆ 12~345 ┆    12~000 ┆          0 ┆      300 ┆             45 ┆        0 │
│ total  ┆ 12~345 ┆    12~000 ┆          0 ┆      300 ┆             45 ┆        0 │
╰────────┴────────┴───────────┴────────────┴──────────┴────────────────┴──────────╯
╭────────────────────┬───────────╮
│ paires comparées   ┆ 1~234~567 │
│ paires rapprochées ┆     9~876 │
│ profils            ┆     5~000 │
│ profils fusionnés  ┆         0 │
│ profils scindés    ┆         0 │
╰────────────────────┴───────────╯
45 lignes de `erp` en quarantaine_: too-few-fields"
    );
}

#[test]
fn a_run_is_shown_in_english() {
    let shown = super::run::render(&Catalog::new(Language::English), &run_report());
    assert_eq!(
        shown,
        "\
╭───────┬────────┬──────────────────────────────┬────────╮
│ stage ┆ rows   ┆ what                         ┆ time   │
╞═══════╪════════╪══════════════════════════════╪════════╡
│ land  ┆ 12,345 ┆ rows read, sealed and landed ┆ 1.50 s │
│ total ┆        ┆                              ┆ 3.25 s │
╰───────┴────────┴──────────────────────────────┴────────╯
╭────────┬────────┬────────┬───────────┬────────────┬─────────────┬────────────╮
│ source ┆ read   ┆ landed ┆ unchanged ┆ duplicates ┆ quarantined ┆ suppressed │
╞════════╪════════╪════════╪═══════════╪════════════╪═════════════╪════════════╡
│ erp    ┆ 12,345 ┆ 12,000 ┆         0 ┆        300 ┆          45 ┆          0 │
│ total  ┆ 12,345 ┆ 12,000 ┆         0 ┆        300 ┆          45 ┆          0 │
╰────────┴────────┴────────┴───────────┴────────────┴─────────────┴────────────╯
╭─────────────────┬───────────╮
│ pairs compared  ┆ 1,234,567 │
│ pairs linked    ┆     9,876 │
│ profiles        ┆     5,000 │
│ profiles merged ┆         0 │
│ profiles split  ┆         0 │
╰─────────────────┴───────────╯
45 rows of `erp` in quarantine: too-few-fields"
    );
}

fn check_report() -> CheckReport {
    CheckReport {
        problems: vec![Diagnostic::new("source-missing").with("path", "crm.csv")],
        sources: vec![CheckedSource {
            source: "erp".to_owned(),
            schema: "customer.v1".to_owned(),
            files: vec!["erp.csv".to_owned()],
            rejected_rows: vec![RejectedRow {
                file: "erp.csv".to_owned(),
                line: 7,
                diagnostic: Diagnostic::new("too-few-fields").with("expected", 3).with("found", 2),
            }],
            fields: vec![CheckedField {
                field: "city".to_owned(),
                column: "ORT01".to_owned(),
                data_type: "text".to_owned(),
                class: "contact".to_owned(),
                required: true,
            }],
            unmapped: vec!["X".to_owned()],
        }],
    }
}

fn policy_shown() -> PolicyShown {
    let [names, access] =
        DEMO_POLICIES.map(|(name, text)| PolicyFile { name: name.to_owned(), text: text.to_owned() });
    let policy = AccessPolicy::parse(Some(&names), &[access]).unwrap();
    PolicyShown {
        roles: policy.roles().to_vec(),
        purposes: policy.purposes().to_vec(),
        matrix: policy.matrix(),
        notes: Vec::new(),
    }
}

fn every_report(catalog: &Catalog) -> Vec<String> {
    let at = || "2024-02-29T00:00:00Z".to_owned();
    let pair = PairExplanation {
        left: "a".to_owned(),
        right: "b".to_owned(),
        prior_bits: -12.5,
        evidence: vec![EvidenceReport {
            field: "email".to_owned(),
            level: "exact".to_owned(),
            bits: 17.25,
            term_frequency_bits: 2.0,
        }],
        dependence_bits: -2.0,
        weight_bits: 4.75,
        probability: 0.964,
        threshold: 0.95,
        rules: vec!["email".to_owned()],
        same_profile: true,
        joined_by: Vec::new(),
        kept_apart_by: Vec::new(),
    };
    let stranger =
        PairExplanation { probability: 0.1, rules: Vec::new(), same_profile: false, ..pair.clone() };
    let profile = ProfileExplanation {
        profile: "p".to_owned(),
        erased_at: None,
        merge_risk: Some(0.0625),
        members: vec![MemberReport { record: "a".to_owned(), source: "erp".to_owned(), since: at() }],
        values: vec![ProvenanceReport {
            field: "city".to_owned(),
            record: "a".to_owned(),
            source: "erp".to_owned(),
            rule: "most_recent".to_owned(),
            observed_at: Some(at()),
            author: Some("ada".to_owned()),
            value: Some("Nîmes".to_owned()),
        }],
        alternatives: vec![AlternativeReport {
            field: "city".to_owned(),
            value: "NISMES".to_owned(),
            records: 2,
            sources: vec!["erp".to_owned()],
            last_seen: at(),
        }],
        rectifications: vec![rectification("set"), rectification("withdrawn")],
        decisions: Vec::new(),
        links: vec![LinkReport {
            left: "a".to_owned(),
            right: "b".to_owned(),
            weight_bits: 4.75,
            probability: 0.964,
            role: LinkRole::Weakest,
        }],
    };
    let entry = QuarantineEntry {
        id: "q".to_owned(),
        source: "erp".to_owned(),
        diagnostic: Diagnostic::new("too-few-fields").with("expected", 17).with("found", 3),
        file: "erp.csv".to_owned(),
        line: 1204,
        first_seen: at(),
        replayed_at: None,
    };
    let status = StatusReport {
        runs: ["done", "over_limit", "failed", "interrupted"]
            .map(|outcome| RunStatus {
                run: 1,
                started_at: at(),
                ended_at: Some(at()),
                outcome: outcome.to_owned(),
                report: Some(run_report()),
            })
            .into(),
        sources: vec![SourceStatus {
            source: "erp".to_owned(),
            records: 1,
            versions: 2,
            last_load: Some(1),
            last_load_at: Some(at()),
            lag_seconds: Some(3.0),
        }],
        quarantine: vec![QuarantineCount {
            source: "erp".to_owned(),
            code: "not-a-date".to_owned(),
            rows: 1,
        }],
        profiles: 1,
        publication: Some(1),
        openings: vec![OpeningStatus {
            entry: 1,
            at: at(),
            ended_at: Some(at()),
            actor: "ada".to_owned(),
            role: "agent".to_owned(),
            purpose: "customer_care".to_owned(),
            action: "query".to_owned(),
            table: "golden.profiles".to_owned(),
            classes: "contact".to_owned(),
            status: Some("done".to_owned()),
            rows: Some(1),
            key_pages: Some(1),
            pages: vec![(1, 1)],
            subjects: Vec::new(),
        }],
        lake: "lake".to_owned(),
        process: ProcessStatus {
            core_dumps: "off".to_owned(),
            memory_lock: "partial".to_owned(),
            memory_lock_limit: Some(8 << 20),
        },
    };
    let check = Checked {
        notes: vec![Diagnostic::new("policy-role-opens-nothing").with("role", "analyst")],
        report: check_report(),
    };
    let mut shown = policy_shown();
    shown.notes = check.notes.clone();
    let plan = PlanReport {
        reads: vec![PlannedRead { source: "erp".to_owned(), rows: 3, ..PlannedRead::default() }],
        schema_changes: vec![SchemaChange {
            table: "landing.erp".to_owned(),
            column: "city".to_owned(),
            data_type: "text".to_owned(),
        }],
        merge_examples: vec![change(Some("other"))],
        split_examples: vec![change(None)],
        ..PlanReport::default()
    };
    let optimized = OptimizeReport {
        tables: vec![OptimizedTable {
            table: "landing.erp".to_owned(),
            files_before: 9,
            files_after: 1,
            files_deleted: 9,
        }],
    };
    let tried = ReplayReport { tried: 2, landed: 1, still_quarantined: 1 };
    let mut run = run_report();
    run.quarantine_limit_exceeded = true;
    run.up_to_date = true;
    run.oversized_blocks =
        vec![OversizedBlockReport { rule: "email".to_owned(), blocks: 2, records: 5_000, pairs: 12_497_500 }];
    run.stages = ["synth", "land", "prepare", "estimate", "score", "cluster", "publish", "measure", "erase"]
        .map(|name| StageReport { name: name.to_owned(), seconds: 1.0, rows: 1 })
        .into();
    let found = FoundRecord { record_id: "a".to_owned(), profile_id: Some("p".to_owned()), source: None };
    let accuracy = Accuracy::from(measure(&[("a", 1), ("b", 1), ("x", 3)], &[("a", 1), ("b", 2), ("c", 2)]));
    let silos = SynthReport::from(vermeil_synth::Summary::default());
    let made = NewPipeline { folder: "shop".to_owned(), files: Vec::new() };
    let demo = Demo {
        run: run.clone(),
        accuracy,
        lake: "lake".to_owned(),
        folder: "vermeil-demo".to_owned(),
        example: Some(profile.clone()),
        role: "dpo".to_owned(),
        purpose: "data_subject_rights".to_owned(),
        ending: Some(ending()),
    };
    let compared =
        ComparedNames { file: "pairs.csv".to_owned(), out: "compared.csv".to_owned(), pairs: 3, alike: 1 };
    let risks = [("a", 1, 0.125), ("b", 1, 0.125), ("c", 2, 0.03), ("d", 2, 0.03)];
    let truth = [("a", "ada"), ("b", "eve"), ("c", "bob"), ("d", "bob")];
    let evaluated = Evaluated { accuracy, calibration: calibration(&risks, &truth) };
    vec![
        super::run::render(catalog, &run),
        super::explain::pair(catalog, &pair),
        super::explain::pair(catalog, &stranger),
        super::explain::profile(catalog, &profile),
        super::find::list(catalog, &[]),
        super::find::list(catalog, std::slice::from_ref(&found)),
        super::quarantine::list(catalog, &[]),
        super::quarantine::list(catalog, std::slice::from_ref(&entry)),
        super::quarantine::row(catalog, &entry, "a;b;c"),
        super::quarantine::replay(catalog, &tried),
        super::status::render(catalog, &status),
        super::check::render(catalog, &check),
        super::policy::render(catalog, &shown),
        super::plan::render(catalog, &plan),
        super::rectify::done(catalog, &[rectification("set"), rectification("withdrawn")]),
        super::optimize::render(catalog, &optimized),
        super::evaluate::render(catalog, &evaluated),
        super::compare_names::render(catalog, &compared),
        super::synth::render(catalog, &silos, Path::new("silos")),
        super::init::render(catalog, "vermeil", &made),
        super::demo::render(catalog, "vermeil", &demo),
    ]
}

/// Of a demo on a machine without DuckDB, in which nothing is left of whoever left.
fn ending() -> Ending {
    let found = |rows, refused, keys| Found {
        foreign: ForeignFound { pyarrow: Some(rows), duckdb: None },
        versions: LookBackReport { versions: 9, versions_refused: refused, rows, rows_with_key: rows },
        backup: LookBackReport { versions: 9, versions_refused: 0, rows: 7, rows_with_key: keys },
    };
    Ending {
        purpose: "marketing".to_owned(),
        recipient: "mailer".to_owned(),
        exported_before: 270,
        exported_after: 269,
        is_in_export_after: false,
        erasure: 1,
        status: "complete".to_owned(),
        records: 3,
        recipients_told: 1,
        unreadable_after: 0.02,
        seconds: 0.75,
        before: found(7, 0, 2),
        after: found(0, 5, 0),
        certificate: "vermeil-demo/certificate.json".to_owned(),
    }
}

#[test]
fn what_is_left_of_someone_makes_the_demo_unsound() {
    assert!(ending().is_as_promised());
    let spoilt: [fn(&mut Ending); 5] = [
        |ending| ending.is_in_export_after = true,
        |ending| ending.status = "running".to_owned(),
        |ending| ending.after.foreign.duckdb = Some(1),
        |ending| ending.after.versions.rows = 1,
        |ending| ending.after.backup.rows_with_key = 1,
    ];
    for spoil in spoilt {
        let mut ending = ending();
        spoil(&mut ending);
        assert!(!ending.is_as_promised());
    }
}

#[test]
fn who_sees_what_is_shown_in_both_languages() {
    let [french, english] = catalogs().map(|catalog| super::policy::render(&catalog, &policy_shown()));
    assert_eq!(
        english.lines().take(11).collect::<Vec<_>>().join("\n"),
        "\
╭───────────────┬─────────────────────┬───────┬────────────┬───────────┬─────────────┬───────────┬───────────╮
│ role          ┆ purpose             ┆ plain ┆ identifier ┆ contact   ┆ demographic ┆ sensitive ┆ audit log │
╞═══════════════╪═════════════════════╪═══════╪════════════╪═══════════╪═════════════╪═══════════╪═══════════╡
│ analyst       ┆                     ┆ clear ┆ protected  ┆ protected ┆ protected   ┆ protected ┆ –         │
│ agent         ┆                     ┆ clear ┆ protected  ┆ protected ┆ protected   ┆ protected ┆ –         │
│ agent         ┆ customer_care       ┆ clear ┆ clear      ┆ clear     ┆ clear       ┆ protected ┆ –         │
│ marketer      ┆                     ┆ clear ┆ protected  ┆ protected ┆ protected   ┆ protected ┆ –         │
│ marketer      ┆ marketing           ┆ clear ┆ clear      ┆ clear     ┆ protected   ┆ protected ┆ –         │
│ dpo           ┆                     ┆ clear ┆ protected  ┆ protected ┆ protected   ┆ protected ┆ reads     │
│ dpo           ┆ data_subject_rights ┆ clear ┆ clear      ┆ clear     ┆ clear       ┆ clear     ┆ reads     │
│ data_engineer ┆                     ┆ clear ┆ protected  ┆ protected ┆ protected   ┆ protected ┆ –         │"
    );
    assert_eq!(
        french.lines().nth(5),
        Some(
            "│ agent         ┆ customer_care       ┆ en clair  ┆ en clair    ┆ en clair ┆ en clair      ┆ protégé  ┆ –               │"
        )
    );
}

#[test]
fn blocks_that_were_parted_are_counted_by_rule() {
    let parted = |rule: &str, blocks| OversizedBlockReport {
        rule: rule.to_owned(),
        blocks,
        records: 775,
        pairs: 16_142_161,
    };
    let shown =
        super::dedupe::oversized(&Catalog::new(Language::English), &[parted("city", 57), parted("phone", 2)]);
    let rows: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split(['│', '┆']).map(str::trim).collect()).collect();
    assert!(rows.contains(&vec!["", "city", "57", "775", "16,142,161", ""]), "{shown}");
    assert!(rows.contains(&vec!["", "phone", "2", "775", "16,142,161", ""]), "{shown}");
}

#[test]
fn a_span_is_shown_in_the_unit_that_fits() {
    let shown = |seconds| super::table::span(&Catalog::new(Language::French), seconds).content();
    assert_eq!(shown(37.8), "37\u{202f}s");
    assert_eq!(shown(3_599.0), "59\u{202f}min");
    assert_eq!(shown(90_000.0), "25\u{202f}h");
    assert_eq!(shown(864_000.0), "10\u{202f}j");
}

#[test]
fn no_table_shows_the_id_of_a_message_instead_of_its_text() {
    for catalog in catalogs() {
        for shown in every_report(&catalog) {
            for prefix in [
                "column-",
                "stage-",
                "outcome-",
                "status-",
                "explain-",
                "find-",
                "evaluate-",
                "review-",
                "compare-names-",
                "next-",
                "check-",
                "policy-",
            ] {
                assert!(!shown.contains(prefix), "{prefix} in {shown}");
            }
            assert!(!shown.contains("{$"), "{shown}");
        }
    }
}

#[test]
fn what_is_settled_is_told_in_words_and_with_its_limits() {
    let ground =
        |ground: &str, detail: &str| GroundReport { ground: ground.to_owned(), detail: detail.to_owned() };
    let mut report = run_report();
    report.kept_apart = vec![KeptApartReport { by: ground("decision", "4"), joins: 12 }];
    report.conflicts = vec![ConflictReport {
        left: "a".to_owned(),
        right: "b".to_owned(),
        wanted_by: ground("decision", "5"),
        forbidden_by: ground("decision", "4"),
    }];
    let shown = super::run::render(&Catalog::new(Language::English), &report);
    assert!(shown.contains("decision 4    ┆    12"), "{shown}");
    assert!(
        shown.contains("a and b are not one profile: decision 5 joins them, decision 4 forbids it"),
        "{shown}"
    );
    for catalog in catalogs() {
        let decision = DecisionReport {
            decision: 4,
            kind: "split".to_owned(),
            records: vec!["a".to_owned()],
            others: vec!["b".to_owned(), "c".to_owned()],
            author: "ann\u{1b}[2K".to_owned(),
            reason: "seen".to_owned(),
            decided_at: "2024-05-01T10:00:00Z".to_owned(),
            undone_by: None,
            undone_reason: None,
            undone_at: None,
        };
        let listed = super::decisions::list(&catalog, &[decision]);
        assert!(listed.contains("split") && !listed.contains('\u{1b}'), "{listed}");
    }
}
