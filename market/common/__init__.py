"""What all apps share: bulk SQL, database health, and the parts of an API."""
