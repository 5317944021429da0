//! A query that does not fit in its memory.

use std::num::NonZeroU32;
use std::path::Path;
use std::{fs, io};

use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use vermeil_model::pipeline::QueryLimits;

use super::fixture::{Fixture, reader};
use super::*;

/// Both names, 100 bytes a row, a hundred thousand times: more than 20 MB to sort.
const LARGE_SORT: &str = "
    WITH ten(digit) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))
    SELECT repeat(p.family_name, 20) AS names,
           10000 * a.digit + 1000 * b.digit + 100 * c.digit + 10 * d.digit + e.digit AS number
    FROM profiles p, ten a, ten b, ten c, ten d, ten e ORDER BY number, names";
const ROWS: usize = 200_000;
/// Little more than the batches that each partition of a sort must have at once.
const SMALL_MEMORY_MIB: u32 = 48;

async fn fixture(memory_mib: u32, temporary_mib: u32) -> Fixture {
    let mut fixture = Fixture::published().await;
    let memory_mib = NonZeroU32::new(memory_mib).unwrap();
    fixture.engine.config.pipeline.query = QueryLimits { memory_mib, temporary_mib };
    fixture
}

/// The plan of [`LARGE_SORT`], and the session it runs in.
async fn planned(fixture: &Fixture) -> (Arc<dyn ExecutionPlan>, SessionContext) {
    let officer = reader("officer", Some("audit"));
    let view = Arc::new(View::of(&fixture.engine, &officer).await.unwrap());
    // As many as are counted with, whatever the machine has.
    let config = super::session::session_config().with_target_partitions(2);
    let session = ReadingSession::over(&fixture.engine, view, Vec::new(), config).unwrap();
    let understood = session.understand_text(LARGE_SORT).await.unwrap();
    let plan = session.context.state().create_physical_plan(understood.plan()).await.unwrap();
    (plan, session.context)
}

fn spill_count(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|metrics| metrics.spill_count()).unwrap_or_default();
    own + plan.children().into_iter().map(spill_count).sum::<usize>()
}

/// What this process has in files without a name below `folder`.
fn nameless_files(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let folder = folder.canonicalize()?;
    let mut contents = Vec::new();
    for descriptor in fs::read_dir("/proc/self/fd")? {
        let descriptor = descriptor?.path();
        // One that was closed meanwhile belongs to another test.
        let Ok(target) = fs::read_link(&descriptor) else { continue };
        if target.starts_with(&folder) && target.to_string_lossy().ends_with(" (deleted)") {
            contents.push(fs::read(&descriptor)?);
        }
    }
    Ok(contents)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_sort_larger_than_its_memory_is_put_aside_sealed_and_nameless() {
    let fixture = fixture(SMALL_MEMORY_MIB, 1024).await;
    let folder = fixture.engine.local_folder();
    // The log of openings is no temporary file.
    let named = || {
        let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != "audit").count()
    };
    let before = named();
    let (plan, session) = planned(&fixture).await;
    let mut rows = execute_stream(Arc::clone(&plan), session.task_ctx()).unwrap();
    let first = rows.try_next().await.unwrap().expect("rows");

    assert!(spill_count(&plan) > 0, "nothing was put aside");
    let files = nameless_files(&folder).unwrap();
    assert!(files.iter().map(Vec::len).sum::<usize>() > 1_000_000, "what was put aside was not looked at");
    for file in &files {
        for name in ["OakeOake", "QuillQuill", "names"] {
            assert!(!contains(file, name), "{name} is in the clear");
        }
    }
    // So that not even a killed process leaves any.
    assert_eq!(named(), before);

    let mut batches = vec![first];
    batches.extend(rows.try_collect::<Vec<_>>().await.unwrap());
    let shown: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| {
                let cell = |column| arrow::util::display::array_value_to_string(batch.column(column), row);
                format!("{} {}", cell(1).unwrap(), cell(0).unwrap())
            })
        })
        .collect();
    let expected: Vec<String> =
        (0..ROWS).map(|row| format!("{} {}", row / 2, ["Oake", "Quill"][row % 2].repeat(20))).collect();
    assert!(shown == expected, "{} rows, or in another order", shown.len());
    drop((plan, session, batches));
    assert_eq!(nameless_files(&folder).unwrap().len(), 0, "a file outlives its query");
}

#[tokio::test]
async fn within_its_memory_a_query_puts_nothing_aside() {
    let fixture = fixture(256, 0).await;
    let (plan, session) = planned(&fixture).await;
    let rows: Vec<RecordBatch> =
        execute_stream(Arc::clone(&plan), session.task_ctx()).unwrap().try_collect().await.unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), ROWS);
    assert_eq!(spill_count(&plan), 0);
}

#[tokio::test]
async fn a_query_beyond_its_memory_and_its_files_fails_and_says_why() {
    let fixture = fixture(SMALL_MEMORY_MIB, 1).await;
    let (plan, session) = planned(&fixture).await;
    let rows = execute_stream(plan, session.task_ctx()).unwrap().try_collect::<Vec<_>>().await;
    assert_eq!(
        EngineError::query(&rows.expect_err("too large")).to_string(),
        "the query failed while running: memory is exhausted, and so is the space for temporary files"
    );
}
