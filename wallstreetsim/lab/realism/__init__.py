"""Does the market behave like one? The facts of the market model, measured on the machine."""
