"""What a case's own evidence proves: one kind of crime a file. Nothing is shared with what raises
suspicions.
"""
