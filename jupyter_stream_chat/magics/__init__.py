"""``%chat``: the panel's models, chats and Stop in a notebook or terminal.

Runs in the kernel, so it is light and imports nothing of the server: what it needs it asks for by HTTP.
"""
