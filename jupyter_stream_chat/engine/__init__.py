"""Local inference as a program of its own: ``python -m jupyter_stream_chat.engine``, JSON lines over a pipe.

Imports nothing of ours outside this package. ``messages`` is the wire and light; every other module but
``scheduler.queue`` needs torch or transformers and is imported in the engine process alone.
"""
