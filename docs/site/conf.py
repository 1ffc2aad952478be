"""The documentation as a site: ``make docs`` builds it from the Markdown files in ``docs`` with Sphinx."""

project = "jupyter-stream-chat"
author = "jupyter-stream-chat contributors"
copyright = "jupyter-stream-chat contributors"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["site", "example-provider/*.py"]
myst_heading_anchors = 3
# Links to files of the repository are no pages of the site, and a magic is no Python.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]

html_theme = "furo"
html_title = "jupyter-stream-chat"
html_show_sphinx = False
html_copy_source = False
