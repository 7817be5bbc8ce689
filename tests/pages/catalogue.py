"""What the pages say, read from the sources, and what the catalogue says for it. Keys are (context or None, text)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.utils.translation.template import templatize

CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}
Key = tuple[str | None, str]


def spoken(source: str) -> set[Key]:
    """The texts that a Python source gives to gettext."""
    found: set[Key] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            context = texts.pop(0) if "pgettext" in node.func.id else None
            if texts:
                found.add((context, texts[0]))
    return found


def spoken_in_template(source: str) -> set[Key]:
    """The same of a Django template; Django itself turns it into calls of gettext, with all else made to x's."""
    calls = re.findall(
        r"\b(?:n?p?gettext|_)\((?:u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?\s*|count)+\)", templatize(source)
    )
    return {key for call in calls for key in spoken(call.replace(",count", "").replace(", count", ""))}


def entries(path: Path) -> dict[Key, tuple[str, list[str], bool]]:
    """A .po file: (context, text) -> (plural or "", translations, fuzzy)."""
    found: dict[Key, tuple[str, list[str], bool]] = {}
    for block in path.read_text("utf-8").split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if match := re.match(r"(msg\w+(?:\[\d\])?) (\".*\")$", line):
                name = match[1]
                fields[name] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                fields[name] += ast.literal_eval(line)
        if fields.get("msgid"):
            texts = [text for field, text in fields.items() if field.startswith("msgstr")]
            fuzzy = bool(re.search(r"^#,.*fuzzy", block, re.M))
            found[fields.get("msgctxt"), fields["msgid"]] = (fields.get("msgid_plural", ""), texts, fuzzy)
    return found
