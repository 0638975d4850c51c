"""The law's part of the API."""
