//! `cargo xtask quality`: how well `vermeil dedupe` finds who is who on data with known truth, told nothing but
//! which column is the key.

mod csv;
mod figures;
mod name_pairs;
mod truthset;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use crate::{
    smoke::{TemporaryFolder, number},
    steps::{Verdict, run_to_end},
    surroundings::Surroundings,
};
use figures::{Figures, Stored, TOLERATED_DROP};

/// Where the last figures are, from the root of the workspace.
const STORED: &str = "benches/quality.json";

/// Data with known truth.
struct DataSet {
    /// Its folder.
    name: &'static str,
    /// Pairwise and B³ F1 of the best peer, and which that is; see the index of the data.
    peers: &'static [(&'static str, f64, f64)],
    /// Pairwise and B³ F1 to be reached.
    floor: Option<(f64, f64)>,
}

const DATA_SETS: &[DataSet] = &[
    DataSet {
        name: "fake_1000",
        peers: &[("Splink 5, t = 0.5", 0.8782, 0.9059), ("goldenmatch 3.22", 0.1939, 0.4995)],
        floor: Some((0.90, 0.92)),
    },
    DataSet {
        name: "febrl4",
        peers: &[("Splink 5", 0.9996, 0.9998), ("goldenmatch 3.22", 0.9973, 0.9991)],
        floor: Some((0.9996, 0.9998)),
    },
    DataSet {
        name: "fr_clients_sim",
        peers: &[("Splink 5, t = 0.5", 0.9524, 0.9789), ("goldenmatch 3.22", 0.5868, 0.9081)],
        floor: Some((0.97, 0.985)),
    },
    DataSet {
        name: "historical_50k",
        peers: &[("Splink 5, t = 0.95", 0.8607, 0.8725), ("goldenmatch 3.22", 0.8302, 0.8535)],
        floor: Some((0.90, 0.90)),
    },
    DataSet { name: truthset::NAME, peers: &[], floor: None },
];

/// Those that `cargo xtask test` has time for.
const QUICK: &[&str] = &["fake_1000", truthset::NAME, name_pairs::NAME];

/// Measures the data sets named (all of them where none is), or with `--update` stores what it measures.
pub fn run(surroundings: &Surroundings, arguments: &[String]) -> ExitCode {
    let (flags, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    let names_of_data = || DATA_SETS.iter().map(|data| data.name).chain([name_pairs::NAME]);
    let known = |name: &&String| names_of_data().any(|data| data == name.as_str());
    if flags.iter().any(|flag| *flag != "--update") || !names.iter().all(known) {
        let known: Vec<&str> = names_of_data().collect();
        eprintln!("cargo xtask quality [--update] [NAME…], of: {}", known.join(", "));
        return ExitCode::from(2);
    }
    let build = ["build", "--workspace", "--bins", "--locked"];
    let wanted: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let purpose = if flags.is_empty() { Purpose::Check } else { Purpose::Update };
    let detail = if names.is_empty() { Detail::Figures } else { Detail::Differences };
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name);
    let outcome = run_to_end(&mut surroundings.cargo(build))
        .and_then(|()| measure(surroundings, is_wanted, purpose, detail));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Checks the small data sets, with the program as it was built.
pub fn quick(surroundings: &Surroundings) -> Verdict {
    if !surroundings.test_data.is_dir() {
        return Verdict::Skipped("no real data".into());
    }
    measure(surroundings, |name| QUICK.contains(&name), Purpose::Check, Detail::Figures).into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Check,
    Update,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Figures,
    /// And each entity that came out wrong.
    Differences,
}

fn measure(
    surroundings: &Surroundings,
    wanted: impl Fn(&str) -> bool,
    purpose: Purpose,
    detail: Detail,
) -> Result<(), String> {
    let file = surroundings.root.join(STORED);
    let mut stored = Stored::read(&file)?;
    let program = surroundings.dev_binary("vermeil");
    let mut problems = Vec::new();
    println!("{}", figures::heading());
    for data in DATA_SETS.iter().filter(|data| wanted(data.name)) {
        let folder = surroundings.test_data.join(data.name);
        if !folder.is_dir() {
            println!("{:<18} absent", data.name);
            continue;
        }
        let figures = measure_one(&program, data.name, &folder)?;
        println!("{}", figures.row(data.name));
        if detail == Detail::Differences {
            figures.differences().iter().for_each(|difference| println!("{difference}"));
        }
        for (peer, pairwise, b_cubed) in data.peers {
            println!("{}", figures::row_of_two(peer, *pairwise, *b_cubed));
        }
        if let Some((pairwise, b_cubed)) = data.floor {
            let reached = figures.pairwise_f1 >= pairwise && figures.b3_f1 >= b_cubed;
            let label = if reached { "to reach: reached" } else { "to reach: NOT REACHED" };
            println!("{}", figures::row_of_two(label, pairwise, b_cubed));
        }
        problems.extend(stored.drops(data.name, &figures.kept()));
        stored.put(data.name, &figures.kept());
    }
    let pairs = surroundings.test_data.join(name_pairs::NAME);
    if wanted(name_pairs::NAME) && pairs.is_dir() {
        let figures = name_pairs::measure(&program, &pairs)?;
        println!("{}", figures.rows());
        problems.extend(stored.drops(name_pairs::NAME, &figures.kept()));
        stored.put(name_pairs::NAME, &figures.kept());
    }
    if purpose == Purpose::Update {
        return stored.write(&file);
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.push(format!("a drop of more than {TOLERATED_DROP} fails; `--update` stores new figures"));
    Err(problems.join("\n"))
}

fn measure_one(program: &Path, name: &str, data: &Path) -> Result<Figures, String> {
    let folder = TemporaryFolder::create("vermeil-quality")
        .map_err(|cause| format!("no temporary folder: {cause}"))?;
    let (input, truth) = if name == truthset::NAME {
        truthset::convert(data, &folder.0)?
    } else {
        (data.join("input.csv"), data.join("truth.csv"))
    };
    let clusters = folder.0.join("clusters.csv");
    let found = output_of(
        Command::new(program)
            .args(["dedupe", "--format", "json", "--id", "record_id", "--out"])
            .arg(&clusters)
            .arg(&input),
    )?;
    let judged = output_of(
        Command::new(program)
            .args(["evaluate", "--format", "json", "--clusters"])
            .arg(&clusters)
            .arg("--truth")
            .arg(&truth),
    )?;
    let differences =
        (name == truthset::NAME).then(|| truthset::differences(&clusters, &truth)).transpose()?;
    Figures::of(&found, &judged, differences)
        .ok_or_else(|| format!("{name}: figures are missing in\n{found}\n{judged}"))
}

/// What a command that must succeed prints.
fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| format!("`vermeil` could not be started: {cause}"))?;
    if !output.status.success() {
        return Err(format!("`vermeil` ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads a file that must be there.
fn text_of(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|cause| format!("{}: {cause}", file.display()))
}

#[cfg(test)]
mod tests;
