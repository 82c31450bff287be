"""Tables of made-up scores: people who are told apart well."""

import csv
from pathlib import Path

import numpy as np

PEOPLE = 60


def columns(people: int = PEOPLE, seed: int = 1) -> dict[str, list]:
    """Every pair of people once, and each person once with themselves."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(people, 1)
    others = rng.normal(0.1, 0.1, len(first)).clip(-1, 1)
    same = rng.normal(0.8, 0.05, people).clip(-1, 1)
    numbers = np.arange(people)
    return {
        "similarity": [f"{score:.6f}" for score in (*others, *same)],
        "mated": ["0"] * len(first) + ["1"] * people,
        "first_subject": [f"p{number}" for number in (*first, *numbers)],
        "second_subject": [f"p{number}" for number in (*second, *numbers)],
    }


def write_csv(path: Path, table: dict[str, list]) -> Path:
    """The columns as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path
