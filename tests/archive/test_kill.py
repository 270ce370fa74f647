"""Killed at any moment: what was acknowledged is there, what is listed is whole."""

import random
import subprocess
import sys
import time

import numpy as np
from sqlalchemy import select

from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.archive.tables import cases

WRITER = """
import sys
from tests.archive import bare
from xattn.archive.people import LOCAL
from xattn.archive.store import Archive

archive = Archive(sys.argv[1], sys.argv[2])
listed = int(sys.argv[3])
print("ready", flush=True)
for seed in range(int(sys.argv[4]), 10_000):
    case = bare.case(seed)
    number = archive.add(LOCAL, listed, case, title=str(seed), form=bare.MASS)
    print(number, case.digest, flush=True)
"""


def test_nothing_acknowledged_is_lost_and_nothing_listed_is_half(database, tmp_path, opened):
    place = str(tmp_path / "files")
    archive = opened(Archive(database, place))
    listed = archive.worklist(LOCAL, "mine", "breast", is_read_first=False)
    chance = random.Random(0)
    acknowledged: dict[int, str] = {}
    for attempt in range(3):
        command = [sys.executable, "-c", WRITER, database, place, str(listed), str(1000 * attempt)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.4))
        writer.kill()
        lines = [line.split() for line in writer.communicate()[0].splitlines()]
        whole = [line for line in lines if len(line) == 2 and len(line[1]) == 64]
        acknowledged |= {int(number): digest for number, digest in whole}
    assert len(acknowledged) > 3, "the writer never came to write"
    for number, digest in acknowledged.items():
        assert archive.case(number).digest == digest
    with archive.transaction() as connection:
        numbers = list(connection.execute(select(cases.c.id)).scalars())
    for number in numbers:
        assert isinstance(archive.film(archive.case(number)).values, np.ndarray)
    # One row for the worklist and one for each case: an act and its record stand together.
    check = archive.verify()
    assert (check.length, check.faults) == (1 + len(numbers), ())
