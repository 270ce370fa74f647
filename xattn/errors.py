"""The exceptions that xattn raises on purpose; each message is one sentence for a person.

A message says what was expected, what came, and what to do. It never holds patient data
and never a path, so that it may be shown on a page and written to a log.
"""


class XattnError(Exception):
    """Base of every refusal: whatever else escapes is a bug."""


class IntakeError(XattnError):
    """A file is not a radiograph that can be read."""


class SchemaError(XattnError):
    """A form holds an unknown field, an impossible value, or a value where none applies."""


class CheckpointError(XattnError):
    """A checkpoint folder is incomplete, damaged, or made for another system."""


class ExplainError(XattnError):
    """An explanation cannot be computed for this model, case and target."""


class ReportError(XattnError):
    """A report cannot be composed or rendered."""


class CancelledError(XattnError):
    """The work was cancelled before it finished; results that came earlier stay valid."""


class ArchiveError(XattnError):
    """Something stored is missing or damaged, or cannot be stored."""


class AccessError(XattnError):
    """The person may not do or see this."""
