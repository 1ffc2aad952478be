"""The pinned versions: they can be installed on the oldest Python that is promised."""

from importlib.metadata import distributions

from packaging.specifiers import SpecifierSet

DEBIAN_12 = "3.11.2"


def test_every_pinned_package_installs_on_the_python_of_debian_12() -> None:
    """A newer Python than Debian's takes versions that Debian's refuses, and nobody notices."""
    refused = [
        f"{each.metadata['Name']} {each.version} needs Python {wanted}"
        for each in distributions()
        if (wanted := each.metadata.get("Requires-Python")) and DEBIAN_12 not in SpecifierSet(wanted)
    ]
    assert refused == []
