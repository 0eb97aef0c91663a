"""The equations: one a file, each with the same verbs.

`simulate` makes the fields of a rate, `residual` is what the equation leaves of fields and a rate,
and `recover` is the rate that leaves nothing. The last two take every field as a mapping from the
name of a derivative (see `chromamol.mollifiers.names`; the class's `derivatives` lists the names
that are needed) to its values, from whatever engine made them. They only add, multiply and divide
these values, so that NumPy arrays and Torch tensors, with their gradients, do alike.

Every equation is linear in its rate, weight x rate = balance, where neither weight nor balance
holds the rate: the residual is balance - weight x rate, and `recover` is balance / weight.
"""
