//! What was measured, as a table or as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::machine::Machine;

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report {
    machine: Machine,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

/// One figure: the median of its runs.
#[derive(Serialize)]
struct Figure {
    section: String,
    name: String,
    median: f64,
    unit: &'static str,
    lowest: f64,
    highest: f64,
    runs: usize,
    measures: String,
}

/// What a figure is called, counted in, and means.
pub struct Meaning<'a> {
    /// What the figure is about, within its section.
    pub name: &'a str,
    /// What it counts.
    pub unit: &'static str,
    /// What lies between the start and the end of the clock, or what was weighed.
    pub measures: &'a str,
}

impl Report {
    /// Nothing measured yet.
    pub fn new(machine: Machine) -> Self {
        Self { machine, figures: Vec::new(), notes: Vec::new() }
    }

    /// Adds the figure that several runs gave; nothing where there was none.
    pub fn add(&mut self, section: &str, meaning: Meaning<'_>, runs: &[f64]) {
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(&lowest), Some(&highest)) = (sorted.first(), sorted.last()) else { return };
        self.figures.push(Figure {
            section: section.to_owned(),
            name: meaning.name.to_owned(),
            median: median(&sorted),
            unit: meaning.unit,
            lowest,
            highest,
            runs: runs.len(),
            measures: meaning.measures.to_owned(),
        });
    }

    /// Adds what a reader must know beside the figures.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A Markdown table with the machine above and the notes below.
    pub fn as_table(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header([
            "section",
            "figure",
            "median",
            "unit",
            "lowest",
            "highest",
            "runs",
            "what it measures",
        ]);
        for figure in &self.figures {
            table.add_row([
                figure.section.clone(),
                figure.name.clone(),
                readable(figure.median),
                figure.unit.to_owned(),
                readable(figure.lowest),
                readable(figure.highest),
                figure.runs.to_string(),
                figure.measures.clone(),
            ]);
        }
        for column in [2, 4, 5, 6] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let notes: String = self.notes.iter().map(|note| format!("\n- {note}")).collect();
        format!("{}\n\n{table}\n{notes}", self.machine)
    }

    /// The same for programs.
    ///
    /// # Errors
    /// A figure that is not a number cannot be written.
    pub fn as_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// Three digits that count, and thousands parted: more digits than these do not repeat from run to run.
fn readable(value: f64) -> String {
    let decimals: usize = match value.abs() {
        ..1.0 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => return grouped(value.round()),
    };
    format!("{value:.decimals$}")
}

fn grouped(whole: f64) -> String {
    let digits = format!("{whole:.0}");
    let mut parted = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            parted.push(',');
        }
        parted.push(digit);
    }
    parted
}
