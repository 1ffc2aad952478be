"""What a provider's error means, and what to do about it."""
