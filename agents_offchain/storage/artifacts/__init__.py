"""Files addressed by their content: requests, results, pictures, reports (IPFS).

In: bytes. Out: a CID, and later exactly those bytes again or an error; every read is checked against the CID, whoever
served it. It never interprets what it stores and never deletes an acknowledged block.
"""
