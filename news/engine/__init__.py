"""The news desk as a pure engine: rumors, articles of what has happened, and what they move."""
