use super::*;

const FOUND: &str = r#"{"file":"a","records":4,"candidate_pairs":6,"pairs_per_record":1.5,"clusters":2,"seconds":0.5,"stages":[{"name":"score","seconds":9,"rows":6}],"peak_memory_bytes":1048576}"#;

fn judged(f1: f64) -> String {
    format!(r#"{{"pairwise_precision":1.0,"pairwise_recall":{f1},"pairwise_f1":{f1},"b3_f1":0.95}}"#)
}

fn figures(f1: f64) -> Figures {
    Figures::of(FOUND, &judged(f1), None).unwrap()
}

#[test]
fn figures_are_those_of_both_commands() {
    assert_eq!(
        figures(0.9).row("x").split_whitespace().collect::<Vec<_>>(),
        ["x", "1.0000", "0.9000", "0.9000", "0.9500", "0.5", "1", "1.5"]
    );
    assert_eq!(Figures::of(FOUND, "{}", None), None);
}

#[test]
fn stored_figures_come_back_with_sorted_keys() {
    let mut stored = Stored::default();
    stored.put("two", &figures(0.9).kept());
    stored.put("one", &figures(0.8).kept());
    let text = stored.text();
    assert!(text.find("\"one\"") < text.find("\"two\""), "{text}");
    assert_eq!(Stored::parse(&text).text(), text);
}

#[test]
fn only_a_drop_beyond_what_is_tolerated_is_told() {
    let mut stored = Stored::default();
    stored.put("one", &figures(0.9).kept());
    for tolerated in [0.9, 0.95, 0.896] {
        assert_eq!(stored.drops("one", &figures(tolerated).kept()), Vec::<String>::new());
    }
    let drops = stored.drops("one", &figures(0.89).kept());
    assert_eq!(drops.len(), 2, "{drops:?}");
    assert!(drops[0].contains("pairwise_f1 is 0.8900, it was 0.9000"), "{drops:?}");
    assert_eq!(stored.drops("unheard of", &figures(0.1).kept()), Vec::<String>::new());
}

#[test]
fn quoted_fields_hold_commas_quotes_and_line_ends() {
    let text = "a,\"b,\"\"c\"\"\nd\",\r\n1,2,3";
    assert_eq!(csv::rows(text), [vec!["a", "b,\"c\"\nd", ""], vec!["1", "2", "3"]]);
    assert_eq!(csv::rows(&csv::line(&["a\"b", "c,d"])), [["a\"b", "c,d"]]);
}

#[test]
fn an_entity_is_found_where_its_records_and_no_others_are_a_cluster() {
    let folder = TemporaryFolder::create("vermeil-quality-test").unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.0.join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let clusters = write("clusters.csv", "record_id,cluster\na,1\nb,1\nc,2\nd,3\ne,3\n");
    let truth = write("truth.csv", "record_id,entity_id\na,x\nb,x\nc,y\nd,y\ne,z\n");
    let differences = truthset::differences(&clusters, &truth).unwrap();
    assert_eq!((differences.as_they_are, differences.entities), (1, 3));
    assert_eq!(differences.groups, ["c d / e\n  found as c / d e"]);
}

#[test]
fn decisions_about_pairs_of_names_are_judged_by_kind() {
    let cases = "case_group,schema,name1,name2,is_match\na,Person,x,y,true\na,Person,x,z,false\na,Company,x,y,true\na,Vessel,x,y,true\na,LegalEntity,x,w,true\n";
    let decisions = "row,likeness,is_match\n1,0.9,true\n2,0.8,true\n3,0.9,true\n4,0.1,false\n5,0.1,false\n";
    let figures = name_pairs::judge(cases, decisions).unwrap();
    let kept = figures.kept();
    let of = |key: &str| kept.iter().find(|(kept, _)| *kept == key).unwrap().1;
    assert_eq!((of("person_precision"), of("person_recall")), (0.5, 1.0));
    // A vessel is neither.
    assert_eq!((of("company_precision"), of("company_recall")), (1.0, 0.5));
    assert!((of("company_f1") - 2.0 / 3.0).abs() < 1e-12);
    assert!(name_pairs::judge(cases, "row,likeness,is_match\n1,0.9,true\n").is_err());
}
