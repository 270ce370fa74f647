"""The app: navigation over pages, the look, the banner, and the one net under all of them."""

import logging
import traceback

import streamlit as st

from pages.parts import panels, resources, state
from xattn.errors import XattnError

logger = logging.getLogger("xattn.app")

# A path is never its script's own name: Streamlit finds scripts in `pages/` by name, and would run
# that script alone, without this file, for whoever comes first after a start.
PAGES = (
    ("pages/review.py", "Review", "case"),
    ("pages/models.py", "Models", "model-card"),
    ("pages/about.py", "About", "guide"),
)


def log_fault(fault: Exception) -> None:
    """Log where a fault happened, never its message or values: those may be a patient's."""
    places = [f"{step.name}:{step.lineno}" for step in traceback.extract_tb(fault.__traceback__)]
    logger.error("A page failed: %s at %s", type(fault).__name__, " > ".join(places[-6:]))


def main() -> None:
    """Run the chosen page."""
    st.set_page_config("xattn", str(resources.ASSETS / "logo.svg"), layout="wide")
    st.html(resources.ASSETS / "theme.css")
    st.logo(str(resources.ASSETS / "logo.svg"))
    pages = [
        st.Page(path, title=title, url_path=name, default=name == "case")
        for path, title, name in PAGES
    ]
    page = st.navigation(pages, position="top")
    try:
        engine = resources.engine(state.system(resources.first_system()))
        st.html(panels.banner(engine.model))
        page.run()
    except XattnError as error:
        st.error(str(error))
    except Exception as fault:  # noqa: BLE001  # the one net: a page never shows a traceback
        log_fault(fault)
        st.error("This page failed through a fault of the program. It was logged; reload the page.")


main()
