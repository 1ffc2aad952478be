"""The chat as data: messages and their tree, the SQLite store, the spool, the feeds that pages follow.

Knows neither models nor sockets. ``chat_service`` is the way in.
"""
