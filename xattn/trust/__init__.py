"""Whether a prediction and its explanations deserve belief, as computed answers."""
