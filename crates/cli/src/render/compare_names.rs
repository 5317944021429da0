//! How many pairs of names are one.

use crate::commands::compare_names::ComparedNames;
use crate::language::Catalog;

/// One sentence.
pub fn render(catalog: &Catalog, done: &ComparedNames) -> String {
    let arguments =
        [("out", done.out.as_str().into()), ("pairs", done.pairs.into()), ("alike", done.alike.into())];
    catalog.message("compare-names-done", &arguments)
}
