"""Make the folder that ``make lab`` opens: a short notebook with a table, a plot and an error.

``demo/`` is git-ignored. A notebook that is there already stays as it is; ``demo/.settings`` are JupyterLab's
overrides, by which the panel is open at the start.
"""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FOLDER = Path(__file__).parents[1] / "demo"
NOTEBOOK = "Welcome.ipynb"
_OVERRIDES = {"jupyter-stream-chat:plugin": {"openAtStart": True}}

_CELLS = (
    new_markdown_cell(
        "# A notebook to ask about\n\n"
        "The panel on the right answers. Type `@` there to attach a cell, the table or the error "
        "below, or put the cursor into a new cell and run `%chat fix`."
    ),
    new_code_cell("%load_ext jupyter_stream_chat"),
    new_code_cell(
        "import pandas as pd\n\n"
        "temperatures = pd.DataFrame(\n"
        "    {\n"
        '        "month": ["Jan", "Mar", "May", "Jul", "Sep", "Nov"],\n'
        '        "Oslo": [-4.3, 0.1, 11.4, 17.6, 11.9, 0.9],\n'
        '        "Rome": [7.6, 11.3, 18.5, 25.6, 21.3, 12.4],\n'
        "    }\n"
        ")\n"
        "temperatures"
    ),
    new_code_cell('temperatures.plot(x="month", ylabel="°C", title="Mean temperature");'),
    new_code_cell('temperatures["Paris"].mean()'),
)


def main() -> None:
    """Write what is missing."""
    settings = FOLDER / ".settings"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(_OVERRIDES))
    path = FOLDER / NOTEBOOK
    if not path.exists():
        notebook = new_notebook(cells=list(_CELLS))
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": str(FOLDER)}}).execute()
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
