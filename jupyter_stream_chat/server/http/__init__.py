"""The REST routes and the event streams: authentication, status codes, headers."""
