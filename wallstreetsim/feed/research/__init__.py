"""The sockets of the research desk: what it says in the form of its terminal, flat and one item a
message, beside the contract's frames at /ws.
"""
