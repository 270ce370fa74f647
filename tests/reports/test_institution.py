"""A name and a logo head the report; a broken one is a sentence and the report is made."""

import io
import re
import subprocess
from dataclasses import replace

import pytest
from PIL import Image

from tests.reports.test_pdf import needs_poppler, pages_of, text_of
from xattn.reports import institution as institutions
from xattn.reports.content import compose
from xattn.reports.institution import NOBODY, Institution, checked, institution
from xattn.reports.pdf import render

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
    b'<rect width="40" height="20" fill="#0b5c74"/></svg>'
)


@pytest.fixture
def report(explanation, model):
    return compose(explanation, model)


def png(width=60, height=20):
    content = io.BytesIO()
    Image.new("RGBA", (width, height), (11, 92, 116, 128)).save(content, "PNG")
    return content.getvalue()


def logo(folder, content, name="logo.png"):
    path = folder / name
    path.write_bytes(content)
    return str(path)


@needs_poppler
@pytest.mark.parametrize("archival", [False, True])
@pytest.mark.parametrize(("name", "content"), [("logo.png", png()), ("logo.svg", SVG)])
def test_name_and_logo_head_the_report(report, tmp_path, archival, name, content):
    house = checked(" Example Hospital ", logo(tmp_path, content, name))
    assert house == Institution("Example Hospital", content, name[-3:])
    pdf = render(report, archival=archival, institution=house)
    assert pdf == render(report, archival=archival, institution=house)
    assert text_of(pdf).startswith("Example Hospital Breast lesion: prediction and explanation")
    assert pages_of(pdf)["Pages"] == "2"
    plain = render(report, archival=archival)
    assert plain == render(report, archival=archival, institution=NOBODY)
    assert "Hospital" not in text_of(plain)


def test_the_environment_names_the_institution(tmp_path, monkeypatch):
    monkeypatch.delenv(institutions.NAME, raising=False)
    monkeypatch.delenv(institutions.LOGO, raising=False)
    assert institution() == NOBODY
    monkeypatch.setenv(institutions.NAME, "Klinik Łódź")
    monkeypatch.setenv(institutions.LOGO, logo(tmp_path, SVG, "logo.SVG"))
    assert institution() == Institution("Klinik Łódź", SVG, "svg")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "logo.png", "must be a PNG or SVG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "logo.png", "must be a PNG or SVG"),
        (png()[:40], "logo.png", ""),
        (SVG, "logo.png", "must be a PNG or SVG"),
        (b"GIF89a" + bytes(99), "logo.gif", "must be a PNG or SVG"),
        (b"<svg", "logo.svg", "could not be drawn"),
        (b"no picture", "logo.svg", "could not be drawn"),
        (bytes(1_000_001), "logo.svg", "at most 1,000,000 bytes"),
        (png(4001, 2), "logo.png", "at most 4,000 pixels"),
    ],
)
def test_a_broken_logo_is_a_sentence_and_no_failed_report(report, tmp_path, content, name, words):
    house = checked("Example Hospital", logo(tmp_path, content, name))
    assert house == Institution("Example Hospital", problem=house.problem)
    assert words in house.problem
    assert re.fullmatch(r"The .+\. The report has no logo\.", house.problem)
    assert str(tmp_path) not in house.problem
    assert render(report, archival=True, institution=house).startswith(b"%PDF")


def test_a_logo_that_is_not_there_is_a_sentence(tmp_path):
    house = checked("", str(tmp_path / "logo.png"))
    assert house.problem == "The file of the logo could not be read. The report has no logo."


@pytest.mark.parametrize("name", ["x" * 81, "a\nb", "山田病院"])
def test_a_name_that_cannot_be_set_is_left_out_with_a_sentence(name):
    house = checked(name, "")
    assert house.name == ""
    assert house.problem.startswith("The institution's name must be")


@needs_poppler
def test_every_picture_has_words_in_its_stead(report, tmp_path):
    """Figure elements of the tag tree and their /Alt, as poppler reads them back."""
    house = checked("Example Hospital", logo(tmp_path, png()))
    for archival in (False, True):
        pdf = render(report, archival=archival, institution=house)
        told = subprocess.run(
            ["pdfinfo", "-struct-text", "-"], input=pdf, capture_output=True, check=True
        ).stdout.decode()
        figures = len(re.findall(r"^\s*Figure", told, re.MULTILINE))
        scales = sum(figure.scale is not None for figure in report.figures)
        assert figures == 1 + len(report.figures) + scales
        words = re.findall(r"/Alt\s*[(<](.{8})", pdf.decode("latin-1"))
        assert len(words) == figures
    bare = replace(report, figures=report.figures[:1])
    assert render(bare, institution=house)
