//! Reading a version of a table with DataFusion's Parquet source.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

/// Under this URL a session must register the lake's object store.
pub static LAKE_STORE: LazyLock<ObjectStoreUrl> =
    LazyLock::new(|| ObjectStoreUrl::parse("lake://files").expect("a constant"));

/// The data files of one version of one table.
#[derive(Debug)]
pub(super) struct LakeScan {
    pub(super) schema: SchemaRef,
    pub(super) files: Vec<PartitionedFile>,
}

#[async_trait]
impl TableProvider for LakeScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // Filters stay above the scan: pushing one down would let it meet
    // statistics, and personal columns are sealed here anyway.
    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let groups = self.groups(session.config().target_partitions());
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)));
        let config = FileScanConfigBuilder::new(LAKE_STORE.clone(), source)
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl LakeScan {
    /// Deals the files out over the partitions, in a fixed order.
    fn groups(&self, partitions: usize) -> Vec<FileGroup> {
        let count = partitions.clamp(1, self.files.len().max(1));
        let mut groups = vec![Vec::new(); count];
        for (position, file) in self.files.iter().enumerate() {
            groups[position % count].push(file.clone());
        }
        groups.into_iter().map(FileGroup::new).collect()
    }
}
