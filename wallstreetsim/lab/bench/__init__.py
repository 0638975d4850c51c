"""The figures: what each part of the exchange costs, each beside a baseline from the same run.

`make bench` measures all of them, `make bench ONLY=match_one` one. Every figure is taken on servers
of its own, in a directory that is thrown away; nothing here is asserted in a test, for machines are
shared and noisy.
"""
