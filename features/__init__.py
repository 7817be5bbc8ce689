"""The registry: what features are defined, in which versions, and who may use them."""
