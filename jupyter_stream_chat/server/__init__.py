"""Jupyter's side: the extension, the WebSocket, REST, event streams and metrics. Tornado is here and nowhere else."""
