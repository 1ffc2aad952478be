import json
import subprocess
import sys

from jupyter_stream_chat import guide


def test_the_folder_holds_a_safetensors_model_of_at_most_10_mb() -> None:
    files = {file.name: file.stat().st_size for file in guide.path().iterdir()}
    assert {"model.safetensors", "tokenizer.json", "config.json", "README.md"} <= files.keys()
    assert sum(files.values()) <= 10_000_000


def test_the_model_decodes_greedily_by_default() -> None:
    config = json.loads((guide.path() / "generation_config.json").read_text("utf-8"))
    assert config.get("do_sample", False) is False
    assert config["max_new_tokens"] >= 300


def test_finding_the_folder_imports_nothing_heavy() -> None:
    code = "import sys; from jupyter_stream_chat import guide; guide.path(); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"torch", "transformers", "tokenizers"} & set(loaded)
