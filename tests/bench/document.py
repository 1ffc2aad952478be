"""A long Markdown answer whose tokens are numbered, so that a page can be asked what it shows."""

from __future__ import annotations

import re
from itertools import chain, repeat

SECTION = """\
## A heading w@ w@

w@ w@ w@, w@ *w@ w@ w@* w@ w@ **w@ w@** w@ w@ w@ `code_w@` w@ w@. w@ [w@ w@](https://example.org) w@ w@ w@ w@
w@ w@ w@ w@ w@ w@, w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@. w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@.

w@ w@ w@ w@ w@ w@ w@ w@: w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@ w@, w@ w@ w@ w@ w@ w@ w@ w@ w@.

- w@ w@ w@ w@ w@
- w@ w@ *w@ w@* w@
  - w@ w@ w@ w@
- w@ w@ w@

| w@ | w@ |
|---|---|
| w@ | `w@` |
| w@ | w@ |

```python
def w@(w@: int, w@: str = "w@") -> int:
    # w@ w@ w@ w@
    if w@ > w@:
        return w@ + w@ * w@
    return w@
```

> w@ w@ w@ w@ w@, w@ w@ w@ w@ w@ w@ w@.

1. w@ w@ w@ w@ w@
2. w@ w@ w@ w@ w@

"""
"""One section of the answer; each ``@`` becomes a token's number."""

_TOKEN = re.compile(r"[^@]*@")


def tokens(total: int, word: str = "w") -> list[str]:
    """Return ``total`` tokens of Markdown, mostly of 5 to 10 characters; token i holds ``word`` and i."""
    section = SECTION.replace("w@", f"{word}@")
    patterns = _TOKEN.findall(section)
    lead = section.rpartition("@")[2]
    following = [lead + patterns[0], *patterns[1:]]
    endless = chain(patterns, chain.from_iterable(repeat(following)))
    return [pattern.replace("@", str(number)) for number, pattern in zip(range(total), endless, strict=False)]
