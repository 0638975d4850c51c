"""The rules of the market: values in, values out.

Nothing here knows Django, a database or a clock.
"""
