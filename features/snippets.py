"""Code that reads a group's values: curl and Python, with the reader's own host in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


def snippets(document: dict[str, Any], host: str, *, served: bool) -> list[dict[str, str]]:
    """[{title, text}] for a version's document; a version that is not served is read as name@version."""
    ref = document["name"] if served else f"{document['name']}@{document['version']}"
    keys = document["entity"]
    return [{"title": "curl", "text": curl(ref, keys, host)}, {"title": "Python", "text": python(ref, keys, host)}]


def curl(ref: str, keys: list[str], host: str) -> str:
    """One entity over HTTP."""
    query = "&".join(f"{key}=1" for key in keys)
    where = f"{ref}/values/1" if len(keys) == 1 else f"{ref}/values/?{query}"
    return f'curl "{host}api/v1/features/{where}" \\\n  -H "Authorization: Bearer $JSTORE_API_KEY"'


def python(ref: str, keys: list[str], host: str) -> str:
    """The same by the SDK."""
    address = urlsplit(host)
    port = address.port or (443 if address.scheme == "https" else 80)
    entity = '"1"' if len(keys) == 1 else "{" + ", ".join(f'"{key}": "1"' for key in keys) + "}"
    return (
        "import os\n"
        "from j_feature_store import FeatureStoreClient\n\n"
        "client = FeatureStoreClient(\n"
        f'    host="{address.hostname}",\n'
        f"    port={port},\n"
        f"    use_ssl={address.scheme == 'https'},\n"
        '    api_key=os.environ["JSTORE_API_KEY"],\n'
        ")\n"
        "client.get_feature_values(\n"
        f'    feature_name="{ref}",\n'
        f"    entity_id={entity},\n"
        ")"
    )
