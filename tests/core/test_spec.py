"""The published form of a group."""

import dataclasses

import orjson
from hypothesis import given
from hypothesis import strategies as st

from core.since import Since
from core.spec import GroupSpec, Layout, VersionSpec

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TYPES = st.sampled_from(["BIGINT", "DOUBLE", "DECIMAL(10,2)"])
LAYOUTS = st.builds(
    Layout,
    st.lists(st.none() | TYPES, max_size=3).map(tuple),
    st.lists(st.none() | TYPES, max_size=3).map(tuple),
    st.lists(TYPES, max_size=3).map(tuple),
)
FORMS = st.builds(Since, st.integers(1, 10**9), st.integers(1, 9), st.sampled_from([1, -1]))
VERSIONS = st.builds(
    VersionSpec,
    number=st.integers(1, 9),
    code=st.just("abcdefghij"),
    status=st.sampled_from(["draft", "active"]),
    sql=TEXT,
    window=st.none() | st.just("7d"),
    ttl=st.none() | st.integers(1, 10**9),
    defaults=st.dictionaries(TEXT, st.integers(-5, 5) | TEXT, max_size=2),
    path=st.sampled_from(["row", "tiles", "recompute"]),
    path_reason=TEXT,
    input_columns=st.lists(TEXT, max_size=3).map(tuple),
    outputs=st.lists(TEXT, max_size=3).map(tuple),
    layouts=st.lists(LAYOUTS, min_size=1, max_size=3).map(tuple),
    forms=st.lists(st.none() | FORMS, max_size=3).map(tuple),
)
GROUPS = st.builds(
    GroupSpec,
    project=st.just("default"),
    name=st.just("spending"),
    title=TEXT,
    type=st.just("numerical"),
    description=TEXT,
    entity=st.sampled_from([("user_id",), ("user_id", "item_id")]),
    timestamp_column=st.just("timestamp"),
    time_kind=st.just("EPOCH_S"),
    source=st.just("events"),
    columns=st.dictionaries(TEXT, st.none() | TYPES, max_size=3),
    declared=st.dictionaries(TEXT, TYPES, max_size=3),
    layout=st.just(0),
    active=st.none() | st.integers(1, 9),
    versions=st.lists(VERSIONS, max_size=3).map(lambda found: {v.number: v for v in found}),
    deleted=st.booleans(),
    next_version=st.integers(1, 10),
)


@given(GROUPS)
def test_it_comes_back_from_json(spec: GroupSpec) -> None:
    assert GroupSpec.loads(spec.dumps()) == spec


@given(GROUPS)
def test_an_older_process_reads_a_newer_spec(spec: GroupSpec) -> None:
    document = orjson.loads(spec.dumps())
    document["colour"] = "blue"
    for version in document["versions"].values():
        version["colour"] = "blue"
        for layout in version["layouts"]:
            layout["colour"] = "blue"
    assert GroupSpec.loads(orjson.dumps(document)) == spec


@given(GROUPS)
def test_a_newer_process_reads_what_was_published_before_there_were_windows_and_forms(spec: GroupSpec) -> None:
    document = orjson.loads(spec.dumps())
    for version in document["versions"].values():
        del version["windows"], version["forms"]
    found = GroupSpec.loads(orjson.dumps(document))
    assert all((version.windows, version.forms) == ((), ()) for version in found.versions.values())
    assert all(version.kept(0) == version.layouts[0].outputs for version in found.versions.values())


@given(GROUPS)
def test_its_helpers(spec: GroupSpec) -> None:
    assert spec.version() is spec.current
    assert spec.current == spec.versions.get(spec.active or 0)
    assert spec.version(99) is None
    for number, version in spec.versions.items():
        assert spec.version(number) is version
        assert spec.layout_of(version, 0) is spec.layout_of(version) is version.layouts[0]
        route = spec.route(version)
        assert route is spec.route(version)
        assert (route.keys, route.input_columns, route.group_name) == (spec.entity, version.input_columns, spec.name)
        assert (route.timestamp_column, route.time_kind, route.source) == ("timestamp", "EPOCH_S", "events")


@given(GROUPS)
def test_a_changed_copy_makes_routes_of_its_own(spec: GroupSpec) -> None:
    for version in spec.versions.values():
        spec.route(version)
        assert dataclasses.replace(spec, name="other").route(version).group_name == "other"
