"""Models on this machine: the client of the engine process and the built-in guide."""
