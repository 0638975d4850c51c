"""The ASGI server under the API and the feed: all that tames Daphne, Autobahn and Twisted."""
