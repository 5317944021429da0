//! Cells of CSV files that people open in spreadsheets.

/// What spreadsheets take for the beginning of a formula.
///
/// Source: OWASP, "CSV Injection".
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula stands after an apostrophe.
pub fn cell(text: &str) -> String {
    let neutral = if text.starts_with(FORMULA) { "'" } else { "" };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{neutral}{}\"", text.replace('"', "\"\"")),
        false => format!("{neutral}{text}"),
    }
}
