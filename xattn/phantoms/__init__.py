"""Synthetic radiographs whose causes, and so whose exact answers, are known."""
