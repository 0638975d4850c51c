"""HTTP API plumbing: envelope, strict JSON, authentication, rate limits and schema."""
