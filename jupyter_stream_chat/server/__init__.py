"""Jupyter's side: extension, WebSocket, REST, event streams, metrics. Tornado is here and nowhere else."""
