"""The device worker and the engine that reads, predicts and explains."""
