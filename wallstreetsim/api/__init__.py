"""What makes HTTP ours: the envelope, the strict reader, who asks, how often, and the schema."""
