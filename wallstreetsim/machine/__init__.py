"""The world as one deterministic machine, composed of the apps' engines. Pure, and compiled."""
