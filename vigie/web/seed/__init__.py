"""The demonstration territory: invented, believable, the same at each run, and as large as one asks (PLA-3).

`territory` says who and where, `situations` what goes wrong, `timeline` how each case went, `pictures` what was attached,
`loading` how all of it enters the database at once. Nobody in it exists; no text tells anything about a patient.
"""
