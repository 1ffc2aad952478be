"""Which addresses lie inside the server's network."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.providers.profiles.addresses import is_inside, leads_inside, matches


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.8", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
        *("169.254.169.254", "[::1]", "::", "[fe80::1%25eth0]", "fd00::1", "[::ffff:10.0.0.1]"),
        *("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fd00:ec2::254", "224.0.0.1"),
        *("localhost", "LOCALHOST.", "jupyter", "nas.local", "metadata.google.internal", "router.home.arpa"),
    ],
)
def test_what_lies_inside(host: str) -> None:
    assert is_inside(host)


@pytest.mark.parametrize("host", ["api.openai.com", "8.8.8.8", "[2606:4700::1111]", "localhost.example"])
def test_what_lies_outside(host: str) -> None:
    assert not is_inside(host)


async def test_a_name_is_looked_up_and_one_that_is_unknown_is_no_address_inside() -> None:
    assert await leads_inside("http://localhost:1/v1")
    assert not await leads_inside("http://8.8.8.8/v1")
    assert not await leads_inside("http://no-such-host.invalid/v1")


def test_a_star_stands_for_one_label() -> None:
    pattern = "https://*.openai.azure.com"
    assert matches("https://x-1.openai.azure.com", pattern)
    for other in ("https://openai.azure.com", "https://a.b.openai.azure.com", "http://x.openai.azure.com"):
        assert not matches(other, pattern)
    assert not matches("https://x.openai.azure.com:8443", pattern)
    assert not matches("https://xopenaiXazureXcom", "https://*.openai.azure.com")
