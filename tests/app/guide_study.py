"""A study that the pictures of the guide show: phantoms of the breast, read by invented people."""

import csv
from pathlib import Path

import numpy as np

from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import Opinion, record_read, revealed
from xattn.archive.store import Archive
from xattn.phantoms.breast import Phantom, Settings, draw, sample_world
from xattn.phantoms.breast_file import breast_file
from xattn.runtime.engine import Engine
from xattn.runtime.importing import import_films, plan
from xattn.runtime.worker import Worker
from xattn.systems import load

CASES = 26
"""Enough for intervals, which are given from 20 cases on."""
ADJUDICATED = 11
"""Both have read it, and lie far apart."""
UNREAD = 26
"""The last; nobody has read it."""
READERS = (Person("Ann", ("reader",)), Person("Ben", ("reader",)))


def write_films(folder: Path, size: int = 900) -> list[Phantom]:
    """Films with a manifest that names form, box, title and truth of each."""
    folder.mkdir()
    worlds = [sample_world(seed, Settings()) for seed in range(CASES)]
    phantoms = [draw(world, size=size) for world in worlds]
    names = sorted({name for phantom in phantoms for name in phantom.form})
    rows = []
    for place, phantom in enumerate(phantoms, start=1):
        (folder / f"{place:02}.dcm").write_bytes(breast_file(phantom, worlds[place - 1]))
        form = [phantom.form.get(name, "") for name in names]
        box, truth = " ".join(map(str, phantom.box)), int(phantom.malignant)
        rows.append((f"{place:02}.dcm", phantom.lesion_type, *form, box, f"phantom {place}", truth))
    with (folder / "list.csv").open("w", newline="") as stream:
        head = ("file", "lesion_type", *names, "box", "title", "truth")
        csv.writer(stream).writerows([head, *rows])
    return phantoms


def make_study(archive: Archive, folder: Path) -> None:
    """A list that is read first: taken in by the shipped model, read by both, but for the last."""
    phantoms, worker = write_films(folder), Worker()
    engine = Engine(load("breast"), worker)
    number = archive.worklist(
        LOCAL, "Second reading", "breast", is_read_first=True, target="malignant"
    )
    items = plan(folder, engine.schema, manifest=folder / "list.csv")
    for case, _ in enumerate(import_films(engine, archive, LOCAL, number, items), start=1):
        if case != UNREAD:
            _read(archive, case, phantoms[case - 1])
    archive.annotate(READERS[0], 15, is_marked=True, note="ask for a spot view")
    archive.annotate(READERS[0], 3, is_marked=True)
    worker.close()


def _read(archive: Archive, case: int, phantom: Phantom) -> None:
    """What a reader of this skill would say: alone, then halfway towards the model."""
    for place, person in enumerate(READERS):
        noise = np.random.default_rng([case, place]).normal(0, 0.17)
        alone = float(np.clip(0.25 + 0.5 * phantom.malignant + noise, 0.02, 0.98).round(2))
        if case == ADJUDICATED:
            alone = (0.8, 0.25)[place]
        record_read(archive, person, case, Opinion(alone, 0.75))
        said = dict(revealed(archive, person, case))["prediction"].probability
        after = round((alone + said) / 2, 2)
        if case == ADJUDICATED and place:
            record_read(archive, person, case, Opinion(said, 0.75), decision="accept")
            continue
        words = {"decision": "change", "reason": "margins seen again"}
        record_read(archive, person, case, Opinion(after, 0.75), **words)
