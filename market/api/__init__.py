"""The market over HTTP, and what every API of ours shares: strict fields, lists, refusals."""
