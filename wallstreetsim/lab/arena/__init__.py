"""The arena: bots against each other and the house, offline, as fast as the machine goes."""
