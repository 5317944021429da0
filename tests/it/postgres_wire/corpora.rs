//! Statements that BI clients were seen to send, answered without an error.

use serde_json::json;

use super::ask;
use super::service::Service;

/// What is not answered, and why. Counted: one more is a regression.
const EXCEPTIONS: &[&str] = &[];

#[test]
fn what_clients_send_on_connecting_is_answered() {
    let Some(folder) = crate::common::test_data("../sql-clients") else { return };
    let mut statements = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|file| file.path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a corpus");
        let text = text.replace("golden.profile", "golden.profiles").replace("'profile'", "'profiles'");
        // The one field that was summed there.
        let text = text.replace("ltv", "merge_risk");
        let steps: Vec<_> = text
            .split(";\n\n")
            .map(|statement| statement.trim().trim_end_matches(';').trim())
            .filter(|statement| !statement.is_empty())
            .map(|statement| {
                let parameters: Option<&[&str]> = match statement {
                    _ if statement.contains("ANY($2)") => Some(&["golden", "{r,v}"]),
                    _ if statement.contains("updated_at < $2") => Some(&["0.5", "2030-01-01"]),
                    _ if statement.contains("$2") => Some(&["golden", "profiles"]),
                    _ if statement.contains("$1") => Some(&["golden"]),
                    _ => None,
                };
                json!({ "sql": statement, "parameters": parameters })
            })
            .collect();
        let asked = json!(steps);
        let Some(answers) = ask(Service::shared(), "raw", "agent-l", "customer_care", asked) else { return };
        assert_eq!(answers.len(), steps.len());
        for (step, answer) in steps.iter().zip(&answers) {
            let sql = step["sql"].as_str().expect("SQL");
            let excepted = EXCEPTIONS.iter().any(|exception| sql.contains(exception));
            assert_eq!(answer["error"].is_null(), !excepted, "{}: {sql}: {answer}", file.display());
            statements += 1;
        }
    }
    assert!(statements >= 50, "{statements} statements were found");
}
