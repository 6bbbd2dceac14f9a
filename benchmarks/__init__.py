"""What the server costs, as ratios to a bare peer measured in the same run."""
