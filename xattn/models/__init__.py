"""The models: encoders, attention and fusion, and the checkpoints that hold them."""
