"""Profiles: what they hold, where they come from, their keys, and which provider serves them."""
