//! Looking a pipeline over before it runs.

use vermeil_ingest::{FieldOrigin, SourceSpec, inspect};
use vermeil_model::pipeline::Source;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_resolve::MatchPlan;

use crate::consent::ConsentError;
use crate::engine::EngineConfig;
use crate::golden::ProfileRules;
use crate::report::{CheckReport, CheckedField, CheckedSource, RejectedRow};

/// More of one source would hide those of the others.
const PROBLEMS_PER_SOURCE: usize = 20;

/// Validates a pipeline and reaches its sources. Opens neither lake nor keyring.
pub async fn check(config: &EngineConfig) -> CheckReport {
    let mut report = CheckReport::default();
    if let Err(error) = MatchPlan::new(config.golden_schema(), &config.pipeline.matching) {
        report.problems.push(describe(&error));
    }
    if let Err(error) = ProfileRules::new(&config.pipeline, config.golden_schema()) {
        report.problems.push(describe(&error));
    }
    let spoken_of = config.pipeline.sources.iter().flat_map(|source| &source.consent);
    for mapping in spoken_of.filter(|mapping| !config.pipeline.purposes.contains_key(&mapping.purpose)) {
        report.problems.push(describe(&ConsentError::NoBasis { purpose: mapping.purpose.to_string() }));
    }
    for source in &config.pipeline.sources {
        let checked = check_source(config, source, &mut report.problems).await;
        report.sources.push(checked);
    }
    report
}

/// What stands in the way of no run and may not be meant: purposes that the policy knows and nobody may read
/// for, since the pipeline does not say what they rest on.
pub fn purposes_without_basis(config: &EngineConfig) -> Vec<Diagnostic> {
    let declared = config.policy.purposes().iter();
    let without = declared.filter(|purpose| !config.pipeline.purposes.contains_key(*purpose));
    without.map(|purpose| describe(&ConsentError::NoBasis { purpose: purpose.to_string() })).collect()
}

async fn check_source(
    config: &EngineConfig,
    source: &Source,
    problems: &mut Vec<Diagnostic>,
) -> CheckedSource {
    let schema = config.schema_of(source);
    let mut checked =
        CheckedSource { source: source.id.to_string(), schema: schema.id(), ..CheckedSource::default() };
    let spec = SourceSpec { source, schema, base: &config.base, options: &config.storage_options };
    match inspect(spec, PROBLEMS_PER_SOURCE).await {
        Err(error) => problems.push(describe(&error)),
        Ok(inspection) => {
            checked.files = inspection.files.iter().map(|inspected| inspected.file.name.clone()).collect();
            checked.unmapped = inspection.unmapped;
            checked.fields = inspection
                .fields
                .into_iter()
                .map(|field| CheckedField {
                    column: match &field.origin {
                        FieldOrigin::Column(column) => column.clone(),
                        FieldOrigin::Constant(value) => format!("= {value}"),
                    },
                    data_type: format!("{:?}", field.data_type).to_lowercase(),
                    class: field.class.to_string(),
                    required: source.contract.required.contains(&field.field),
                    field: field.field,
                })
                .collect();
            for problem in inspection.problems {
                match problem.line {
                    // A row is quarantined; the source can be read all the same.
                    Some(line) => checked.rejected_rows.push(RejectedRow {
                        file: problem.file,
                        line,
                        diagnostic: problem.diagnostic,
                    }),
                    None => problems.push(problem.diagnostic),
                }
            }
        }
    }
    checked
}

/// An error as a diagnostic, even where it has no message of its own.
fn describe(error: &dyn Diagnose) -> Diagnostic {
    error.diagnostic().unwrap_or_else(|| Diagnostic::new("other").with("message", error))
}
