"""The journal: what happened, and the file it is kept in."""
