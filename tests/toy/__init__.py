"""A toy app: an engine that counts greetings, with everything an app may bring."""
