"""Checkpoint folders looked at before they speak."""

import pickle
from dataclasses import replace

import pytest

from tests import tiny
from xattn.data.schemas import BREAST, HIP
from xattn.errors import CheckpointError
from xattn.models import checkpoint
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.models.signature import KEYS, make_keys, sign
from xattn.runtime.loading import inspect, load_folder

DESCRIPTION = Description(
    system="breast",
    preset="compact",
    version="0.0",
    config={"size": tiny.SIZE},
    training_data="nothing",
    is_phantom_trained=True,
    label_means=(0.4,),
)


def saved(folder, **changes):
    made = replace(DESCRIPTION, **changes)
    checkpoint.save(folder, Checkpoint(tiny.breast_module(), made, Calibration(), "card"))
    return folder


class Trap:
    """Unpickling it leaves a mark."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def test_an_unsigned_folder_needs_an_acknowledgement(tmp_path):
    folder = saved(tmp_path / "model")
    assert inspect(folder).standing.state == "unsigned"
    with pytest.raises(CheckpointError, match="Acknowledge"):
        load_folder(folder, is_acknowledged=False)
    assert load_folder(folder, is_acknowledged=True).system.name == "breast"


def test_a_trusted_one_does_not(tmp_path, monkeypatch):
    folder = saved(tmp_path / "model")
    secret, public = make_keys(tmp_path / "mine")
    sign(folder, secret, BREAST)
    with pytest.raises(CheckpointError, match="not trusted here"):
        load_folder(folder, is_acknowledged=False)
    monkeypatch.setenv(KEYS, str(public))
    assert load_folder(folder, is_acknowledged=False).system.name == "breast"


def test_no_acknowledgement_loads_a_changed_folder(tmp_path):
    folder = saved(tmp_path / "model")
    sign(folder, make_keys(tmp_path / "mine")[0], BREAST)
    (folder / "card.md").write_text("another card")
    with pytest.raises(CheckpointError, match="changed"):
        load_folder(folder, is_acknowledged=True)


def test_a_pickle_is_never_opened_whatever_it_is_called(tmp_path):
    folder, mark = saved(tmp_path / "model"), tmp_path / "mark"
    (folder / "weights.pt").write_bytes(pickle.dumps(Trap(mark)))
    assert inspect(folder).unopened == ("weights.pt",)
    load_folder(folder, is_acknowledged=True)
    (folder / "weights.safetensors").write_bytes(pickle.dumps(Trap(mark)))
    with pytest.raises(CheckpointError, match="do not fit"):
        load_folder(folder, is_acknowledged=True)
    assert not mark.exists()


def test_one_that_was_signed_for_another_form_is_refused(tmp_path):
    folder = saved(tmp_path / "model")
    sign(folder, make_keys(tmp_path / "mine")[0], HIP)
    with pytest.raises(CheckpointError, match="another version of the form"):
        inspect(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label_means": (0.4, 0.5)}, "1 outputs, however: 2"),
        ({"support": {"age": [1.0, 2.0]}}, "another form"),
        (
            {"support": {**{name: [] for name in BREAST.names}, "mass_shape": ["TRIANGULAR"]}},
            "does not have",
        ),
        ({"format": 2}, "format 1"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, changes, words):
    with pytest.raises(CheckpointError, match=words):
        load_folder(saved(tmp_path / "model", **changes), is_acknowledged=True)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="that exists"):
        inspect(tmp_path / "nowhere")
