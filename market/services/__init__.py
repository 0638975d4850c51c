"""The market's writes: the bulk record of a tick's outcome."""
