"""A worklist of 10,000 cases: how long a page of 50 takes in each order, on SQLite.

The list is read first and half read, so that what the model said is veiled case by case. Median of
the repeats, each with its count and its place, as a page of the app asks for them.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.archive.tables import cases, notes, reads
from xattn.archive.worklist import Order, Place, Query, count, neighbour, page, place_of

ORDERS: tuple[Order, ...] = ("added", "title", "novelty", "uncertainty", "disagreement")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with Archive(f"sqlite:///{place / 'archive.sqlite'}", str(place / "files")) as archive:
            fill(archive, options.cases)
            print(f"{options.cases} cases, median of {options.repeats}, ms\n")
            print("| order | first page | page from the middle | count and place | next |")
            print("|---|---|---|---|---|")
            for order in ORDERS:
                shown = " | ".join(f"{value:.0f}" for value in row(archive, order, options.repeats))
                print(f"| {order} | {shown} |", flush=True)


def fill(archive: Archive, many: int) -> None:
    """A list of cases without films, every second of them read and every tenth marked."""
    listed = archive.worklist(LOCAL, "ten thousand", "breast", is_read_first=True)
    chance = np.random.default_rng(0)
    blank = {"worklist": listed, "film": "", "form": {"lesion_type": "mass"}, "level": "pass"}
    rows = [
        {
            **blank,
            "id": number,
            "title": f"Case {chance.integers(10**6):06}",
            # One film of ten is there twice.
            "pixels": f"{number - (number % 10 == 0):064}",
            "digest": f"{number:064}",
            "added": f"2026-01-01T00:00:00.{number:06}+00:00",
            "novelty": chance.uniform(0, 100),
            "uncertainty": chance.random(),
            "disagreement": chance.random(),
        }
        for number in range(1, many + 1)
    ]
    own = {"reader": LOCAL.name, "role": "reader", "stage": "alone", "at": ""}
    with archive.transaction() as connection:
        connection.execute(insert(cases), rows)
        said = [
            {**own, "case": number, "finding": 0.5, "confidence": 0.5}
            for number in range(1, many, 2)
        ]
        connection.execute(insert(reads), said)
        marked = [
            {"case": number, "reader": LOCAL.name, "is_marked": True}
            for number in range(1, many, 10)
        ]
        connection.execute(insert(notes), marked)


def row(archive: Archive, order: Order, repeats: int) -> tuple[float, ...]:
    """Milliseconds of the first page, of one from the middle, of count and place, of the next."""
    query = Query(worklist=1, order=order, is_descending=True)
    middle = _middle(archive, query)
    here = page(archive, LOCAL, query, after=middle).rows[0].number
    return (
        measure(lambda: page(archive, LOCAL, query), repeats),
        measure(lambda: page(archive, LOCAL, query, after=middle), repeats),
        measure(
            lambda: (count(archive, LOCAL, query), place_of(archive, LOCAL, query, here)), repeats
        ),
        measure(lambda: neighbour(archive, LOCAL, query, here, step=1), repeats),
    )


def _middle(archive: Archive, query: Query) -> Place | None:
    return page(archive, LOCAL, query, size=count(archive, LOCAL, query) // 2).after


def measure(act: Callable[[], object], repeats: int) -> float:
    """The median milliseconds of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    main()
