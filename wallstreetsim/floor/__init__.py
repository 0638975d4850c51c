"""The shell around the machine: it takes the inbox, advances, commits and publishes."""
