"""A cohort through the engine: kept results, stopping, who may be in it, where maps lie."""

import csv
import json
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import Opinion, record_read
from xattn.archive.store import Grades
from xattn.archive.tables import audit, results, reveals
from xattn.archive.worklist import Query, page
from xattn.errors import ArchiveError
from xattn.runtime.cohort import Settings, run
from xattn.runtime.cohort_files import summarise, write_cohort
from xattn.runtime.cohort_keeping import Asked, Checks, InArchive, InFolder
from xattn.runtime.cohort_members import looking, of_manifest, of_worklist
from xattn.runtime.importing import import_films, plan

ANN = Person("Ann", ("reader",))
HEAD = ("image", "patient", "lesion_type", "density", "mass_shape", "malignant")
ROWS = (
    ("0.png", "Doe", "mass", "3", "OVAL", "1"),
    ("1.png", "Doe", "mass", "2", "", "0"),
    ("2.png", "Roe", "mass", "", "", ""),
)


@pytest.fixture
def table(tmp_path):
    """Three films of two patients, and their manifest."""
    folder = tmp_path / "films"
    folder.mkdir()
    for seed in range(3):
        values = np.random.default_rng(seed).integers(0, 2**16, (64, 64), dtype=np.uint16)
        Image.fromarray(values).save(folder / f"{seed}.png")
    path = folder / "list.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEAD, *ROWS])
    return path


def listed(engine, archive, table, *, is_read_first):
    """The films in a list of their own; the first has a reference standard."""
    name = "read first" if is_read_first else "open"
    number = archive.worklist(LOCAL, name, "breast", is_read_first=is_read_first)
    path = table.parent.parent / "import.csv"
    path.write_text("file,lesion_type,density,truth\n0.png,mass,3,1\n1.png,mass,2,\n2.png,mass,,\n")
    items = plan(table.parent, engine.schema, manifest=path)[:3]
    list(import_films(engine, archive, LOCAL, number, items))
    return number


def test_a_manifest_becomes_members_without_names(engine, table):
    cohort = of_manifest(table, engine.model)
    first, second, third = cohort.members
    assert [each.name for each in cohort.members] == ["row 2", "row 3", "row 4"]
    assert first.cluster == second.cluster != third.cluster
    assert (first.truth, second.truth, math.isnan(third.truth)) == (1.0, 0.0, True)
    assert cohort.has_truth
    assert "Doe" not in first.cluster


def test_each_case_gets_the_engines_own_numbers(engine, table, tmp_path):
    cohort = of_manifest(table, engine.model)
    steps = list(run(engine, cohort, InFolder(tmp_path / "kept")))
    assert [(step.done, step.total, step.is_new) for step in steps] == [
        (1, 3, True), (2, 3, True), (3, 3, True),
    ]  # fmt: skip
    for step, member in zip(steps, cohort.members, strict=True):
        case = engine.case(member.read(), member.form)
        assert step.case.prediction == engine.predict(case)
        shares = engine.start_explanation(case, "shapley").result()
        assert step.case.shares.players == shares.players
        assert step.case.said == step.case.prediction.probability


def test_a_second_run_computes_nothing_and_reads_no_film(engine, table, tmp_path, monkeypatch):
    cohort, keeper = of_manifest(table, engine.model), InFolder(tmp_path / "kept")
    first = [step.case for step in run(engine, cohort, keeper)]

    def refused(*_, **__):
        raise AssertionError("nothing may be computed again")

    for name in ("case", "start_prediction", "start_explanation", "start_assessment"):
        monkeypatch.setattr(engine, name, refused, raising=False)
    again = list(run(engine, of_manifest(table, engine.model), keeper))
    assert [step.is_new for step in again] == [False] * 3
    assert [step.case.prediction for step in again] == [case.prediction for case in first]
    assert [step.case.checks for step in again] == [case.checks for case in first]


def test_a_damaged_file_is_computed_again(engine, table, tmp_path):
    cohort, keeper = of_manifest(table, engine.model), InFolder(tmp_path / "kept")
    list(run(engine, cohort, keeper))
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    assert [step.is_new for step in run(engine, cohort, keeper)] == [True] * 3


def test_a_stopped_run_goes_on_where_it_was(engine, table, tmp_path):
    cohort, keeper, stop = of_manifest(table, engine.model), InFolder(tmp_path), threading.Event()
    steps = []
    for step in run(engine, cohort, keeper, stop=stop):
        steps.append(step)
        stop.set()
    assert len(steps) == 1
    assert [step.is_new for step in run(engine, cohort, keeper)] == [False, True, True]


def test_a_stop_that_is_set_computes_nothing(engine, table, tmp_path):
    stop = threading.Event()
    stop.set()
    cohort = of_manifest(table, engine.model)
    assert list(run(engine, cohort, InFolder(tmp_path / "k"), stop=stop)) == []
    assert not (tmp_path / "k").exists()


def test_a_film_that_cannot_be_read_says_why_and_the_others_go_on(engine, table, tmp_path):
    (table.parent / "1.png").write_text("no film")
    steps = list(run(engine, of_manifest(table, engine.model), InFolder(tmp_path / "kept")))
    assert [bool(step.refusal) for step in steps] == [False, True, False]
    assert "DICOM, PNG, JPEG or TIFF" in steps[1].refusal


def test_a_list_that_is_read_first_gives_nothing_before_a_read(engine, archive, table):
    number = listed(engine, archive, table, is_read_first=True)
    cohort = of_worklist(archive, ANN, number, engine.model)
    assert (cohort.members, cohort.left_out) == ((), (("to be read by you first", 3),))
    case = page(archive, ANN, Query(worklist=number)).rows[0].number
    record_read(archive, ANN, case, Opinion(0.5, 0.5))
    cohort = of_worklist(archive, ANN, number, engine.model)
    assert [member.number for member in cohort.members] == [case]
    assert cohort.left_out == (("to be read by you first", 2),)


def test_the_truth_of_a_case_is_shown_after_the_persons_decision(engine, archive, table):
    number = listed(engine, archive, table, is_read_first=True)
    case = page(archive, ANN, Query(worklist=number)).rows[0].number
    record_read(archive, ANN, case, Opinion(0.5, 0.5))
    (member,) = of_worklist(archive, ANN, number, engine.model).members
    assert (member.truth, member.shows_truth) == (1.0, False)
    found = list(
        run(engine, of_worklist(archive, ANN, number, engine.model), InArchive(archive, ANN))
    )
    assert found[0].case is not None
    record_read(archive, ANN, case, Opinion(0.6, 0.5), decision="accept")
    (member,) = of_worklist(archive, ANN, number, engine.model).members
    assert member.shows_truth


def test_on_an_open_list_the_truth_is_the_administrators_to_see(engine, archive, table):
    number = listed(engine, archive, table, is_read_first=False)
    assert of_worklist(archive, LOCAL, number, engine.model).members[0].shows_truth
    assert not of_worklist(archive, ANN, number, engine.model).members[0].shows_truth


def test_what_a_cohort_gives_counts_as_shown_and_is_kept_once(engine, archive, table):
    number = listed(engine, archive, table, is_read_first=False)
    cohort = of_worklist(archive, ANN, number, engine.model)
    steps = list(run(engine, cohort, InArchive(archive, ANN)))
    assert [step.is_new for step in steps] == [True] * 3  # imports keep no shares
    again = list(run(engine, cohort, InArchive(archive, ANN)))
    assert [step.is_new for step in again] == [False] * 3
    assert [step.case.shares.players for step in again] == [
        step.case.shares.players for step in steps
    ]
    with archive.transaction() as connection:
        kept = connection.execute(select(results.c.case, results.c.method)).all()
        seen = connection.execute(select(reveals.c.case).where(reveals.c.reader == "Ann")).all()
        asked = connection.execute(
            select(audit.c.content).where(audit.c.what == "cohort asked for")
        ).all()
    assert sorted(kept) == [(c, m) for c in (1, 2, 3) for m in ("prediction", "shapley")]
    assert sorted(seen) == [(1,), (1,), (2,), (2,), (3,), (3,)]
    assert asked == [({"worklist": number, "cases": 3, "shown": 3},)]
    assert again[0].case.checks.grades == steps[0].case.checks.grades
    assert not archive.verify().faults


def test_what_a_map_was_found_to_be_is_kept_for_its_model_and_form(engine, archive, table):
    number = listed(engine, archive, table, is_read_first=False)
    member, other = of_worklist(archive, ANN, number, engine.model).members[:2]
    keeper, model = InArchive(archive, ANN), engine.model.checkpoint.model_id
    asked = Asked(member, model, engine.model.target)
    keeper.keep_checks(asked, Checks(Grades(), "unclear"))
    keeper.keep_checks(asked, Checks(Grades(), "yes"))  # The first one stays.
    assert keeper.checks(asked).tracks == "unclear"
    for elsewhere in (
        Asked(other, model, engine.model.target),
        Asked(replace(member, content=other.content), model, engine.model.target),
        Asked(member, "another", engine.model.target),
        Asked(member, model, replace(engine.model.target, name="another")),
    ):
        assert keeper.checks(elsewhere).tracks == ""
    assert not archive.verify().faults


def test_who_reads_does_not_look_as_an_adjudicator():
    assert looking(LOCAL).roles == ("reader", "administrator")
    assert looking(Person("Cleo", ("adjudicator",))).roles == ("adjudicator",)


def test_a_list_of_another_system_is_refused(engine, archive):
    number = archive.worklist(LOCAL, "hips", "hip", is_read_first=False)
    with pytest.raises(ArchiveError, match="of another system"):
        of_worklist(archive, LOCAL, number, engine.model)


def test_regions_sum_to_the_films_share_over_the_areas(engine, table, tmp_path):
    cohort, keeper = of_manifest(table, engine.model), InFolder(tmp_path / "kept")
    settings = Settings(has_regions=True)
    step = next(run(engine, cohort, keeper, settings=settings))
    where, member = step.case.where, cohort.members[0]
    case = engine.case(member.read(), member.form)
    joint = engine.start_explanation(case, "joint").result()
    rows = dict(where.tables)
    # Maps are float32: seven digits of sums of about one.
    assert sum(rows["image"]) == pytest.approx(dict(joint.players)["image"], abs=1e-5)
    pairs = engine.start_explanation(case, "interactions").result()
    first = np.unique(pairs.regions, return_index=True)[1]
    for entry in pairs.maps:
        whole = float(entry.values.ravel()[first].sum())
        assert sum(rows[entry.name]) == pytest.approx(whole, abs=1e-5)
    assert step.case.checks.tracks in ("yes", "unclear", "not shown")
    summary = summarise(cohort, [step.case], engine.schema, draws=5)
    write_cohort(summary, tmp_path / "out")
    plain = json.loads((tmp_path / "out" / "cohort.json").read_text())
    assert plain["interactions"][0]["rows"][0]["player"] == "Film"
    assert plain["reference_standard"] == "known in part"
    text = "".join(path.read_text() for path in (tmp_path / "out").glob("*.[cj]s*[vn]"))
    assert "Doe" not in text
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "cases.csv", "groups.csv", "importances.html", "groups.html", "interactions-1.html",
    }  # fmt: skip
