"""Sensor streams to one track: read and check (`streams`), align in time, gate outliers, filter and smooth (`kalman`,
`fuse`), and say how each sensor did (`health`). Estimates whose errors may be correlated meet by `intersection`.

Positions in metres, times in seconds, variances in square metres, one to three axes that all sensors share.
"""
