"""The live feed at /ws: a window on the tape. It decides nothing and tells nothing else."""
