"""What looks for crimes: one detector a file, each shown what every tick added."""
