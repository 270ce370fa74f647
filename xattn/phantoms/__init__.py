"""Synthetic radiographs whose causes, and so whose exact answers, are known."""

MAKER = "xattn synthetic"
"""The manufacturer in the files of phantoms; by it a film is known to be one."""
