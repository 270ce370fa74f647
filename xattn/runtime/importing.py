"""Bulk import: a folder of films, with a manifest or without, into a worklist, file by file.

A manifest is a CSV `file,<fields of the form>,box` and, if wanted, `title` and `truth`; `file` is
a path below the folder, or a file's name where it is the only one of that name; a box is
"x y width height" in pixels of the file. What is finished is recorded, so that an import that was
cancelled or cut off goes on where it was. File names are shown while it runs and never stored.
"""

import hashlib
import json
import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xattn.archive.imports import Source, hashed, record, taken
from xattn.archive.people import Person
from xattn.archive.store import Archive
from xattn.archive.tables import cases
from xattn.archive.texts import most_of
from xattn.archive.worklist import Worklist, find, same_films
from xattn.data.clinical import Schema
from xattn.data.datasets.table import Row, read_table
from xattn.data.fields import normalised
from xattn.data.placement import Box
from xattn.errors import ArchiveError, IntakeError, SchemaError
from xattn.records import Case, Target
from xattn.runtime.engine import Engine
from xattn.runtime.faults import attempt
from xattn.runtime.grading import grades

logger = logging.getLogger(__name__)

IMPORT = "The import of this film"
OWN_COLUMNS = frozenset({"FILE", "BOX", "TITLE", "TRUTH"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Item:
    """One film to take in: where it stands, its file, and what its row says of it."""

    row: int
    name: str
    path: Path | None
    form: Mapping[str, str] = field(default_factory=dict)
    box: str = ""
    title: str = ""
    truth: str = ""
    refusal: str = ""
    """Why it cannot be taken in, if that is plain before it is opened."""


@dataclass(frozen=True, slots=True, repr=False)
class Progress:
    """After each file: how many of how many, which, and the case it became or why it did not.

    `name` is for the screen alone. `is_new` is False for what an earlier run took in.
    """

    done: int
    total: int
    name: str
    case: int | None
    refusal: str = ""
    is_new: bool = True

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total


def plan(folder: Path, schema: Schema, *, manifest: Path | None = None) -> tuple[Item, ...]:
    """What there is to take in: the manifest's rows in order, then films that it does not name.

    Hidden files, links and the manifest itself are left out.

    Raises:
        IntakeError: if there is no file in the folder.
        SchemaError: if the manifest cannot be read or has a column that the form does not.
    """
    left_out = manifest.resolve() if manifest else None
    paths = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.resolve() != left_out
    }
    paths = {name: path for name, path in paths.items() if not re.search(r"(^|/)\.", name)}
    if not paths:
        raise IntakeError("A folder with films was expected, however there is no file in it.")
    if manifest:
        return _joined(paths, manifest, schema)
    named = enumerate(paths.items(), start=1)
    return tuple(
        Item(row=row, name=name, path=path, title=f"Film {row}") for row, (name, path) in named
    )


def import_films(
    engine: Engine,
    archive: Archive,
    person: Person,
    worklist: int,
    items: tuple[Item, ...],
) -> Iterator[Progress]:
    """Take in one film after another; whoever stops asking for the next has cancelled.

    Each is read, predicted and graded; the model's work goes through the engine's worker, so this
    runs in a thread of the caller's, never as a job of that worker.

    Raises:
        AccessError: if the person is neither reader nor administrator.
        ArchiveError: if there is no such worklist, or it is of another system.
    """
    person.require("reader", "administrator")
    listed = find(archive, worklist)
    if listed.system != engine.model.system.name:
        raise ArchiveError("The worklist is of another system; choose the model that reads it.")
    target = engine.model.find_target(listed.target) if listed.target else engine.model.target
    importer = _Importer(engine, archive, person, listed, target)
    for done, item in enumerate(items, start=1):
        source = _source(worklist, item)
        known = taken(archive, source)
        if known is not None:
            yield Progress(done, len(items), item.name, known, is_new=False)
            continue
        case, refusal = importer.take(item)
        record(archive, person, source, case=case, refusal=refusal)
        yield Progress(done, len(items), item.name, case, refusal)


@dataclass(frozen=True, slots=True)
class _Importer:
    engine: Engine
    archive: Archive
    person: Person
    worklist: Worklist
    target: Target

    def take(self, item: Item) -> tuple[int | None, str]:
        """The number of the case, or the sentence why there is none."""
        path = item.path
        if item.refusal or path is None:
            return None, item.refusal
        number, refusal = attempt(logger, IMPORT, lambda: self._take(item, path))
        return number, str(refusal or "")

    def _take(self, item: Item, path: Path) -> int:
        truth = _truth(item.truth)
        if truth is not None:
            self.person.require("administrator")
        case = self.engine.read(path, item.form, box=_box(item.box))
        number = self._keep(case, item.title)
        if truth is not None:
            self.archive.set_truth(self.person, number, truth)
        return number

    def _keep(self, case: Case, title: str) -> int:
        prediction = self.engine.start_prediction(case, target=self.target).result()
        earlier = same_films(self.archive, self.worklist.number, case.film, but=case.digest)
        assessment = self.engine.start_assessment(
            case, target=self.target, earlier=earlier
        ).result()
        form = self.engine.schema.plain(case.form)
        title = title.replace("\0", "")[: most_of(cases.c.title)]
        number = self.archive.add(self.person, self.worklist.number, case, title=title, form=form)
        self.archive.keep(self.person, number, "prediction", prediction)
        self.archive.grade(number, grades(prediction, assessment))
        return number


def _joined(paths: Mapping[str, Path], manifest: Path, schema: Schema) -> tuple[Item, ...]:
    table = read_table(manifest)
    table.column("file")
    fields = [column for column in table.columns if normalised(column) not in OWN_COLUMNS]
    # Blank entries: refuses a column that is unknown or given twice before any film is read.
    schema.check(dict.fromkeys(fields, ""))
    found = _finder(paths)
    items = [_item(row, fields, found(row["file"]), paths) for row in table]
    named = {item.name for item in items}
    refusal = "The manifest has no row for this film; add one."
    spare = (name for name in paths if name not in named)
    return (*items, *(Item(row=0, name=name, path=paths[name], refusal=refusal) for name in spare))


def _finder(paths: Mapping[str, Path]) -> Callable[[str], str | None]:
    """From a manifest's cell to the path below the folder that it means."""
    counts = Counter(path.name for path in paths.values())
    single = {path.name: name for name, path in paths.items() if counts[path.name] == 1}

    def find_name(cell: str) -> str | None:
        name = cell.replace("\\", "/").removeprefix("./")
        return name if name in paths else single.get(name)

    return find_name


def _item(row: Row, fields: list[str], name: str | None, paths: Mapping[str, Path]) -> Item:
    refusal = "There is no film of this name in the folder, or several; give its path below it."
    return Item(
        row=row.number,
        name=name or row["file"],
        path=paths[name] if name else None,
        form={column: row[column] for column in fields},
        box=row.cells.get("BOX", ""),
        title=row.cells.get("TITLE", "") or f"Row {row.number}",
        truth=row.cells.get("TRUTH", ""),
        refusal="" if name else refusal,
    )


def _source(worklist: int, item: Item) -> Source:
    """The hashes by which a finished file is known again: of its name; of bytes, form and box."""
    content = hashlib.sha256(json.dumps([dict(item.form), item.box, item.truth]).encode())
    try:
        if item.path:
            with item.path.open("rb") as stream:
                content.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError:
        content.update(b"unreadable")
    return Source(worklist, item.row, hashed(item.name), content.hexdigest())


def _box(cell: str) -> Box | None:
    if not cell:
        return None
    parts = re.split(r"[\s,;]+", cell.strip())
    if len(parts) != 4 or not all(re.fullmatch("[0-9]{1,6}", part) for part in parts):
        raise SchemaError(
            f"box must be four whole numbers, x y width height, however: {cell[:40]!r}."
        )
    x, y, width, height = map(int, parts)
    return Box(x, y, width, height)


def _truth(cell: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SchemaError(f"truth must be a number, however: {cell[:40]!r}.")
    return value
