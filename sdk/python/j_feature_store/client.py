"""The client users hold. Each method is one call of the HTTP API; documents come back as the API writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

from j_feature_store.address import base_url
from j_feature_store.encoding import Moment, encode_json, format_time
from j_feature_store.frames import rows_of
from j_feature_store.kafka_events import KafkaEvents
from j_feature_store.pages import pages_by_cursor, pages_by_number, take
from j_feature_store.paths import Entity, entity_text, feature_path, is_dot_segment, values_path
from j_feature_store.retry import RetryPolicy
from j_feature_store.sending import SendResult, send_by_http, sent_by_kafka
from j_feature_store.transport import Transport

Document = dict[str, Any]


class FeatureStoreClient:
    """A connection to one JStore project (the API key names it). Safe to share between threads; `close()` it, or use `with`."""

    def __init__(
        self,
        host: str = "localhost",
        port: int | None = None,
        use_ssl: bool | None = None,
        api_key: str | None = None,
        *,
        ca_file: str | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Nothing is sent yet.

        host: name or address, or a whole URL ("https://features.example.com"), which then gives port and use_ssl.
        port: default 8000, or 443 with TLS. use_ssl: HTTPS, certificates always checked.
        api_key: "jst_…"; a JStore on this machine may need none.
        ca_file: PEM file of a private certificate authority.
        timeout: seconds for one try. retry: see RetryPolicy; only calls that are safe to repeat are repeated.
        """
        self._url = base_url(host, port, use_ssl)
        self._transport = Transport(self._url, api_key, ca_file, timeout, retry or RetryPolicy())
        self._kafka: KafkaEvents | None = None

    def __repr__(self) -> str:
        return f"FeatureStoreClient({self._url!r}, {'with' if self._transport.has_key else 'without'} API key)"

    def __enter__(self) -> FeatureStoreClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes connections to the server and to Kafka."""
        self._transport.close()
        if self._kafka is not None:
            self._kafka.close()

    def create_feature(
        self,
        name: str,
        description: str,
        type: str,
        entity_id: str | Sequence[str],
        transformation: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Document:
        """Defines a feature group, or answers the one that is already so; safe to run at every start of a program.

        name: machine name, or a title ("Customer Metrics" becomes customer_metrics).
        type: a label: "numerical", "categorical" or "temporal".
        entity_id: the entity's key; several as a list or "user_id,item_id".
        transformation: {"sql_query": one SELECT over input_data grouped by the entity, "aggregation_window": "1h" … "30d"};
        without it the newest value of the column `name` is served.
        options: columns, timestamp_column, source, ttl, owner, tags, defaults, windows. With windows=["1h", "7d"] in place of the
        transformation's "aggregation_window" each column becomes a feature in each, such as total_1h and total_7d.
        -> name, version, status ("active", or "draft" where the definition changed), features, …
        Raises Invalid with line and column where the SQL is refused.
        """
        entity = entity_id if isinstance(entity_id, str) else list(entity_id)
        body = {"name": name, "description": description, "type": type, "entity_id": entity, **options}
        if transformation is not None:
            body["transformation"] = dict(transformation)
        answer: Document = self._post("/features/", body)
        return answer

    def check_sql(
        self, entity_id: str | Sequence[str], sql_query: str, preview: bool | Mapping[str, Any] = False, **options: Any
    ) -> Document:
        """What SQL would become, before it is stored: columns with types, lineage, path, warnings. Stores nothing.

        preview: True, or {"entities": [...], "limit": 3}, adds values over real events.
        options: as of create_feature, and name (of the group whose next version it would be) and aggregation_window.
        -> valid, errors (with line, column and what was probably meant), columns, path, warnings, preview, …
        Wrong SQL is no exception here: `valid` is False.
        """
        entity = entity_id if isinstance(entity_id, str) else list(entity_id)
        asked = dict(preview) if isinstance(preview, Mapping) else preview
        answer: Document = self._post("/sql/check", {"entity_id": entity, "sql_query": sql_query, "preview": asked, **options})
        return answer

    def get_feature(self, name: str) -> Document:
        """One definition, with its features, path and fingerprint. Raises NotFound."""
        answer: Document = self._transport.send("GET", feature_path(name), repeatable=True)
        return answer

    def list_features(self, **filters: Any) -> list[Document]:
        """Every definition of the project; filters: e.g. search="ticket", tag="demo"."""
        return list(pages_by_number(self._transport, "/features/", filters))

    def configure_kafka(
        self,
        bootstrap_servers: str | Sequence[str],
        security_protocol: str = "PLAINTEXT",
        sasl_mechanism: str | None = None,
        sasl_plain_username: str | None = None,
        sasl_plain_password: str | None = None,
        *,
        ssl_cafile: str | None = None,
        **producer_options: Any,
    ) -> None:
        """From now on `send_events` goes by Kafka. Needs the extra: pip install 'j-feature-store[kafka]'.

        producer_options: any other setting of kafka-python's KafkaProducer. The connection is made by the first send.
        """
        settings = {
            "bootstrap_servers": bootstrap_servers,
            "security_protocol": security_protocol,
            "sasl_mechanism": sasl_mechanism,
            "sasl_plain_username": sasl_plain_username,
            "sasl_plain_password": sasl_plain_password,
            "ssl_cafile": ssl_cafile,
            **producer_options,
        }
        replaced, self._kafka = self._kafka, KafkaEvents(settings, self._transport.timeout)
        if replaced is not None:
            replaced.close()

    def send_events(
        self,
        topic: str,
        events: Iterable[Mapping[str, Any]] | Mapping[str, Any],
        *,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> SendResult:
        """Sends rows, or addressed events {"feature_group", "data": [rows], "transformation"?}, and waits for the confirmation.

        By Kafka once `configure_kafka` was called, else by HTTP, where the topic's name does not matter. HTTP batches
        are at most 10,000 rows and 16 MiB, each with its own Idempotency-Key, so a retry never counts a row twice.
        events: a list, a generator, a pandas, polars or Arrow table. Values may be datetime (naive = UTC), date, Decimal, numpy.
        wait: seconds (≤ 30, HTTP only) to wait until the rows show in the online values; `applied` says whether they do.
        idempotency_key: makes the whole call repeatable, e.g. by a restarted job that sends the same events again (HTTP only).
        -> HTTP: accepted, duplicates, held, unrouted, rejected [{index, code, detail}], position, applied; Kafka: sent, topic.
        Where a later batch fails, the error's `partial` is the result of those before it.
        """
        rows = rows_of(events)
        if self._kafka is None:
            return send_by_http(self._transport, rows, wait=wait, idempotency_key=idempotency_key)
        if wait is not None or idempotency_key is not None:
            raise ValueError("wait and idempotency_key are for HTTP; by Kafka give the rows an event_id")
        return sent_by_kafka(topic, self._kafka.send(topic, rows))

    def get_feature_values(
        self,
        feature_name: str,
        entity_id: Entity,
        start_time: Moment | None = None,
        end_time: Moment | None = None,
        *,
        at: Moment | None = None,
        as_known: bool = False,
        limit: int | None = None,
    ) -> Document:
        """One entity's values: now, at a past time, or their history.

        feature_name: group, group:feature, group@2 or group@2:feature.
        entity_id: the key (text or integer), or a mapping with all keys of a composite entity.
        start_time, end_time: datetime (naive = UTC) or RFC 3339 text, inclusive; either alone is enough. The answer's
        "history" has [{"event_time", "values": {name: value}}] ascending, all pages (at most `limit` rows).
        at: the values as they were at that time; as_known: counting only what had arrived by then.
        -> {"feature_group", "version", "entity", "as_of", "window", "values": {name: {"value", "status", "event_time",
        "age_seconds"}}}, or with "history" in place of the last three. An unknown entity has status NOT_FOUND.
        """
        if is_dot_segment(entity_id):
            entity_id = {self.get_feature(feature_name)["entity_id"]: str(entity_id)}
        path, query = values_path(feature_name, entity_id)
        if start_time is None and end_time is None:
            if at is not None:
                query["at"] = format_time(at)
            if as_known:
                query["as_known"] = "true"
            answer: Document = self._transport.send("GET", path, query=query, repeatable=True)
            return answer
        if at is not None or as_known:
            raise ValueError("at and as_known ask for one moment; leave out start_time and end_time")
        if start_time is not None:
            query["start_time"] = format_time(start_time)
        if end_time is not None:
            query["end_time"] = format_time(end_time)
        return take(pages_by_cursor(self._transport, path, query, limit), "history")

    def get_online_features(
        self,
        features: Sequence[str] | str,
        entities: Mapping[str, Sequence[Any]],
        max_age: float | timedelta | None = None,
        *,
        on_stale: str | None = None,
    ) -> Document:
        """The newest values of many features for many entities, in one round trip.

        features: references ("group", "group:feature", …); a bare group gives all its features.
        entities: {"user_id": ["u1", "u2"]}, all lists of one length. max_age: seconds or timedelta; older values are STALE.
        on_stale: "serve", "null" or "error".
        -> {"metadata": {"feature_names", "versions"}, "results": [{"values", "statuses", "event_times"}]}: one result for
        each feature, its lists in the order of the entities.
        """
        names = [features] if isinstance(features, str) else list(features)
        keys = {name: [entity_text(value) for value in values] for name, values in entities.items()}
        body: Document = {"features": names, "entities": keys}
        if max_age is not None:
            body["max_age"] = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        if on_stale is not None:
            body["on_stale"] = on_stale
        answer: Document = self._post("/online-features", body)
        return answer

    def dead_letters(self, code: str | None = None, source: str | None = None, limit: int | None = 100) -> list[Document]:
        """Refused events, newest first: id, code, detail, source, received_at, payload, …; limit None = all."""
        query = {name: text for name, text in (("code", code), ("source", source)) if text is not None}
        found: list[Document] = take(pages_by_cursor(self._transport, "/dead-letters/", query, limit), "results")["results"]
        return found

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        """A POST that is safe to repeat: a read, or one whose second answer equals the first."""
        return self._transport.send("POST", path, body=encode_json(body), repeatable=True)
