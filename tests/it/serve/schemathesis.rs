//! The service against its own document: schemathesis sends what it says, and what it does not.

use serde_json::Value;

use super::Served;
use super::opendsr::{Controller, processing};
use crate::python::{Python, answer};

/// It asks fast, and often with wrong credentials.
const LIMITS: &str = "requests_per_second: 100000, wrong_credentials_per_minute: 100000";

#[test]
fn nothing_that_its_document_allows_or_forbids_breaks_the_service() {
    let Some(python) = Python::find() else { return };
    let controller = Controller::start(&python);
    let workspace = processing(&controller, LIMITS);
    let served = Served::start(&workspace);
    for role in ["dpo", "agent"] {
        let mut script = python.script("schemathesis_run.py");
        let token = workspace.token("ada", role);
        let report = answer(script.arg(served.url("/v1/openapi.json")).arg(&token), "");
        assert_eq!(report["failures"], Value::Array(Vec::new()), "{report:#}");
        assert_eq!(report["complete"], Value::Bool(true));
        assert!(report["requests"].as_u64() > Some(500), "{report:#}");
    }
    assert_eq!(served.get("/health/ready", "").status, 200, "{}", workspace.log());
}
