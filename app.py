"""The app: navigation over pages, the look, the banner, and the one net under all of them."""

import logging

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from pages.parts import panels, resources, sign_in, state, uploads
from pages.parts.person import draw_person
from xattn.errors import XattnError
from xattn.runtime.faults import log_fault

logger = logging.getLogger("xattn.app")

# A path is never its script's own name: Streamlit finds scripts in `pages/` by name, and would run
# that script alone, without this file, for whoever comes first after a start.
PAGES = (
    ("pages/review.py", "Review", "case"),
    ("pages/worklist.py", "Worklist", "cases"),
    ("pages/cohort.py", "Cohort", "figures"),
    ("pages/models.py", "Models", "model-card"),
    ("pages/about.py", "About", "guide"),
)


def main() -> None:
    """Run the chosen page."""
    uploads.keep_answers()
    st.set_page_config("xattn", str(resources.ASSETS / "logo.svg"), layout="wide")
    st.html(resources.ASSETS / "theme.css")
    st.logo(str(resources.ASSETS / "logo.svg"))
    pages = [
        st.Page(path, title=title, url_path=name, default=name == "case")
        for path, title, name in PAGES
    ]
    visit = sign_in.visit()
    page = st.navigation(pages, position="top" if visit.is_in else "hidden")
    if not visit.is_in:
        sign_in.draw(visit)
        return
    try:
        draw_person()
        sign_in.watch()
        engine = resources.engine(state.system(resources.first_system()))
        st.html(panels.banner(engine.model))
        page.run()
    except XattnError as error:
        st.error(str(error))
    except SQLAlchemyError as fault:
        log_fault(logger, "The archive", fault)
        st.error(resources.UNREACHABLE)
    except Exception as fault:  # noqa: BLE001  # the one net: a page never shows a traceback
        log_fault(logger, "A page", fault)
        st.error("This page failed through a fault of the program. It was logged; reload the page.")


main()
