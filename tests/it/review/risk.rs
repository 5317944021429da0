//! How sure profiles and clusters are.

use std::process::Command;

use serde_json::Value;

use super::published;
use crate::common::{Ended, test_data};

#[test]
fn each_profile_carries_the_risk_that_one_of_the_links_that_hold_it_is_wrong() {
    let workspace = published();
    let profiles = workspace
        .query("SELECT profile_id, records, merge_risk FROM golden.profiles ORDER BY merge_risk DESC");
    let number = |row: &Value, name: &str| row[name].as_f64().unwrap_or_else(|| panic!("no {name} in {row}"));
    let single = profiles.iter().filter(|profile| number(profile, "records") == 1.0);
    assert!(single.into_iter().all(|profile| number(profile, "merge_risk") == 0.0));
    let several: Vec<&Value> = profiles.iter().filter(|profile| number(profile, "records") > 2.0).collect();
    assert!(several.len() > 20);
    for profile in [several[0], several[several.len() / 2], several[several.len() - 1]] {
        let explained =
            workspace.json(&["explain", profile["profile_id"].as_str().expect("an id"), "--role", "dpo"]);
        let links = explained["links"].as_array().expect("links").iter();
        let holding = links.filter(|link| link["role"] != "further");
        let sound: f64 = holding.map(|link| number(link, "probability")).product();
        let risk = number(profile, "merge_risk");
        assert!((risk - (1.0 - sound)).abs() < 1e-9, "{risk} for {explained}");
        assert_eq!(explained["merge_risk"], profile["merge_risk"]);
    }
    let riskiest = several[0]["profile_id"].as_str().expect("an id");
    let shown = workspace.run(&["explain", riskiest]).stdout;
    assert!(shown.contains("Risk that it joins different people: "), "{shown}");
}

#[test]
fn clusters_carry_their_risk_where_it_is_asked_for_and_evaluate_says_whether_it_comes_true() {
    let Some(data) = test_data("fake_1000") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
        let ended: Ended =
            command.args(arguments).current_dir(folder.path()).output().expect("it starts").into();
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
        ended
    };
    let [records, truth] = ["input.csv", "truth.csv"].map(|name| data.join(name).display().to_string());
    run(&["dedupe", &records, "--id", "record_id"]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a file");
    let plain = read("clusters.csv");
    assert!(plain.starts_with("record_id,cluster\n"), "without being asked nothing is added");
    run(&["dedupe", &records, "--id", "record_id", "--risk"]);
    let risky = read("clusters.csv");
    assert!(risky.starts_with("record_id,cluster,risk\n"));
    let without: String =
        risky.lines().map(|line| line.rsplit_once(',').expect("three columns").0.to_owned() + "\n").collect();
    assert_eq!(without, plain);

    let evaluate = ["evaluate", "--clusters", "clusters.csv", "--truth", &truth];
    let evaluated = run(&[&evaluate[..], &["--format", "json"]].concat()).stdout;
    let evaluated: Value = serde_json::from_str(&evaluated).expect("JSON");
    let calibration = &evaluated["calibration"];
    let number =
        |name: &str| calibration[name].as_f64().unwrap_or_else(|| panic!("no {name} in {evaluated}"));
    assert!(number("clusters") > 100.0 && number("observed_false") < number("clusters"), "{calibration}");
    assert!((0.0..=1.0).contains(&number("expected_calibration_error")), "{calibration}");
    let shown = run(&[&evaluate[..], &["--lang", "fr"]].concat()).stdout;
    assert!(shown.contains("erreur de calibration attendue"), "{shown}");
}
