"""One generation from question to answer: runs, their supervision, and the callback chain."""
