"""Going to a kept case, from wherever it is named."""

from pages.parts import ahead, resources, state
from xattn.archive import worklist
from xattn.archive.worklist import Query


def open_number(number: int) -> None:
    """Open a kept case with its film, form and target; another system reads if it must.

    Raises:
        XattnError: if there is no such case, or its film or its model cannot be read.
    """
    archive = resources.archive()
    stored = archive.case(number)
    listed = worklist.find(archive, stored.worklist)
    engine = resources.engine(listed.system)
    found = ahead.take(engine, stored) or ahead.opened(engine, archive, stored)
    state.choose_system(listed.system)
    state.choose_target(listed.target or engine.model.target.name)
    state.open_case(found.case, title=stored.title, texture=found.texture, number=number)
    query = state.query()
    if query is None or query.worklist != listed.number:
        state.choose_query(Query(worklist=listed.number))
