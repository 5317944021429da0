//! What speaks against trusting a model.

use vermeil_model::Diagnostic;
use vermeil_resolve::MatchModel;
use vermeil_resolve::estimate::Origin;

/// A model of so many times fewer records is better made anew: what was rare may be common now.
const OUTGROWN: u64 = 4;

/// Whether the records have outgrown the model that they are linked by, made of `made_of` records.
pub(crate) fn outgrown(made_of: u64, records: u64) -> Option<Diagnostic> {
    let told = || Diagnostic::new("match-model-outgrown").with("then", made_of).with("now", records);
    (records >= OUTGROWN * made_of).then(told)
}

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
