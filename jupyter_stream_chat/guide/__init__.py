"""The built-in guide: a tiny chat model that answers questions about this product.

Owns the model's weights, the topics they were trained on and the script that trains them. Running the model
is the engine's business: it is loaded and streamed like any other folder of weights.
"""

from pathlib import Path


def path() -> Path:
    """Return the folder with the guide's weights, tokenizer and configuration."""
    return Path(__file__).parent / "model"
