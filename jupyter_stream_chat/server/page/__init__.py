"""One connected page: its WebSocket, its commands, and the frames that it is sent."""
