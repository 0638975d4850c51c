"""The research desk: what the public tape says, read as alerts, signals, analysts and a narrative.

A pure fold over the entries of the stream `public`, beside the machine: it moves no price.
"""
