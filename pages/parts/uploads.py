"""No upload is lost, and none is kept: repairs of Streamlit 1.67.

Before a browser sends a file it asks where to, and the answer waits in the session's queue for a
moment. Every run of a page that begins in it empties the queue but for a few kinds of message, and
the answer is none of them: the upload then waits for ever, and the page says nothing. The app draws
its pages anew whenever a result is there, so that the moment comes often with several people.

A file that was uploaded stays in memory until its session ends, whatever becomes of its widget: a
day's films, one after another.
"""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import get_script_run_ctx

ANSWER = "file_urls_response"
_clear = ForwardMsgQueue.clear


def keep_answers() -> None:
    """Let a session's queue keep such answers when a run of a page empties it."""
    ForwardMsgQueue.clear = clear_but_answers  # type: ignore[method-assign]


def forget() -> None:
    """Let go of all that this session has uploaded."""
    if context := get_script_run_ctx():
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def clear_but_answers(
    queue: ForwardMsgQueue,
    retain_lifecycle_msgs: bool = False,  # noqa: FBT001, FBT002  # as Streamlit has it
    fragment_ids_this_run: list[str] | None = None,
) -> None:
    """Streamlit's own `clear`, after which answers to uploads are still there."""
    answers: list[ForwardMsg] = []
    if retain_lifecycle_msgs:
        answers = [each for each in queue._queue if each.WhichOneof("type") == ANSWER]  # noqa: SLF001
    _clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
    kept = {id(each) for each in queue._queue}  # noqa: SLF001
    for answer in answers:
        if id(answer) not in kept:
            queue.enqueue(answer)
