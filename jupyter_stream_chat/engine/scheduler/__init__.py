"""All generations of a model, stepped together.

``queue`` holds the requests, ``scheduler`` decides what each call of the model reads, ``calls`` and
``packing`` call it, ``kv_cache`` and ``prefix_cache`` own its keys and values within a budget of bytes.
"""
