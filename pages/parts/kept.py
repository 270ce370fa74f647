"""The case in hand as the archive keeps it: whose turn it is, and what of it may be shown."""

from dataclasses import dataclass, replace

import streamlit as st

from pages.parts import resources, state
from pages.parts.person import person
from pages.parts.state import Reading, Shown
from pages.parts.work import PREDICTION, Work
from xattn.archive import access, reading, worklist
from xattn.archive.people import Person
from xattn.archive.reads import Read, rows_of
from xattn.archive.store import Archive, Stored
from xattn.archive.worklist import Worklist
from xattn.records import Attribution, Prediction

ADJUDICATING = "adjudicating"
"""The case that somebody who could also read it has chosen to adjudicate."""
Result = Prediction | Attribution
Given = dict[str, Result]


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept case before one person.

    `who` is the person in the role they take here: somebody who could read and adjudicate is a
    reader until they say otherwise. `reads` are those that they may see, in order.
    """

    archive: Archive
    who: Person
    stored: Stored
    listed: Worklist
    may_see: bool
    may_adjudicate: bool
    reads: tuple[Read, ...]

    @property
    def is_adjudicator(self) -> bool:
        """Whether the person weighs the reads of others here."""
        return self.may_adjudicate and "adjudicator" in self.who.roles

    @property
    def own(self) -> tuple[Read, ...]:
        """The person's own reads, in order."""
        return tuple(row for row in self.reads if row.reader == self.who.name)


def kept_of(in_hand: Reading) -> Kept | None:
    """The case in hand as the archive keeps it; None where it is not kept.

    Raises:
        ArchiveError: if the archive cannot be reached.
    """
    if in_hand.number is None:
        return None
    archive, number, someone = resources.archive(), in_hand.number, person()
    as_reader = replace(someone, roles=tuple(r for r in someone.roles if r != "adjudicator"))
    with archive.transaction() as connection:
        may_adjudicate = access.may_adjudicate(someone, rows_of(connection, number))
        is_chosen = "reader" not in someone.roles or st.session_state.get(ADJUDICATING) == number
        who = someone if may_adjudicate and is_chosen else as_reader
        may_see = access.may_see(connection, who, number)
    stored = archive.case(number)
    listed = worklist.find(archive, stored.worklist)
    reads = reading.reads_of(archive, who, number)
    return Kept(archive, who, stored, listed, may_see, may_adjudicate, reads)


def same_films(in_hand: Reading) -> frozenset[str] | None:
    """Canonical pixels that the gate compares the film with; None where it is on no list.

    Raises:
        ArchiveError: if the archive cannot be reached.
    """
    if in_hand.number is None:
        return None
    archive = resources.archive()
    stored = archive.case(in_hand.number)
    return worklist.same_films(archive, stored.worklist, in_hand.case.film, but=stored.digest)


def adjudicate(number: int) -> None:
    """Weigh the reads of this case, in place of reading it."""
    st.session_state[ADJUDICATING] = number


def show(kept: Kept, work: Work, shown: Shown) -> None:
    """Keep what was computed of this entry; what is shown of it is what the archive gives.

    Raises:
        AccessError: if the result may not be shown to the person.
    """
    made = results_of(work, shown)
    given = _given(kept, work)
    if fresh := set(made) - set(given):
        reading.require_open(kept.archive, kept.who, kept.stored.number)
        for method in sorted(fresh):
            kept.archive.keep(kept.who, kept.stored.number, method, made[method])
        given |= _revealed(kept, work)
    for method in made:
        _put(shown, method, given[method])


def results_of(work: Work, shown: Shown) -> Given:
    """By the key of its method, every result that was made of the very entry in hand."""
    found: Given = dict(work.results(shown))
    if shown.prediction:
        found[PREDICTION] = shown.prediction
    return {name: result for name, result in found.items() if not work.is_earlier(result)}


def _given(kept: Kept, work: Work) -> Given:
    """What the archive gave in this session to this person of this entry."""
    key = (kept.who.name, kept.stored.number, work.case.digest, work.target, _model(work))
    given: Given
    known, given = st.session_state.get(state.GIVEN, (None, {}))
    if known != key:
        given = {}
        st.session_state[state.GIVEN] = (key, given)
    return given


def _revealed(kept: Kept, work: Work) -> Given:
    name, number = work.target.name, kept.stored.number
    rows = reading.revealed(kept.archive, kept.who, number, target=name)
    wanted = (_model(work), work.case.digest)
    return {
        method: result
        for method, result in rows
        if (result.provenance.model_id, result.provenance.case_digest) == wanted
    }


def _model(work: Work) -> str:
    return work.engine.model.checkpoint.model_id


def _put(shown: Shown, method: str, result: Result) -> None:
    if isinstance(result, Prediction):
        shown.prediction = result
    else:
        shown.attributions[method] = result
