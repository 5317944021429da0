//! `vermeil query`: SQL over what a role may see.

use std::io::Read;

use vermeil_engine::Access;

use crate::args::{Format, QueryArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::rows;
use crate::session::Session;

/// Rows of one table on the screen. A table must be held to align its columns;
/// long results come as several.
const ROWS_PER_TABLE: usize = 1000;

/// Runs one statement and prints its rows as they come.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &QueryArguments,
) -> Result<Outcome, Failure> {
    let sql = statement(arguments.sql.as_deref())?;
    let engine = session.engine(Access::MustExist).await?;
    let mut result = engine.query(&sql, &session.reader(&arguments.reader)).await?;
    let mut pending = rows::Rows::new(result.schema.clone());
    let mut total = 0;
    while let Some(batch) = result.next().await {
        let batch = batch?;
        total += batch.num_rows() as u64;
        match output.format {
            Format::Json => {
                for row in 0..batch.num_rows() {
                    output.json(&rows::object(&batch, row))?;
                }
            }
            Format::Table => {
                for row in 0..batch.num_rows() {
                    pending.push(&batch, row);
                    if pending.len() == ROWS_PER_TABLE {
                        output.line(&pending.take())?;
                        output.flush()?;
                    }
                }
            }
        }
    }
    if output.format == Format::Table {
        if pending.len() > 0 || total == 0 {
            output.line(&pending.take())?;
        }
        output.line(&session.catalog.message("query-rows", &[("rows", total.into())]))?;
    }
    Ok(Outcome::Done)
}

/// The statement as typed; from standard input where none or `-` was.
fn statement(typed: Option<&str>) -> Result<String, CliError> {
    match typed {
        Some(sql) if sql != "-" => Ok(sql.to_owned()),
        _ => {
            let mut sql = String::new();
            std::io::stdin().read_to_string(&mut sql).map_err(CliError::Input)?;
            Ok(sql)
        }
    }
}
