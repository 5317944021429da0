//! The catalogue's tables.
//!
//! What PostgreSQL itself brings (types, functions, operators) comes with a library, from a fresh server.
//! Relations, columns and schemas are those that the reader sees. Tables about what is never there are empty:
//! keys, indexes, triggers; and so are those about users and their passwords.

use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::TableType;
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::{PgCatalogSchemaProvider, PgCatalogStaticTables};
use vermeil_engine::VisibleTables;

use crate::login::DATABASE;
use crate::settings::Settings;

/// The name of the catalogue's schema.
pub(super) const SCHEMA: &str = "pg_catalog";
const SETTINGS: &str = "pg_settings";
const INFORMATION: &str = "information_schema";

/// Tables about what is never there, or is nobody's to see.
pub(super) const EMPTY: [&str; 38] = [
    "pg_attrdef",
    "pg_auth_members",
    "pg_authid",
    "pg_constraint",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_inherits",
    "pg_init_privs",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_matviews",
    "pg_partitioned_table",
    "pg_policy",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_replication_origin",
    "pg_rewrite",
    "pg_seclabel",
    "pg_sequence",
    "pg_shdepend",
    "pg_shseclabel",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_trigger",
    "pg_user_mapping",
    "pg_views",
];

/// What comes with the library, read once for a server.
#[derive(Clone)]
pub(crate) struct StaticTables(Arc<PgCatalogStaticTables>);

/// The catalogue of one client: its objects keep their identifiers from one statement to the next.
pub(crate) struct Catalogue {
    static_tables: StaticTables,
    seen: Seen,
    objects: Arc<Objects>,
}

type Objects = PgCatalogSchemaProvider<Seen, EmptyContextProvider>;

/// What the reader of the last statement sees.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<RwLock<Option<VisibleTables>>>);

#[derive(Debug)]
struct CatalogueSchema {
    objects: Arc<Objects>,
    settings: Arc<Settings>,
}

impl StaticTables {
    /// # Errors
    /// The program is damaged.
    pub(crate) fn read() -> DataFusionResult<Self> {
        Ok(Self(Arc::new(PgCatalogStaticTables::try_new()?)))
    }
}

impl Catalogue {
    pub(crate) fn new(static_tables: StaticTables) -> DataFusionResult<Self> {
        let seen = Seen::default();
        let objects = Objects::try_new(seen.clone(), Arc::clone(&static_tables.0), EmptyContextProvider)?;
        Ok(Self { static_tables, seen, objects: Arc::new(objects) })
    }

    /// The schema, over what the reader of a statement sees.
    pub(super) fn schema(&self, tables: &VisibleTables, settings: Arc<Settings>) -> Arc<dyn SchemaProvider> {
        *self.seen.0.write().unwrap_or_else(PoisonError::into_inner) = Some(tables.clone());
        Arc::new(CatalogueSchema { objects: Arc::clone(&self.objects), settings })
    }

    /// Adds the table functions.
    pub(super) fn register(&self, context: &SessionContext) {
        let keywords = Arc::clone(&self.static_tables.0.pg_get_keywords);
        context.register_udtf("pg_get_keywords", keywords);
    }
}

#[async_trait]
impl SchemaProvider for CatalogueSchema {
    fn table_names(&self) -> Vec<String> {
        self.objects.table_names()
    }

    fn table_exist(&self, name: &str) -> bool {
        self.objects.table_exist(name)
    }

    async fn table(&self, name: &str) -> DataFusionResult<Option<Arc<dyn TableProvider>>> {
        let Some(table) = self.objects.build_table_by_name(name)? else { return Ok(None) };
        Ok(Some(match name.to_ascii_lowercase().as_str() {
            name if EMPTY.contains(&name) => Arc::new(EmptyTable::new(table.schema())),
            SETTINGS => settings_table(&self.settings, table.schema())?,
            _ => table.try_into_table_provider()?,
        }))
    }
}

/// The client's own settings, as `SHOW` tells them.
fn settings_table(settings: &Settings, schema: SchemaRef) -> DataFusionResult<Arc<dyn TableProvider>> {
    let (names, values): (Vec<_>, Vec<_>) = settings.all().unzip();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            "name" => Arc::new(StringArray::from(names.clone())),
            "setting" | "reset_val" => Arc::new(StringArray::from(values.clone())),
            "vartype" => Arc::new(StringArray::from(vec!["string"; names.len()])),
            "context" => Arc::new(StringArray::from(vec!["user"; names.len()])),
            _ => new_null_array(field.data_type(), names.len()),
        }
    });
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect())?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

impl Seen {
    fn tables(&self) -> Option<VisibleTables> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn names(&self) -> Vec<(String, String)> {
        self.tables().map(|tables| tables.names()).unwrap_or_default()
    }
}

#[async_trait]
impl CatalogInfo for Seen {
    async fn catalog_names(&self) -> DataFusionResult<Vec<String>> {
        Ok(vec![DATABASE.to_owned()])
    }

    async fn schema_names(&self, _catalog: &str) -> DataFusionResult<Option<Vec<String>>> {
        let mut schemas: Vec<String> = self.names().into_iter().map(|(schema, _)| schema).collect();
        schemas.dedup();
        schemas.extend([SCHEMA, INFORMATION].map(str::to_owned));
        Ok(Some(schemas))
    }

    async fn table_names(&self, _catalog: &str, schema: &str) -> DataFusionResult<Option<Vec<String>>> {
        let names = self.names().into_iter();
        Ok(Some(names.filter(|(of, _)| of == schema).map(|(_, table)| table).collect()))
    }

    async fn table_schema(
        &self,
        _catalog: &str,
        schema: &str,
        table: &str,
    ) -> DataFusionResult<Option<SchemaRef>> {
        match self.tables() {
            None => Ok(None),
            Some(tables) => tables.columns(schema, table).await,
        }
    }

    async fn table_type(
        &self,
        _catalog: &str,
        _schema: &str,
        _table: &str,
    ) -> DataFusionResult<Option<TableType>> {
        Ok(Some(TableType::Base))
    }
}
