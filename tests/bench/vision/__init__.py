"""What looking at a picture costs: each step beside the bare model call, memory, workers, the first result."""
