//! A table as one reader sees it.
//!
//! What is shown is listed, not what is hidden: a column that someone adds to a
//! stored table stays out of sight until it is named here.

use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::LocalLimitExec;
use vermeil_model::{Field, FieldClass, Grant, Schema};

use super::open::{OpenExec, Opening, Shown, ShownColumn};
use super::view::View;
use super::visible::VisibleExec;
use crate::columns::{
    AUTHOR, KEY_PAGE, MERGE_RISK, OBSERVED_AT, PROFILE_ID, RECORD_ID, VERSION, plain_type, sealed_column,
};
use crate::consent::{Visibility, points};
use crate::current::{scan_columns, scan_current};
use crate::lake::TableName;

/// The version of a profile's row.
const PUBLICATION: &str = "publication";
/// Shown as they are to those who may open identifiers, as pseudonyms to those who may read them.
const IDS: [&str; 5] = [PROFILE_ID, RECORD_ID, "other_id", "left_id", "right_id"];

/// A stored table behind the policy: the only kind that a query can reach.
#[derive(Debug)]
pub(super) struct PolicyTable {
    name: TableName,
    stored: Arc<dyn TableProvider>,
    shown: Vec<ShownColumn>,
    schema: SchemaRef,
    view: Arc<View>,
}

impl PolicyTable {
    /// `stored` as the grant of `view` lets it be seen. `schema` says what its
    /// sealed columns hold; `None` where it has none to show.
    pub(super) fn new(
        view: &Arc<View>,
        name: &TableName,
        stored: Arc<dyn TableProvider>,
        schema: Option<&Schema>,
    ) -> Self {
        let shown = shown_columns(name, &stored.schema(), schema, view);
        let fields: Vec<ArrowField> = shown.iter().map(|column| column.field.clone()).collect();
        Self {
            name: name.clone(),
            stored,
            shown,
            schema: Arc::new(ArrowSchema::new(fields)),
            view: Arc::clone(view),
        }
    }

    /// Scans `columns` of the rows that count: of records and events the current version only.
    ///
    /// Rows of whoever may not be seen for the purpose are left out here, below the limit and the
    /// opening: no aggregate sees one, and nothing of it is opened. `limit` does not reach a stored
    /// table that is filtered after it.
    async fn scan_rows(
        &self,
        session: &dyn Session,
        columns: &[&str],
        limit: Option<usize>,
        visibility: Option<&Arc<Visibility>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let whose = match visibility {
            Some(_) => self.view.whose(&self.name).await.map_err(|cause| self.view.failure().raise(cause))?,
            None => None,
        };
        let own: &[&str] = whose.as_ref().map_or(&[], |whose| whose.columns());
        let columns = [columns, own].concat();
        let is_landed = matches!(self.name, TableName::Landing(_));
        let filtered = match (visibility, whose) {
            (Some(visibility), Some(whose)) => Some((Arc::clone(visibility), whose)),
            _ => None,
        };
        let rows = match is_landed {
            true => scan_current(&*self.stored, session, &columns).await?,
            false => {
                let limit = limit.filter(|_| filtered.is_none());
                scan_columns(&*self.stored, session, &columns, limit).await?
            }
        };
        let rows: Arc<dyn ExecutionPlan> = match filtered {
            Some((visibility, whose)) => Arc::new(VisibleExec::new(rows, whose, visibility)),
            None => rows,
        };
        // Below the opening, so that no more is opened than is taken.
        Ok(match limit {
            Some(limit) => Arc::new(LocalLimitExec::new(rows, limit)),
            None => rows,
        })
    }
}

#[async_trait]
impl TableProvider for PolicyTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let shown: Vec<ShownColumn> = match projection {
            None => self.shown.clone(),
            Some(projection) => projection.iter().map(|position| self.shown[*position].clone()).collect(),
        };
        let (id, version) = match self.name {
            TableName::Profiles => (PROFILE_ID, PUBLICATION),
            _ => (RECORD_ID, VERSION),
        };
        let visibility = self.view.visibility();
        let opening = Opening::new(&self.view, &self.name, shown, (id, version), visibility.cloned());
        let needed = opening.stored_columns();
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let rows = self.scan_rows(session, &needed, limit, visibility).await?;
        Ok(Arc::new(OpenExec::new(rows, Arc::new(opening))))
    }
}

/// The columns that a table shows under the grant of `view`, in their order.
fn shown_columns(
    name: &TableName,
    stored: &ArrowSchema,
    schema: Option<&Schema>,
    view: &View,
) -> Vec<ShownColumn> {
    let grant = &view.grant;
    let pseudonyms = view.stored_pseudonyms(name).filter(|column| stored.field_with_name(column).is_ok());
    let own = own_columns(name).iter().filter_map(|column| {
        let field = stored.field_with_name(column).ok()?.clone();
        let shown = match (IDS.contains(column) && !grant.covers(FieldClass::Identifier), &pseudonyms) {
            (false, _) => Shown::AsStored,
            (true, _) if !grant.reads(FieldClass::Identifier) => return None,
            (true, Some(pseudonyms)) if *column == PROFILE_ID => Shown::StoredPseudonym(pseudonyms.clone()),
            (true, _) => Shown::Pseudonym,
        };
        Some(ShownColumn { field, shown })
    });
    // Auditors see where keys lie, to find out who looked at whom; to others it says nothing.
    let key_page = grant.audits().then(|| stored.field_with_name(KEY_PAGE).ok()).flatten();
    let key_page = key_page.map(|field| ShownColumn { field: field.clone(), shown: Shown::AsStored });
    let fields = schema.into_iter().flat_map(|schema| &schema.fields);
    let generalised = fields.clone().filter_map(|field| generalised_field(field, stored, grant));
    let opened = fields.filter_map(|field| shown_field(field, stored, grant));
    own.chain(key_page).chain(opened).chain(generalised).collect()
}

/// What stands for a field that may be read, but not opened, in tables that keep it.
fn generalised_field(field: &Field, stored: &ArrowSchema, grant: &Grant) -> Option<ShownColumn> {
    if grant.covers(field.class) || !grant.reads(field.class) {
        return None;
    }
    let field = stored.field_with_name(&field.generalised_column()?).ok()?.clone();
    Some(ShownColumn { field, shown: Shown::Generalised })
}

fn shown_field(field: &Field, stored: &ArrowSchema, grant: &Grant) -> Option<ShownColumn> {
    if !grant.covers(field.class) {
        return None;
    }
    if !field.class.is_personal() {
        let stored = stored.field_with_name(&field.name).ok()?.clone();
        return Some(ShownColumn { field: stored, shown: Shown::AsStored });
    }
    stored.field_with_name(&sealed_column(field.class)).ok()?;
    Some(ShownColumn {
        field: ArrowField::new(&field.name, plain_type(field.data_type), true),
        shown: Shown::Opened {
            class: field.class,
            field_type: field.data_type,
            contact: points::scope_of(field),
        },
    })
}

/// The columns of a table, beside the fields of its schema, that anyone may see.
fn own_columns(name: &TableName) -> &'static [&'static str] {
    match name {
        TableName::Landing(_) => &[RECORD_ID, VERSION, "load", "landed_at", OBSERVED_AT],
        TableName::Quarantine => {
            &["quarantine_id", "source", "load", "code", "file", "line", "first_seen", "replayed_at"]
        }
        TableName::Profiles => {
            &[PROFILE_ID, "records", "sources", "created_at", "updated_at", MERGE_RISK, PUBLICATION]
        }
        TableName::Members => &[PROFILE_ID, RECORD_ID, "source", "since"],
        TableName::Provenance => &[PROFILE_ID, "field", RECORD_ID, "rule", OBSERVED_AT, AUTHOR],
        TableName::History => {
            &["at", "kind", PROFILE_ID, "other_id", "reason", PUBLICATION, "cause", "detail", "run"]
        }
        TableName::Links => &["left_id", "right_id", "weight_bits", "probability"],
        // For the next linkage alone: nobody queries it.
        TableName::Matched => &[],
        // Sealed by the keys of records, and for publishing alone: `explain` tells of it.
        TableName::Rectifications => &[],
    }
}
