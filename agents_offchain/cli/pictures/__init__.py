"""`aitbc pictures`: a folder of one's own pictures, searched by words and for copies, on this machine alone."""
