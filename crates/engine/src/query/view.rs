//! What one query of one reader stands on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use vermeil_model::policy::Grant;
use vermeil_model::{FieldClass, Schema, SourceId};
use vermeil_protect::Pseudonymiser;
use vermeil_protect::vault::KeyVault;

use super::reading::Readings;
use super::table::PolicyTable;
use super::visible::Whose;
use crate::audit::AuditTrail;
use crate::columns;
use crate::consent::{Visibility, VisibleSubjects};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::{Lake, TableName};
use crate::publication::Publication;

/// The tables as they stood when the query began, and what may be opened of them.
pub(super) struct View {
    pub(super) tenant: String,
    pub(super) grant: Grant,
    pub(super) vault: Arc<KeyVault>,
    pub(super) audit: AuditTrail,
    pub(super) pseudonymiser: Pseudonymiser,
    lake: Lake,
    publication: Option<Publication>,
    contents: BTreeMap<TableName, Contents>,
    tables: Vec<TableName>,
    /// Who may be seen for the purpose; `None`: everyone.
    visibility: Option<Arc<Visibility>>,
    readings: Arc<Readings>,
    failure: Failure,
}

/// The schema whose fields a table holds, and its columns where nothing was written yet.
struct Contents {
    schema: Option<Schema>,
    /// Of a table of events: the source of the records that they happened to.
    subject: Option<SourceId>,
    columns: SchemaRef,
}

/// The error of this engine that ended a query. DataFusion carries errors of
/// its own only, and some of its operators hand one error to several readers.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<EngineError>>>);

impl View {
    /// What `reader` may see.
    ///
    /// # Errors
    /// - the policy knows no such role, or not for this purpose;
    /// - the pipeline does not say why the purpose may be pursued;
    /// - the state database or the keyring cannot be reached.
    pub(super) async fn of(engine: &Engine, reader: &Reader) -> Result<Self, EngineError> {
        let grant = engine.grant(reader)?;
        let pseudonymiser = engine.pseudonymiser(&grant);
        let mut contents = contents(engine);
        if !engine.profiles_serve(grant.purpose()) {
            contents.retain(|name, _| matches!(name, TableName::Landing(_) | TableName::Quarantine));
        }
        let visibility = engine.visibility(&grant).await?.map(Arc::new);
        Ok(Self {
            tenant: engine.config.pipeline.name.clone(),
            readings: Arc::new(Readings::new(engine.audit.clone(), reader.actor.clone(), &grant)),
            grant,
            vault: Arc::clone(&engine.vault),
            audit: engine.audit.clone(),
            pseudonymiser,
            lake: engine.lake.clone(),
            publication: engine.publication().await?,
            tables: contents.keys().cloned().collect(),
            contents,
            visibility,
            failure: Failure::default(),
        })
    }

    /// Every table there is for the reader.
    pub(super) fn tables(&self) -> &[TableName] {
        &self.tables
    }

    /// The column of `table` with the reader's pseudonyms of `profile_id`, where the
    /// publication keeps them. Roles that were declared after it have none.
    pub(super) fn stored_pseudonyms(&self, table: &TableName) -> Option<String> {
        let keeps_them = matches!(table, TableName::Profiles | TableName::Members);
        let domain = self.pseudonymiser.domain_name();
        let kept = self.publication.as_ref()?.pseudonym_domains.iter().any(|kept| kept == domain);
        (keeps_them && kept).then(|| columns::pseudonym_column(&self.pseudonymiser))
    }

    /// Who may be seen for the purpose; `None`: everyone.
    pub(super) fn visibility(&self) -> Option<&Arc<Visibility>> {
        self.visibility.as_ref()
    }

    /// Whose the rows of a table are; `None`: nobody's.
    pub(super) async fn whose(&self, name: &TableName) -> Result<Option<Whose>, EngineError> {
        match (&self.contents[name].subject, &self.visibility) {
            (Some(source), Some(visibility)) => {
                let records = self.lake.table(&TableName::Landing(source.clone())).await?;
                let subjects = VisibleSubjects::of(&self.lake, records.as_ref(), visibility).await?;
                Ok(Some(Whose::Subject(Arc::new(subjects))))
            }
            _ => Ok(Whose::of(name)),
        }
    }

    /// The audited readings of this query.
    pub(super) fn readings(&self) -> &Arc<Readings> {
        &self.readings
    }

    /// Where the error that ends the query goes.
    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Opens a table at the version that the reader sees: empty where there is none.
    pub(super) async fn open(self: &Arc<Self>, name: &TableName) -> Result<Arc<PolicyTable>, EngineError> {
        let contents = &self.contents[name];
        let stored: Arc<dyn TableProvider> = match self.stored(name).await? {
            Some(provider) => provider,
            None => Arc::new(EmptyTable::new(Arc::clone(&contents.columns))),
        };
        Ok(Arc::new(PolicyTable::new(self, name, stored, contents.schema.as_ref())))
    }

    async fn stored(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>, EngineError> {
        let table = match name {
            TableName::Landing(_) | TableName::Quarantine => self.lake.table(name).await?,
            _ => match &self.publication {
                Some(publication) => publication.table(&self.lake, name).await?,
                None => None,
            },
        };
        Ok(table.map(|table| table.provider()))
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("grant", &self.grant)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

fn contents(engine: &Engine) -> BTreeMap<TableName, Contents> {
    let landing = engine.config.pipeline.sources.iter().map(|source| {
        let schema = engine.config.schema_of(source).clone();
        let columns = columns::landing_schema(schema.kind, schema.of_class(FieldClass::Plain));
        let subject = source.subject.as_ref().map(|subject| subject.source.clone());
        (TableName::Landing(source.id.clone()), Contents { schema: Some(schema), subject, columns })
    });
    let golden = engine.config.golden_schema();
    let columns = columns::profiles_schema(golden);
    let profiles = Contents { columns, schema: Some(golden.clone()), subject: None };
    let without_schema = [
        (TableName::Quarantine, columns::quarantine_schema()),
        (TableName::Links, columns::links_schema()),
        (TableName::Members, columns::members_schema()),
        (TableName::Provenance, columns::provenance_schema()),
        (TableName::History, columns::history_schema()),
    ];
    landing
        .chain([(TableName::Profiles, profiles)])
        .chain(
            without_schema.map(|(name, columns)| (name, Contents { schema: None, subject: None, columns })),
        )
        .collect()
}

impl Failure {
    /// Keeps `cause`, and gives what stands for it among DataFusion's errors. The first one counts.
    pub(super) fn raise(&self, cause: EngineError) -> DataFusionError {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
        DataFusionError::Execution("the engine failed".to_owned())
    }

    /// The kept error, if any.
    pub(super) fn take(&self) -> Option<EngineError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
