//! `pg_catalog`, over what the reader may see.
//!
//! ```text
//! tables     the catalogue's tables: of relations and columns those that the reader sees, of users none
//! functions  what clients ask a server of PostgreSQL about itself
//! rewrite    statements that only ask for what is never there, such as keys and indexes
//! ```

mod functions;
pub(crate) mod rewrite;
mod tables;

use std::sync::Arc;

use datafusion::catalog::SchemaProvider;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::generate_series_arg_coercion::CoerceIntArgsToBigInt;
use datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;
use vermeil_engine::{SessionExtension, VisibleTables};

pub(crate) use self::tables::{Catalogue, StaticTables};
use crate::settings::Settings;

/// What one statement of a client is understood in.
pub(crate) struct Dialect<'a> {
    catalogue: &'a Catalogue,
    settings: Arc<Settings>,
    /// The number of the connection, which clients take for a process of the server.
    number: i32,
}

impl<'a> Dialect<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, settings: Settings, number: i32) -> Self {
        Self { catalogue, settings: Arc::new(settings), number }
    }
}

impl SessionExtension for Dialect<'_> {
    fn schemas(&self, tables: &VisibleTables) -> Vec<(String, Arc<dyn SchemaProvider>)> {
        let schema = self.catalogue.schema(tables, Arc::clone(&self.settings));
        vec![(tables::SCHEMA.to_owned(), schema)]
    }

    fn register(&self, context: &SessionContext) -> DataFusionResult<()> {
        let state = context.state();
        let mut config = state.config().clone();
        // Names without a schema are those of the first one that is no catalogue.
        let path = self.settings.search_path();
        let own = path.iter().find(|schema| !["$user", "public", tables::SCHEMA].contains(&schema.as_str()));
        if let Some(schema) = own {
            config.options_mut().catalog.default_schema.clone_from(schema);
        }
        let state = SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_type_planner(Arc::new(PgOidTypePlanner))
            .build();
        *context.state_ref().write() = state;
        functions::register(context, &self.settings, self.number);
        self.catalogue.register(context);
        CoerceIntArgsToBigInt::widen(context);
        Ok(())
    }
}
