"""The ASGI server under the API: Daphne and Twisted."""
