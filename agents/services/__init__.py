"""The agents' writes: registering, keys, taking inputs, and the record of what a tick made of
them.
"""
