"""What is written of the news outside the tick."""
