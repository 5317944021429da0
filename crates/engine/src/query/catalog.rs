//! The catalog of one reader: every table in it is a [`PolicyTable`](super::table::PolicyTable),
//! but for those of the audit log, which have nothing personal in them.
//!
//! It cannot be added to, so a table that is not wrapped by the policy has no way in.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;

use super::trail::{self, TrailSchema};
use super::view::View;
use crate::lake::TableName;

/// The name of the only catalog.
pub(super) const CATALOG: &str = "vermeil";
/// The schema of tables named without one.
pub(super) const DEFAULT_SCHEMA: &str = "golden";

/// The schemas `golden`, `landing` and `resolved`, and for those who may read it `audit`.
#[derive(Debug)]
pub(super) struct PolicyCatalog {
    view: Arc<View>,
    describing: Vec<(String, Arc<dyn SchemaProvider>)>,
}

#[derive(Debug)]
struct PolicySchema {
    view: Arc<View>,
    tables: Vec<TableName>,
}

impl PolicyCatalog {
    pub(super) fn new(view: Arc<View>) -> Self {
        Self { view, describing: Vec::new() }
    }

    /// With schemas that describe what the others hold, and have no row of theirs.
    pub(super) fn describing(mut self, schemas: Vec<(String, Arc<dyn SchemaProvider>)>) -> Self {
        self.describing = schemas;
        self
    }
}

impl CatalogProvider for PolicyCatalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.view.tables().iter().map(|table| table.qualified().0.to_owned()).collect();
        names.extend(TrailSchema::of(&self.view).map(|_| trail::SCHEMA.to_owned()));
        names.extend(self.describing.iter().map(|(name, _)| name.clone()));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if name == trail::SCHEMA {
            return Some(Arc::new(TrailSchema::of(&self.view)?));
        }
        if let Some((_, schema)) = self.describing.iter().find(|(describing, _)| describing == name) {
            return Some(Arc::clone(schema));
        }
        let tables: Vec<TableName> =
            self.view.tables().iter().filter(|table| table.qualified().0 == name).cloned().collect();
        if tables.is_empty() {
            return None;
        }
        Some(Arc::new(PolicySchema { view: Arc::clone(&self.view), tables }))
    }
}

impl PolicySchema {
    fn find(&self, name: &str) -> Option<&TableName> {
        self.tables.iter().find(|table| table.qualified().1 == name)
    }
}

#[async_trait]
impl SchemaProvider for PolicySchema {
    fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.qualified().1.to_owned()).collect()
    }

    fn table_exist(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    // Tables are opened when a query names them: each costs reads of its log.
    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(table) = self.find(name) else { return Ok(None) };
        let opened = self.view.open(table).await.map_err(|cause| self.view.failure().raise(cause))?;
        Ok(Some(opened))
    }
}
