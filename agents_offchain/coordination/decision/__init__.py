"""What many agents decide together, in two ways.

A *vote* asks who wants what. Read `ballot` and `electorate` (who says what, with which weight), `delegation` (who
speaks for whom), `rules` (what the voices amount to), `ties` (what happens when that is nothing), `poll` (all of it
in one call). A vote is counted by whoever holds the ballots, and everybody who counts the same gets the same.

An *agreement* makes sure that all hold the same, although up to a third of the members lie and the network loses,
delays and repeats: read `agreement`.

`history` keeps both. Signed data enters, outcomes, certificates and evidence leave. Everything but `agreement/driver`,
`agreement/sql_journal` and `history` is pure.
"""
