"""Whether each method depends on what a checkpoint learnt: what `randomisation` found, beside it.

A method whose maps stay when every weight is random is unfit for that checkpoint, whatever the
test of one case says of one map.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from xattn.errors import CheckpointError
from xattn.trust.verdict import LIMIT, Verdict

FILE = "evidence.json"
Answer = Literal["fit", "unfit", "unclear"]


@dataclass(frozen=True, slots=True)
class Dependence:
    """Of one method: the answer, and the sentence with its numbers."""

    answer: Answer
    sentence: str


def load(folder: Path, model_id: str = "") -> dict[str, Dependence]:
    """By explainer's key; empty where nobody asked.

    Raises:
        CheckpointError: if the file cannot be read, or speaks of another model.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        plain = json.loads(path.read_text("utf-8"))
        made_of = str(plain["model_id"])
        found = {
            str(key): Dependence(_answer(entry["verdict"]), str(entry["sentence"]))
            for key, entry in plain["methods"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(
            f"Expected the result of model randomisation in {FILE}, however: it cannot be read; "
            "make it again or take it away."
        ) from error
    if model_id and made_of != model_id:
        raise CheckpointError(
            f"Expected {FILE} of this very model, however: it was made of another; make it again."
        )
    return found


def marked(
    verdicts: Mapping[str, Verdict], dependence: Mapping[str, Dependence]
) -> dict[str, Verdict]:
    """The verdicts, those of unfit methods replaced by that."""
    unfit = {key: entry for key, entry in dependence.items() if entry.answer == "unfit"}
    return {
        key: replace(verdict, answer="unfit", sentence=f"{unfit[key].sentence[:-1]}; {LIMIT}")
        if key in unfit
        else verdict
        for key, verdict in verdicts.items()
    }


def _answer(said: object) -> Answer:
    answers: dict[object, Answer] = {answer: answer for answer in get_args(Answer)}
    return answers[said]
