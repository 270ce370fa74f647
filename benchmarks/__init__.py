"""Commands that print tables: speed as ratios, and the main job on real films."""
