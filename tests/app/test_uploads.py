"""What waits for the browser when a run begins: an upload's answer stays, what was drawn goes."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.parts import uploads


def waiting() -> ForwardMsgQueue:
    """An element that was drawn, and where a file may go."""
    queue = ForwardMsgQueue()
    drawn, answer = ForwardMsg(), ForwardMsg()
    drawn.delta.new_element.text.body = "drawn"
    drawn.metadata.delta_path.extend((0, 0))
    answer.file_urls_response.response_id = "asked"
    queue.enqueue(drawn)
    queue.enqueue(answer)
    return queue


def kinds(queue: ForwardMsgQueue) -> list[str | None]:
    return [each.WhichOneof("type") for each in queue.flush()]


def test_streamlit_itself_drops_the_answer() -> None:
    """Once this fails, `pages/parts/uploads.py` has done its work and can go."""
    queue = waiting()
    uploads._clear(queue, True)
    assert kinds(queue) == []


@pytest.mark.parametrize("fragments", [None, ["a part of the page"]])
def test_a_run_that_begins_leaves_the_answer_once(
    monkeypatch: pytest.MonkeyPatch, fragments: list[str] | None
) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)
    uploads.keep_answers()
    uploads.keep_answers()
    queue = waiting()
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    assert kinds(queue).count(uploads.ANSWER) == 1


def test_a_session_that_ends_leaves_nothing() -> None:
    queue = waiting()
    uploads.clear_but_answers(queue)
    assert kinds(queue) == []
