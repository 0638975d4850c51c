"""The project: the machine put together, its shell, the site and the feed."""

from wallstreetsim.stack import compiled as compiled  # first: imports of the engines go by it
