"""The journal: what happened, and the file it is kept in."""

from journal.chance import stream, stream_key
from journal.errors import Refusal, nearest
from journal.facts import CHUNK, COLUMNS, INTERACTIONS, MICROSECONDS, SCORED, Facts, Kind, facts, join, pick
from journal.runfile import Cursor, Metric, RunFile
from journal.shelf import Reject, Source

__all__ = [
    "CHUNK",
    "COLUMNS",
    "INTERACTIONS",
    "MICROSECONDS",
    "SCORED",
    "Cursor",
    "Facts",
    "Kind",
    "Metric",
    "Refusal",
    "Reject",
    "RunFile",
    "Source",
    "facts",
    "join",
    "nearest",
    "pick",
    "stream",
    "stream_key",
]
