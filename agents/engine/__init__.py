"""The rules for agents: who they are, what they start with, what they may do."""
