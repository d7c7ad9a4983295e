"""The product's tests, one folder a suite; `tests/fakes` holds what stands in for the outside world."""
