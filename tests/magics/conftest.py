"""One Jupyter server with a scripted provider for all tests of ``%chat``, and kernels that it starts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .kernel import Kernel
from .servers import Jupyter, jupyter, scripted_provider


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """Return the address of a provider that does as the question says."""
    with scripted_provider() as url:
        yield url


@pytest.fixture(scope="session")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Return a server whose default profile the provider serves."""
    with jupyter(tmp_path_factory.mktemp("home"), provider) as running:
        yield running


@pytest.fixture(scope="session")
def shared_kernel(server: Jupyter) -> Iterator[Kernel]:
    """Return a kernel with the magic loaded. It takes seconds to start, so the tests share it."""
    kernel = Kernel(server)
    assert kernel.run("%load_ext jupyter_stream_chat").status == "ok"
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(shared_kernel: Kernel) -> Kernel:
    """Return the kernel, as one that nobody has asked anything."""
    shared_kernel.run("%reload_ext jupyter_stream_chat")
    return shared_kernel
