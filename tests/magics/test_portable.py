r"""What is saved of an answer: the same in every reader of notebooks."""

import pytest

from jupyter_stream_chat.magics.portable import portable
from jupyter_stream_chat.magics.signs import show_controls


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        (r"so \(x_1 = 2\) and \( y \)", "so $x_1 = 2$ and $y$"),
        ("zero:\n   \\[\n   2ax\n   \\]", "zero:\n   $$2ax$$"),
        ("> \\[\n> e^x\n> + 1\n> \\]", "> $$e^x + 1$$"),
        ("$a$ and $$b^2$$", "$a$ and $$b^2$$"),
        ("from $5 to $10", r"from \$5 to \$10"),
        ("$PATH and $HOME, $(CC)$(LD)", r"\$PATH and \$HOME, \$(CC)\$(LD)"),
        (r"\$5 and \\[4pt]", r"\$5 and \\[4pt]"),
        (r"`$a$ \(b\)` and ``\[c\]``", r"`$a$ \(b\)` and ``\[c\]``"),
        ("```sh\necho $a \\(b\\)\n```\n$5", "```sh\necho $a \\(b\\)\n```\n\\$5"),
        ("- a\n  ```\n  $a\n  ```\n- $5", "- a\n  ```\n  $a\n  ```\n- \\$5"),
        (r"a [link\] and \[1\], \[a-z\]+, \(\d+\)", r"a [link\] and \[1\], \[a-z\]+, \(\d+\)"),
        ("价格是$5和$10，\\(x\\)是", "价格是\\$5和\\$10，$x$是"),
        ("open \\(x\n\nclosed \\)", "open \\(x\n\nclosed \\)"),
    ],
)
def test_formulas_in_dollar_signs_and_no_other_dollar_sign_bare(text: str, saved: str) -> None:
    assert portable(text) == saved


def test_saved_again_it_stays() -> None:
    text = portable("\\(x\\) for $5:\n\n\\[ y^2 \\]")
    assert portable(text) == text


def test_control_characters_are_signs() -> None:
    assert show_controls("a\x1b[31mb\x07\x9b\u202ec\r\nd\te") == "a␛[31mb␇␦␦c\nd\te"
