"""Paths of the API, one module per noun. They check what comes in and call one read or write each."""
