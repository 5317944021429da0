//! What a run would read and change, without writing anything.

use std::collections::HashSet;

use vermeil_model::FieldClass;
use vermeil_model::schema::SchemaKind;

use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::land::PlannedSource;
use crate::link::{ModelChoice, StageClock};
use crate::progress::{Progress, Stage};
use crate::report::{PlanReport, SchemaChange};

/// What to plan, and how much to tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanRequest {
    /// Examples of merges, and of splits, at most.
    pub examples: usize,
    /// By which model.
    pub model: PlannedModel,
}

/// The match model of the run that is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedModel {
    /// The one in force.
    InForce,
    /// The one that a refresh before the run would make. It is not kept.
    Refreshed,
}

impl Engine {
    /// Reads the sources as a run would, resolves in memory, and tells what would change.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn plan(
        &self,
        request: PlanRequest,
        progress: &dyn Progress,
    ) -> Result<PlanReport, EngineError> {
        let mut report = PlanReport::default();
        let mut planned: Vec<(u32, PlannedSource)> = Vec::new();
        progress.stage_started(Stage::Land);
        for source in &self.config.pipeline.sources {
            let would = self.plan_source(source).await?;
            progress.rows_done(Stage::Land, Some(source.id.as_str()), would.read.rows);
            report.reads.push(would.read.clone());
            report.schema_changes.extend(self.schema_changes(source).await?);
            if self.config.schema_of(source).kind == SchemaKind::Record {
                planned.push((self.source_position(&source.id), would));
            }
        }
        let mut clock = StageClock { progress, stages: Vec::new() };
        let rows: Vec<_> =
            planned.iter().map(|(position, would)| (*position, would.rows.as_slice())).collect();
        let choice = match request.model {
            PlannedModel::InForce => ModelChoice::Frozen,
            PlannedModel::Refreshed => ModelChoice::Estimate,
        };
        let linkage = self.link(&rows, choice, &mut clock).await?;
        let changes = self.changes_of(&linkage, request.examples).await?;
        (report.profiles, report.merges, report.splits) = (changes.profiles, changes.merges, changes.splits);
        (report.merge_examples, report.split_examples) = (changes.merge_examples, changes.split_examples);
        Ok(report)
    }

    async fn schema_changes(
        &self,
        source: &vermeil_model::pipeline::Source,
    ) -> Result<Vec<SchemaChange>, EngineError> {
        let name = TableName::Landing(source.id.clone());
        let Some(table) = self.lake.table(&name).await? else { return Ok(Vec::new()) };
        let existing: HashSet<String> =
            table.schema().fields().iter().map(|field| field.name().clone()).collect();
        let schema = self.config.schema_of(source);
        Ok(schema
            .of_class(FieldClass::Plain)
            .filter(|field| {
                source.columns.contains_key(&field.name) || source.constants.contains_key(&field.name)
            })
            .filter(|field| !existing.contains(&field.name))
            .map(|field| SchemaChange {
                table: name.to_string(),
                column: field.name.clone(),
                data_type: columns::plain_type(field.data_type).to_string(),
            })
            .collect())
    }
}
