//! What speaks against trusting a model.

use vermeil_model::Diagnostic;
use vermeil_resolve::MatchModel;
use vermeil_resolve::estimate::Origin;

/// Where estimation did not come to rest, and what it could not learn.
pub(crate) fn doubts(model: &MatchModel) -> Vec<Diagnostic> {
    let mut doubts = Vec::new();
    let listed = |names: Vec<&str>| names.join(", ");
    if let Some(training) = &model.training {
        let restless = training.sessions.iter().filter(|session| !session.converged);
        let rules: Vec<&str> = restless.map(|session| session.rule.as_str()).collect();
        if !rules.is_empty() {
            doubts.push(Diagnostic::new("match-not-converged").with("rules", listed(rules)));
        }
        if !training.lambda_converged {
            doubts.push(Diagnostic::new("match-lambda-not-converged"));
        }
    }
    let expected = model.comparisons.iter().filter(|comparison| comparison.m_origin == Origin::Prior);
    let fields: Vec<&str> = expected.map(|comparison| comparison.field.as_str()).collect();
    if !fields.is_empty() {
        doubts.push(Diagnostic::new("match-prior-kept").with("fields", listed(fields)));
    }
    doubts
}
