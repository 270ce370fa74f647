"""What the pages share: the engine, the session's state, the form, the panels, the viewer."""
