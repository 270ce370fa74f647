"""Reports: content first, then formats."""
