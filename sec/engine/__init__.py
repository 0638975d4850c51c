"""The law: what is punished, how a case goes, and what it costs."""
