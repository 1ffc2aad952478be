"""Markdown for notebooks: what models write, as every reader of notebooks shows it. Pure."""
