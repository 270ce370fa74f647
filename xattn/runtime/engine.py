"""The engine: reads a case, predicts, explains. Pages, notebooks and the command line use this."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self, TypeVar

import numpy as np

from xattn.data.clinical import Form, Schema
from xattn.data.intake import read_image
from xattn.data.placement import Box, Placement, placed
from xattn.data.radiograph import Radiograph
from xattn.errors import ExplainError
from xattn.explain import DEFAULT_METHODS, EXPLAINERS
from xattn.explain.base import Game, Steps
from xattn.explain.film import EncodedFilm
from xattn.explain.predict import predict
from xattn.records import Attribution, Case, Explanation, Film, Prediction, Target
from xattn.runtime.worker import Job, Urgency, Worker
from xattn.systems import LoadedModel
from xattn.systems import load as load_model
from xattn.trust.assessment import Assessment, assess
from xattn.trust.belief import Belief
from xattn.trust.cover import Covered, cover
from xattn.trust.evidence import MapEvidence, gather
from xattn.trust.grounds import Grounds, grounds
from xattn.trust.whatif import Curve, curve

Result = TypeVar("Result")

FILMS_KEPT = 16
"""Encoded films that stay in memory, about 10 MB each with a full pool of masked versions: the film
in hand and the next one of eight readers."""
JITTER = 0.1
"""Share of the box's place and size by which it is moved; DESIGN 8."""


class Engine:
    """A loaded model behind its worker; one engine may serve any number of threads."""

    def __init__(self, model: LoadedModel, worker: Worker) -> None:
        self.model = model
        self.worker = worker
        self.is_ahead = False
        self._films: OrderedDict[str, EncodedFilm] = OrderedDict()

    @property
    def ahead(self) -> Self:
        """The same engine for what nobody waits for yet: its jobs run where no other waits."""
        unhurried = copy(self)
        unhurried.is_ahead = True
        return unhurried

    @cached_property
    def grounds(self) -> Grounds:
        """What came with the model to judge its answers by."""
        model = self.model
        return grounds(model.folder, model.system.name, model.checkpoint.model_id)

    @property
    def schema(self) -> Schema:
        """The form of the system."""
        return self.model.system.schema

    def read(
        self,
        source: str | Path | bytes | BinaryIO,
        form: Mapping[str, object] | Form | None = None,
        *,
        box: Box | None = None,
    ) -> Case:
        """A case from a file and a form; fields that are not given are unknown.

        Raises:
            IntakeError: if the file is not a radiograph that can be read, or the box misses it.
            SchemaError: if the form is refused.
        """
        return self.case(read_image(source), form, box=box)

    def case(
        self,
        radiograph: Radiograph,
        form: Mapping[str, object] | Form | None = None,
        *,
        box: Box | None = None,
    ) -> Case:
        """A case from a radiograph that was read already."""
        checked = form if isinstance(form, Form) else self.schema.check(form or {})
        return Case(self.model.system.name, (self._film(radiograph, box),), checked)

    def with_box(self, case: Case, box: Box | None) -> Case:
        """The same case read through another box, or as a whole."""
        return replace(case, films=(self._film(case.film.radiograph, box),))

    def predict(self, case: Case, *, target: Target | None = None) -> Prediction:
        """The prediction of a case, of the model's first target unless another is given."""
        return self.start_prediction(case, target=target).result()

    def explain(
        self,
        case: Case,
        methods: Sequence[str] = DEFAULT_METHODS,
        *,
        target: Target | None = None,
    ) -> Explanation:
        """The prediction of a case with an attribution by each method, of one target.

        Raises:
            ExplainError: if a method is not known, or cannot explain this model.
        """
        prediction = self.start_prediction(case, target=target)
        jobs = [(name, self.start_explanation(case, name, target=target)) for name in methods]
        attributions = tuple((method, job.result()) for method, job in jobs)
        return Explanation(case, prediction.result(), attributions)

    def start_prediction(
        self, case: Case, *, target: Target | None = None, owner: str = ""
    ) -> Job[Prediction]:
        """The prediction as a job; it goes before explanations."""
        chosen = target or self.model.target
        return self._submit(
            ("prediction", self._key(case, chosen)),
            lambda: predict(self._game(case, chosen)),
            urgency=Urgency.PREDICTION,
            owner=owner,
        )

    def start_explanation(
        self, case: Case, method: str, *, target: Target | None = None, owner: str = ""
    ) -> Job[Attribution]:
        """One attribution as a job.

        Raises:
            ExplainError: if the method is not known.
        """
        if method not in EXPLAINERS:
            known = ", ".join(EXPLAINERS)
            raise ExplainError(f"The method must be one of {known}, however: {method[:40]!r}.")
        explainer = EXPLAINERS[method]
        urgency = Urgency.PREDICTION if explainer.is_quick else Urgency.EXPLANATION
        chosen = target or self.model.target
        return self._submit(
            (explainer, self._key(case, chosen)),
            lambda: explainer.run(self._game(case, chosen)),
            urgency=urgency,
            owner=owner,
        )

    def assess(
        self,
        case: Case,
        *,
        target: Target | None = None,
        earlier: frozenset[str] | None = None,
    ) -> Assessment:
        """How far a prediction may be believed: gate, range, missing entries, fragile entries."""
        return self.start_assessment(case, target=target, earlier=earlier).result()

    def believe(self, explanation: Explanation, *, earlier: frozenset[str] | None = None) -> Belief:
        """How far a prediction and its maps may be believed, judged together.

        `earlier` as in `start_assessment`.
        """
        case, target = explanation.case, explanation.prediction.target
        assessment = self.start_assessment(case, target=target, earlier=earlier)
        evidence = self.start_evidence(case, dict(explanation.attributions), target)
        return Belief(assessment.result(), evidence.result())

    def start_assessment(
        self,
        case: Case,
        *,
        target: Target | None = None,
        owner: str = "",
        earlier: frozenset[str] | None = None,
    ) -> Job[Assessment]:
        """The assessment of a prediction as a job; it goes with predictions.

        `earlier` are the canonical pixel hashes of the other films of a list, None without a list.
        """
        chosen = target or self.model.target
        return self._submit(
            ("assessment", self._key(case, chosen), earlier),
            lambda: assess(self._game(case, chosen), self.grounds, earlier=earlier),
            urgency=Urgency.PREDICTION,
            owner=owner,
        )

    def start_evidence(
        self, case: Case, shown: Mapping[str, Attribution], target: Target, *, owner: str = ""
    ) -> Job[MapEvidence]:
        """The evidence of the maps that are shown together, as a job that follows theirs."""
        methods = tuple((key, entry.provenance.settings) for key, entry in shown.items())
        return self._submit(
            ("evidence", methods, self._key(case, target)),
            lambda: gather(self._game(case, target), shown, self.grounds),
            urgency=Urgency.EXPLANATION,
            owner=owner,
        )

    def start_curve(
        self, case: Case, field: str, *, target: Target | None = None, owner: str = ""
    ) -> Job[Curve]:
        """The output along one entry of the form as a job; it goes with predictions."""
        chosen = target or self.model.target
        return self._submit(
            ("curve", field, self._key(case, chosen)),
            lambda: curve(self._game(case, chosen), field),
            urgency=Urgency.PREDICTION,
            owner=owner,
        )

    def start_cover(
        self, case: Case, box: Box, *, target: Target | None = None, owner: str = ""
    ) -> Job[Covered]:
        """The prediction with a box in file pixels covered, as a job; it goes with predictions.

        Raises:
            ExplainError: if the model read nothing of what the box covers.
        """
        chosen, area = target or self.model.target, _under(case.film.placement, box)
        return self._submit(
            ("cover", box, self._key(case, chosen)),
            lambda: cover(self._game(case, chosen), area),
            urgency=Urgency.PREDICTION,
            owner=owner,
        )

    def _submit(
        self, key: Hashable, steps: Callable[[], Steps[Result]], *, urgency: Urgency, owner: str
    ) -> Job[Result]:
        urgency = Urgency.AHEAD if self.is_ahead else urgency
        return self.worker.submit(key, steps, urgency=urgency, owner=owner)

    def _film(self, radiograph: Radiograph, box: Box | None) -> Film:
        size = self.model.module.config.size
        values, tone = radiograph.values, radiograph.tone()
        here = self._placement(radiograph, box)
        boxes = box.jittered(radiograph.shape, fraction=JITTER) if box else ()
        places = [self._placement(radiograph, each) for each in boxes]
        moved = [place.to_model(values, fill=0.0, tone=tone) for place in places]
        return Film(
            radiograph,
            here,
            pixels=here.to_model(values, fill=0.0, tone=tone),
            jittered=np.array(moved, dtype=np.float32).reshape(-1, size, size),
            box=box,
        )

    def _placement(self, radiograph: Radiograph, box: Box | None) -> Placement:
        return placed(
            radiograph.shape,
            box,
            size=self.model.module.config.size,
            margin_mm=self.model.system.margin_mm,
            spacing_mm=radiograph.spacing_mm,
        )

    def _key(self, case: Case, target: Target) -> tuple[str, str, Target]:
        return self.model.checkpoint.model_id, case.digest, target

    def _game(self, case: Case, target: Target) -> Game:
        return Game(self.model, case, target, self._encoded(case.film))

    def _encoded(self, film: Film) -> EncodedFilm:
        """The film's encoding; called in the worker's thread alone, so it needs no lock."""
        encoded = self._films.pop(film.digest, None) or EncodedFilm(self.model, film)
        self._films[film.digest] = encoded
        while len(self._films) > FILMS_KEPT:
            self._films.popitem(last=False)
        return encoded


def _under(place: Placement, box: Box) -> np.ndarray:
    """The pixels (S, S) bool of what is read whose centres lie under a box in file pixels."""
    steps = (np.arange(place.size) + 0.5) * place.side / place.size
    columns, rows = place.left + steps - box.x, place.top + steps - box.y
    across, down = (columns >= 0) & (columns < box.width), (rows >= 0) & (rows < box.height)
    if not (across.any() and down.any()):
        raise ExplainError(
            "An area that the model reads was expected, however it reads nothing of this one; "
            "cover a part that is not hatched."
        )
    return np.asarray(down[:, None] & across)


def load(name_or_folder: str | Path, *, device: str = "auto") -> Engine:
    """An engine for a system's shipped model by name, or for a checkpoint folder.

    Raises:
        XattnError: if there is no such system or folder, or the checkpoint or device is not usable.
    """
    return Engine(load_model(name_or_folder, device=device), Worker())
