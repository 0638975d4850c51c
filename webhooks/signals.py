"""What this app announces to those above it."""

from django.dispatch import Signal

delivery_wanted = Signal()  # something is due to an endpoint, and not because of a tick
