"""The agents over HTTP: registering, keys, and what each owns."""
