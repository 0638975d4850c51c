"""Surveillance measured: crimes and their look-alikes are played into a market of house agents, and
what the SEC makes of them is counted.
"""
