"""Signed folders: unchanged ones stand, changed ones never load, the operator trusts keys."""

import json
import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests import tiny
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import CheckpointError
from xattn.models import checkpoint
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.models.signature import (
    KEYS,
    MANIFEST,
    SIGNATURE,
    fingerprint,
    make_keys,
    sign,
    standing,
    trusted_keys,
)
from xattn.systems import SYSTEMS


@pytest.fixture
def folder(tmp_path):
    """A checkpoint folder of the tiny model."""
    description = Description(
        system="breast",
        preset="compact",
        version="0.0",
        config={"size": tiny.SIZE},
        training_data="nothing",
        is_phantom_trained=True,
        label_means=(0.4,),
    )
    place = tmp_path / "model"
    checkpoint.save(place, Checkpoint(tiny.breast_module(), description, Calibration(), "card"))
    return place


@pytest.fixture
def keys(tmp_path):
    return make_keys(tmp_path / "mine")


def load(folder):
    return checkpoint.load(folder, SYSTEMS["breast"].build, "breast")


def test_an_unsigned_folder_says_so_and_loads_in_the_library(folder):
    assert standing(folder).state == "unsigned"
    assert load(folder).card == "card"


def test_a_signed_folder_is_trusted_by_those_who_have_its_key(folder, keys, monkeypatch):
    secret, public = keys
    sign(folder, secret, BREAST)
    assert standing(folder).state == "unknown signer"
    monkeypatch.setenv(KEYS, f"{public}{os.pathsep}{public}")
    found = standing(folder)
    assert found.state == "signed"
    assert found.is_trusted
    assert found.schema == fingerprint(BREAST)
    assert load(folder).card == "card"


def test_the_signature_is_ed25519_over_the_manifest(folder, keys):
    """By the library's verification, from the files alone."""
    sign(folder, keys[0], BREAST)
    plain = json.loads((folder / SIGNATURE).read_text())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(plain["key"]))
    key.verify(bytes.fromhex(plain["signature"]), (folder / MANIFEST).read_bytes())
    named = set(json.loads((folder / MANIFEST).read_text())["files"])
    assert named == {"weights.safetensors", "model.json", "calibration.json", "card.md"}


def changed(folder):
    (folder / "calibration.json").write_text('{"temperature": 9.0}')


def added(folder):
    (folder / "sureness.json").write_text("{}")


def removed(folder):
    (folder / "card.md").unlink()


def relinked(folder):
    (folder / "card.md").rename(folder.parent / "card.md")
    (folder / "card.md").symlink_to(folder.parent / "card.md")


def unsigned(folder):
    (folder / SIGNATURE).unlink()


def unlisted(folder):
    (folder / MANIFEST).unlink()


def listed_anew(folder):
    """Who changes a file and its hash cannot sign it."""
    changed(folder)
    plain = json.loads((folder / MANIFEST).read_text())
    import hashlib

    content = (folder / "calibration.json").read_bytes()
    plain["files"]["calibration.json"] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(plain, indent=2, sort_keys=True) + "\n")


@pytest.mark.parametrize(
    "fault", [changed, added, removed, relinked, unsigned, unlisted, listed_anew]
)
def test_a_folder_that_was_changed_is_never_loaded(folder, keys, fault, monkeypatch):
    sign(folder, keys[0], BREAST)
    monkeypatch.setenv(KEYS, str(keys[1]))
    fault(folder)
    for act in (standing, load):
        with pytest.raises(CheckpointError):
            act(folder)


def test_signed_again_by_another_it_is_theirs(folder, keys, tmp_path, monkeypatch):
    sign(folder, keys[0], BREAST)
    other, _ = make_keys(tmp_path / "other")
    changed(folder)
    sign(folder, other, BREAST)
    monkeypatch.setenv(KEYS, str(keys[1]))
    assert standing(folder).state == "unknown signer"


def test_the_secret_key_is_its_owners_and_is_not_overwritten(keys, tmp_path):
    secret, public = keys
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert b"PRIVATE" not in public.read_bytes()
    before = secret.read_bytes()
    with pytest.raises(CheckpointError, match="new name"):
        make_keys(tmp_path / "mine")
    assert secret.read_bytes() == before


def test_what_is_no_key_is_refused(folder, keys, tmp_path, monkeypatch):
    with pytest.raises(CheckpointError, match="Ed25519 key"):
        sign(folder, keys[1], BREAST)
    monkeypatch.setenv(KEYS, str(keys[0]))
    with pytest.raises(CheckpointError, match="public keys"):
        trusted_keys()
    monkeypatch.setenv(KEYS, str(tmp_path / "none.pub"))
    with pytest.raises(CheckpointError, match="can be read"):
        trusted_keys()


def test_a_fingerprint_is_of_what_the_encoding_depends_on():
    from dataclasses import replace

    assert len({fingerprint(schema) for schema in (BREAST, CHEST, HIP)}) == 3
    first, *others = BREAST.fields
    reworded = replace(BREAST, fields=(replace(first, help="other words"), *others))
    assert fingerprint(reworded) == fingerprint(BREAST)
    turned = replace(first, options=first.options[::-1])
    assert fingerprint(replace(BREAST, fields=(turned, *others))) != fingerprint(BREAST)
