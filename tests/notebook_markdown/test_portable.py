r"""What is saved of an answer: the same in every reader of notebooks."""

import pytest

from jupyter_stream_chat.notebook_markdown.portable import portable
from jupyter_stream_chat.notebook_markdown.signs import show_controls


def test_an_answer_that_has_not_begun_is_empty() -> None:
    assert portable("") == ""


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
        (r"open \( and \(a\)", r"open \( and $a$"),
        ("Hence $(x_n)$ and $dy/dx$, $1,000$", "Hence $(x_n)$ and $dy/dx$, $1,000$"),
        ("- $20 = 2 x $10\n- 5$ each", "- \\$20 = 2 x \\$10\n- 5\\$ each"),
        ("$HOME; export PATH=$PATH", r"\$HOME; export PATH=\$PATH"),
        ("$$\na = b\n\nc = d\n$$\n", "$$a = b c = d$$\n"),
        ("see https://a.test/~me?a=$b", "see https://a.test/~me?a=$b"),
        ("so \\begin{align*}\na &= b\n\\end{align*}", "so $$\\begin{align*} a &= b \\end{align*}$$"),
    ],
)
def test_formulas_in_dollar_signs_and_no_other_dollar_sign_bare(text: str, saved: str) -> None:
    assert portable(text) == saved


def test_saved_again_it_stays() -> None:
    text = portable("\\(x\\) for $5:\n\n\\[ y^2 \\]")
    assert portable(text) == text


DEEP = r"\frac{1}{" * 120 + "x" + "}" * 120
IMMODEST = {
    "fractions": DEEP,
    "roots": r"\sqrt{" * 30 + "x" + "}" * 30,
    "brackets": r"\left(" * 30 + "x" + r"\right)" * 30,
    "groups": "x_{" * 30 + "i" + "}" * 30,
    "matrices": r"\begin{pmatrix}" * 20 + "x" + r"\end{pmatrix}" * 20,
    "a macro": r"\def\a{\a\a}\a",
    "an operator": r"\DeclareMathOperator{\sin}{cos}\sin x",
    "a subscript": "x_{" + "i" * 6000 + "}",
    "columns": r"\begin{array}{*{99}{*{99}{*{99}{c}}}}x\end{array}",
    "cells": r"\begin{matrix}" + "&" * 60 + r"\\" * 60 + r"\end{matrix}",
    "sizes": r"\tiny" * 40 + " x_1",
}


@pytest.mark.parametrize("tex", IMMODEST.values(), ids=IMMODEST)
@pytest.mark.parametrize(
    "around",
    [r"$%s$", r"\(%s\)", r"\[ %s \]", "$$%s$$", "$$\n%s\n$$", r"\begin{equation}%s\end{equation}"],
)
def test_a_formula_that_would_crash_a_page_is_saved_as_code(tex: str, around: str) -> None:
    text = f"Before\n\n{around % tex}\n\nand $x_1$"
    saved = portable(text)
    before, code, after = saved.split("\n\n")
    assert (before, after) == ("Before", "and $x_1$")
    assert (code[0], code[-1], code.count("`")) == ("`", "`", 2)
    assert "".join(tex.split()) in "".join(code.split())
    assert portable(saved) == saved


def test_control_characters_are_signs() -> None:
    assert show_controls("a\x1b[31mb\x07\x9b\u202ec\r\nd\te") == "a␛[31mb␇␦␦c\nd\te"


@pytest.mark.parametrize(
    ("text", "saved"),
    [
        ("##标题\n\n#标签", "## 标题\n\n\\#标签"),
        ("3~5天，10~20元 ~~old~~", r"3\~5天，10\~20元 ~~old~~"),
        ("List<String> and <your-name>", r"List\<String> and \<your-name>"),
        ("press <kbd>A</kbd> or <b>, a<b and c>d", r"press <kbd>A</kbd> or \<b>, a\<b and c>d"),
        (
            "<details>\n<summary>S</summary>\n\nx\n\n</details>",
            "<details>\n<summary>S</summary>\n\nx\n\n</details>",
        ),
        ("含**「重点」**内容和**词**", "含<strong>「重点」</strong>内容和**词**"),
        ("**注意：**请", "<strong>注意：</strong>请"),
        ("**Bold:** text, **bold**.", "**Bold:** text, **bold**."),
        ("Roses\nViolets\n\nEnd", "Roses  \nViolets\n\nEnd"),
        ("- a\n  b\n- c", "- a  \n  b\n- c"),
        ("Text\n- a\n\n| A |\n|---|\n| 1 |", "Text\n- a\n\n| A |\n|---|\n| 1 |"),
        ("Title\n===\nA\n---", "Title\n===\nA\n---"),
        ("`a~b` and `<b>`", "`a~b` and `<b>`"),
        (
            "```markdown\n# A\n```sh\nls\n```\nend\n```\nafter",
            "````markdown\n# A\n```sh\nls\n```\nend\n````\nafter",
        ),
        ("```text\n```\n$5", "```text\n```\n\\$5"),
        ("所以**\\(x\\)**是，运行**`ls`**命令", "所以<strong>$x$</strong>是，运行<strong>`ls`</strong>命令"),
        ("这是*（附注）*和***重要！***的", "这是<em>（附注）</em>和<strong><em>重要！</em></strong>的"),
        ("**甲****乙**，", "<strong>甲</strong>**乙**，"),
        ("2*3*4, a*b*c, x**2 + y**2", r"2\*3\*4, a\*b\*c, x\*\*2 + y\*\*2"),
        ("a[^1] b[^1^]\n\n[^1]: text", "a<sup>\\[1\\]</sup> b<sup>\\[1\\]</sup>\n\n<sup>\\[1\\]</sup> text"),
        (
            "__init__.py, f(*args, **kwargs), *.py, ^_^",
            r"\_\_init\_\_.py, f(\*args, \*\*kwargs), \*.py, ^\_^",
        ),
        ("#tag and\n#1 more", "\\#tag and  \n\\#1 more"),
        ("> [!NOTE]\n> Text", "> **Note**  \n> Text"),
        ("官网https://a.test/b，见https://c.test。", "官网<https://a.test/b>，见<https://c.test>。"),
        ("[a](https://a.test/b)，**https://a.test**", "[a](https://a.test/b)，**<https://a.test>**"),
        ('<a href="https://a.test">x</a>', '<a href="https://a.test">x</a>'),
        ("Map<String, List<T>> and <me@a.test>", r"Map\<String, List\<T>> and <me@a.test>"),
        ('put <div class="x"> around it', r'put \<div class="x"> around it'),
        (
            "| a | b |\n|---|---|\n| `x|y` | $|z|$ |",
            "| a | b |\n|---|---|\n| <code>x&#124;y</code> | $\\vert{}z\\vert{}$ |",
        ),
        ("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |", "| a | b |\n|---|---|\n| 1 | |\n| 1 | 2 |"),
        ("a | b\n--|--\n1 | 2", "a | b\n--|--\n1 | 2"),
    ],
)
def test_what_models_mean_in_words_that_all_readers_have(text: str, saved: str) -> None:
    assert portable(text) == saved
    assert portable(saved) == saved


@pytest.mark.parametrize(
    "unit",
    [
        "~",
        "<a",
        "**「",
        "<b>",
        "$",
        "`",
        "\\(",
        "a\n",
        "```md\n",
        "\n\n$$\n",
        "https://",
        "https://a，",
        "\\begin{align}",
        "*（",
        "|a",
        "`|",
    ],
)
def test_takes_time_in_proportion_to_the_text(unit: str) -> None:
    portable("x" + unit * 20_000)
