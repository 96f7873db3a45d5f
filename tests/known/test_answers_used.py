"""No known answer lies idle: each is compared with something."""

import ast
from pathlib import Path

from known import CASES


def words_of(text):
    """The strings that the code of a test module holds, its docstrings aside."""
    tree = ast.parse(text)
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    }


def idle(names, folder):
    files = sorted(folder.glob("test_*.py"))
    assert files
    used = set().union(*(words_of(file.read_text("utf-8")) for file in files))
    return [name for name in names if name not in used]


def test_every_known_answer_is_used():
    assert len(CASES) == 43
    assert idle(CASES, Path(__file__).parent) == []


def test_an_idle_answer_is_named(tmp_path):
    text = '"""One is told of: third."""\n\ndef test():\n    """third"""\n    case("first")\n'
    (tmp_path / "test_it.py").write_text(text, "utf-8")
    assert idle(["first", "second", "third"], tmp_path) == ["second", "third"]
