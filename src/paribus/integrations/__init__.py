"""Adapters: models that users bring, to functions that the engine trains.

Each framework is imported in its own file, when a user's code has already loaded it.
"""
