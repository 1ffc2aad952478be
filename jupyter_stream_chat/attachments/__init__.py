"""What a question carries beside its text: contents by their hash, and how a model reads them."""
