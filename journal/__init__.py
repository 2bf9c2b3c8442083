"""The journal: what happened, and the file it is kept in."""

from journal.chance import stream, stream_key
from journal.cleaning import Columns
from journal.errors import Refusal, nearest
from journal.export import export
from journal.facts import CHUNK, COLUMNS, INTERACTIONS, MICROSECONDS, SCORED, Facts, Kind, facts, join, pick
from journal.logs import Log, read_log
from journal.runfile import Cursor, Metric, RunFile
from journal.shelf import Reject, Source

__all__ = [
    "CHUNK",
    "COLUMNS",
    "INTERACTIONS",
    "MICROSECONDS",
    "SCORED",
    "Columns",
    "Cursor",
    "Facts",
    "Kind",
    "Log",
    "Metric",
    "Refusal",
    "Reject",
    "RunFile",
    "Source",
    "export",
    "facts",
    "join",
    "nearest",
    "pick",
    "read_log",
    "stream",
    "stream_key",
]
