"""A program run once, with its time and its memory. Linux only: both come from /proc or next to it."""

import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

POLL_SECONDS = 0.01


class Failed(Exception):
    """The program did not do what was asked of it; the text says why."""


class Run(NamedTuple):
    """What one run cost."""

    seconds: float
    """From the start of the process to its end."""
    peak_mib: float
    """The largest memory of each process of the tree, added up."""
    processor_seconds: float
    """Of all its threads, in user and kernel mode."""
    others: float
    """Cores that other programs kept busy meanwhile: far above zero, and the run was slower than it need be."""
    printed: str
    """What it wrote to standard output."""


def run(command: list, timeout: float) -> Run:
    """Runs `command`, which is killed with all it started when `timeout` seconds are over."""
    busy, used = machine_seconds(), own_seconds()
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    memory = Memory(process.pid)
    memory.start()
    try:
        printed, complaints = process.communicate(timeout=timeout)
        seconds = time.perf_counter() - start
    except BaseException as cause:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(cause, subprocess.TimeoutExpired):
            raise Failed(f"{Path(command[0]).name} did not end within {timeout:,.0f} s") from None
        raise
    finally:
        memory.stop()
    if process.returncode != 0:
        last_words = "\n".join(complaints.decode(errors="replace").strip().splitlines()[-5:])
        raise Failed(f"{Path(command[0]).name} ended with {process.returncode}:\n{last_words}")
    here, below = (now - before for now, before in zip(own_seconds(), used))
    others = (machine_seconds() - busy - here - below) / seconds
    return Run(seconds, memory.peak_kib() / 1024, below, max(others, 0.0), printed.decode())


def own_seconds() -> tuple[float, float]:
    """Processor seconds of this process, and of those it started that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    here, below = (usage.ru_utime + usage.ru_stime for usage in both)
    return here, below


def machine_seconds() -> float:
    """Processor seconds that anybody used since the machine started: neither idle nor waiting for a disk."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Memory(threading.Thread):
    """Reads what the system keeps as the largest memory of each process (`VmHWM`) until told to stop.

    It can miss only what the last milliseconds of a process added.
    """

    def __init__(self, root: int):
        super().__init__(daemon=True)
        self.root = root
        self.largest = {}
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(POLL_SECONDS):
            for process in tree(self.root):
                self.largest[process] = max(self.largest.get(process, 0), high_water_kib(process))

    def stop(self):
        self.ended.set()
        self.join()

    def peak_kib(self) -> int:
        return sum(self.largest.values())


def tree(root: int):
    """The process and all below it."""
    yield root
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:
            continue
        for child in below:
            yield from tree(int(child))


def high_water_kib(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(words[1]) for words in lines), 0)
