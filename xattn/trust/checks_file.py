"""Checks of what the file says of itself: kind of film, size, depth, compression, burnt-in text."""

from xattn.data.radiograph import Radiograph
from xattn.trust.expectations import Codes, Expectation
from xattn.trust.finding import Finding, Level, passed, unchecked

SMALLEST_SIDE = 400
"""Pixels: a whole adult film below it has lost what the models were trained to see."""
SHALLOWEST_BITS = 10
"""Bits stored below which a film was windowed before it came here."""
LONGEST_ASPECT = 2.5
"""No detector is longer than this many times its width."""


def check_file(radiograph: Radiograph, expectation: Expectation) -> tuple[Finding, ...]:
    """The findings that need no pixels."""
    return (
        _coded("modality", radiograph, expectation.modality, expectation.noun),
        _coded("body part", radiograph, expectation.body_part, expectation.noun),
        _coded("view position", radiograph, expectation.view, expectation.noun),
        _age(radiograph, expectation),
        _size(radiograph),
        _depth(radiograph),
        _compression(radiograph),
        _stated_text(radiograph),
        _stated_polarity(radiograph),
    )


def _coded(name: str, radiograph: Radiograph, codes: Codes, noun: str) -> Finding:
    code = radiograph.fact(name)
    if code is None:
        return unchecked(name, f"the file does not state its {name}.")
    if code in codes.expected:
        return passed(name, f"The header's {name} {code} fits a {noun}.")
    level: Level = "warn" if code in codes.tolerated else "block"
    known = ", ".join(sorted(codes.expected))
    reason = f"The header's {name} is {code}, however {known} is expected of a {noun}."
    return Finding(name, level, reason)


def _age(radiograph: Radiograph, expectation: Expectation) -> Finding:
    age = radiograph.fact("patient age in years")
    if age is None:
        return unchecked("age", "the file does not state the patient's age.")
    lowest = expectation.lowest_age
    if int(age) < lowest:
        reason = f"The header says {age} years; no one below {lowest} was trained on."
        return Finding("age", "block" if int(age) < 18 else "warn", reason)
    return passed("age", f"The header's age is not below {lowest}, as trained on.")


def _size(radiograph: Radiograph) -> Finding:
    rows, columns = radiograph.shape
    size = f"{columns} x {rows} pixels"
    if min(rows, columns) < SMALLEST_SIDE:
        return Finding("size", "warn", f"The film has only {size}: fine detail is lost.")
    if max(rows, columns) > LONGEST_ASPECT * min(rows, columns):
        return Finding("size", "warn", f"The film of {size} is longer than any detector.")
    return passed("size", f"The film has {size}.")


def _depth(radiograph: Radiograph) -> Finding:
    bits = int(radiograph.fact("bits stored") or 16)
    if bits < SHALLOWEST_BITS:
        reason = f"The film holds {bits} bits: it was windowed before it came here."
        return Finding("bit depth", "warn", reason)
    return passed("bit depth", f"The film holds {bits} bits.")


def _compression(radiograph: Radiograph) -> Finding:
    stated = radiograph.fact("lossy compression")
    if stated == "yes" or radiograph.fact("source kind") == "jpeg":
        reason = "The film was compressed with loss: fine detail may be altered."
        return Finding("lossy compression", "warn", reason)
    if stated == "no":
        return passed("lossy compression", "The file says that nothing was lost in compression.")
    return unchecked("lossy compression", "the file does not say whether detail was lost.")


def _stated_text(radiograph: Radiograph) -> Finding:
    stated = radiograph.fact("burned in annotation")
    if stated == "YES":
        reason = "The file says that text is burnt into the film: it may name the patient."
        return Finding("stated text", "warn", reason)
    if stated == "NO":
        return passed("stated text", "The file says that no text is burnt into the film.")
    return unchecked("stated text", "the file does not say whether text is burnt in.")


def _stated_polarity(radiograph: Radiograph) -> Finding:
    conflict = radiograph.fact("polarity conflict")
    if conflict:
        return Finding("stated polarity", "warn", f"The header contradicts itself: {conflict}.")
    if radiograph.fact("source kind") != "dicom":
        return unchecked("stated polarity", "such a file does not state its polarity.")
    return passed("stated polarity", "The header's polarity does not contradict itself.")
