#!/usr/bin/env python3
"""Vermeil beside Splink: the same file deduped by both in turn, with time, memory and accuracy of each.

What the figures mean stands in ../README.md. Needs Linux, Python 3.11 and, the first time, PyPI.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True

import data  # noqa: E402
import measured  # noqa: E402

# What `model.py` tells Splink: the rules that find pairs, and no field that it does not compare.
SAME_RULES = (
    *("--block", "email"),
    *("--block", "mobile"),
    *("--block", "phone + given_name:initial"),
    *("--block", "family_name + birth_date"),
    *("--block", "given_name + birth_date"),
    *("--block", "family_name + given_name:initial + postal_code"),
    *("--map=-=title", "--map=-=organisation_name", "--map=-=registration_number", "--map=-=city"),
)

SAME = "Vermeil, Splink's rules and fields"

REQUIREMENTS = HERE / "requirements.txt"


class Accuracy(NamedTuple):
    """As `vermeil evaluate` measures it, each in [0, 1]."""

    precision: float
    recall: float
    f1: float
    b_cubed_f1: float


class Result(NamedTuple):
    """One tool's run over one file."""

    seconds: float
    processor_seconds: float
    peak_mib: float
    others: float
    candidate_pairs: int
    accuracy: Accuracy
    threshold: str
    stages: dict
    version: str


def main():
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="vermeil-splink-") as temporary:
        folder = Path(temporary)
        try:
            compare(arguments, folder)
        except (measured.Failed, OSError, subprocess.CalledProcessError) as cause:
            sys.exit(f"splink bench: {cause}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=positive, default=100_000, help="people to invent, of 2.4 records each")
    parser.add_argument(
        "--u-pairs",
        type=lambda text: text.split(","),
        default=["1e6", "1e7"],
        help="random pairs that Splink estimates u from; several with commas, each a run of its own",
    )
    parser.add_argument(
        "--thresholds",
        type=lambda text: text.split(","),
        default=["0.5", "0.95", "0.99"],
        help="probabilities that Splink's clusters are tried with: the best by F1 counts",
    )
    parser.add_argument("--vermeil", type=Path, default=HERE.parents[1] / "target/release/vermeil", help="the program")
    parser.add_argument("--synth-with", type=Path, help="another build of it that invents the data")
    parser.add_argument("--only", choices=["splink", "vermeil"], help="leave the other one out")
    parser.add_argument("--runs", type=positive, default=1, help="rounds; each figure is their median")
    parser.add_argument("--timeout", type=positive, default=1800, help="seconds after which a run is given up")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be above zero")
    return number


def compare(arguments: argparse.Namespace, folder: Path):
    python = environment() if arguments.only != "vermeil" else None
    tell(f"inventing {arguments.people:,} people")
    records = data.write(arguments.synth_with or arguments.vermeil, arguments.people, folder)

    tools = {}
    if python:
        for pairs in arguments.u_pairs:
            tools[f"Splink, u from {float(pairs):,.0f} pairs"] = lambda pairs=pairs: splink(
                python, arguments.vermeil, folder, pairs, arguments.thresholds, arguments.timeout
            )
    if arguments.only != "splink":
        tools[SAME] = lambda: vermeil(
            arguments.vermeil, folder, arguments.timeout, SAME_RULES
        )
        tools["Vermeil"] = lambda: vermeil(arguments.vermeil, folder, arguments.timeout)

    load = os.getloadavg()[0]
    results = {name: [] for name in tools}
    for turn in range(arguments.runs):
        for name, tool in tools.items():
            tell(f"round {turn + 1} of {arguments.runs}: {name}")
            results[name].append(tool())
    print(f"{machine()}, load {load:.1f} before; data {data.fingerprint(folder)}\n")
    print(table(results, records))


def environment() -> Path:
    """The interpreter of an environment that holds what `requirements.txt` pins, made if need be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vermeil" / "splink"
    interpreter, stamp, wanted = cache / "bin" / "python", cache / "requirements.txt", REQUIREMENTS.read_text()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        tell(f"making {cache}")
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        subprocess.run([sys.executable, "-m", "venv", "--clear", cache], check=True)
        subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
        stamp.write_text(wanted)
    return interpreter


def splink(python: Path, program: Path, folder: Path, pairs: str, thresholds: list, timeout: int) -> Result:
    clusters = folder / "splink.csv"
    command = [python, "-B", HERE / "splink_dedupe.py", folder / data.INPUT, clusters, pairs, *thresholds]
    run = measured.run(command, timeout)
    report = json.loads(run.printed)
    scores = {threshold: score(program, Path(f"{clusters}.{threshold}"), folder) for threshold in thresholds}
    best = max(thresholds, key=lambda threshold: scores[threshold].f1)
    # A user clusters once: the other thresholds are not in the time.
    stages, processor = report["stages"], report["processor_stages"]
    left_out = {f"cluster at {threshold}" for threshold in thresholds if threshold != best}
    return Result(
        run.seconds - sum(stages[stage] for stage in left_out),
        run.processor_seconds - sum(processor[stage] for stage in left_out),
        run.peak_mib,
        run.others,
        report["candidate_pairs"],
        scores[best],
        best,
        {stage: seconds for stage, seconds in stages.items() if stage not in left_out},
        report["version"],
    )


def vermeil(program: Path, folder: Path, timeout: int, options: tuple = ()) -> Result:
    clusters = folder / "vermeil.csv"
    command = [program, "dedupe", folder / data.INPUT, "--id", "record_id", "--out", clusters, "--format", "json"]
    command += options
    run = measured.run(command, timeout)
    report = json.loads(run.printed)
    stages = {stage["name"]: stage["seconds"] for stage in report["stages"]}
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return Result(
        run.seconds,
        run.processor_seconds,
        run.peak_mib,
        run.others,
        report["candidate_pairs"],
        score(program, clusters, folder),
        "its own",
        stages,
        version,
    )


def score(program: Path, clusters: Path, folder: Path) -> Accuracy:
    """One judge for both tools: a record that lies in no cluster is one of its own."""
    command = [program, "evaluate", "--clusters", clusters, "--truth", folder / data.TRUTH, "--format", "json"]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Accuracy(said["pairwise_precision"], said["pairwise_recall"], said["pairwise_f1"], said["b3_f1"])


def table(results: dict, records: int) -> str:
    """Markdown: a line for each tool, and below what they took for their steps."""
    header = [
        "tool", "records", "seconds", "time, Splink / Vermeil on its rules", "processor s", "peak MiB", "memory, the other way round",
        "candidate pairs", "a record", "precision", "recall", "F1", "B³ F1", "threshold", "others' cores",
    ]  # fmt: skip
    lines = [header, ["---"] + ["---:"] * (len(header) - 1)]
    ours = results.get(SAME)
    for name, runs in results.items():
        last = runs[-1]
        seconds = median(run.seconds for run in runs)
        ratios = ["", ""]
        if ours and name.startswith("Splink"):
            rounds = list(zip(runs, ours))
            ratios = [
                f"{median(theirs.seconds / own.seconds for theirs, own in rounds):.2f}",
                f"{median(own.peak_mib / theirs.peak_mib for theirs, own in rounds):.2f}",
            ]
        lines.append(
            [
                name,
                f"{records:,}",
                spread(f"{seconds:.1f}", [run.seconds for run in runs]),
                ratios[0],
                f"{median(run.processor_seconds for run in runs):.1f}",
                f"{median(run.peak_mib for run in runs):,.0f}",
                ratios[1],
                f"{last.candidate_pairs:,}",
                f"{last.candidate_pairs / records:.1f}",
                *(f"{figure:.4f}" for figure in last.accuracy),
                last.threshold,
                f"{median(run.others for run in runs):.1f}",
            ]
        )
    parts = ["\n".join("| " + " | ".join(line) + " |" for line in lines), ""]
    for name, runs in results.items():
        last = runs[-1]
        steps = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in last.stages.items())
        parts.append(f"- {name} ({last.version}), last round: {steps}")
    return "\n".join(parts)


def spread(figure: str, values: list) -> str:
    return figure if len(values) == 1 else f"{figure} ({min(values):.1f}–{max(values):.1f})"


def machine() -> str:
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores ({models[0] if models else 'unknown'}), {gib:.0f} GiB"


def tell(progress: str):
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
