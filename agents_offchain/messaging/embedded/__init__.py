"""The message server that comes with the product: Valkey from a wheel, under our own supervisor.

A folder and a socket path enter, a command line and a readiness check leave. Any Redis or Valkey by URL
replaces it. It never listens on the network.
"""
