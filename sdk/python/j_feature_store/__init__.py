"""JStore's Python client: define features, send events, read values.

from j_feature_store import FeatureStoreClient

client = FeatureStoreClient(host="localhost", port=8000)
"""

from j_feature_store.client import FeatureStoreClient
from j_feature_store.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    JStoreError,
    KafkaFailed,
    NotEncodable,
    NotFound,
    PreconditionFailed,
    RateLimited,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from j_feature_store.retry import RetryPolicy
from j_feature_store.version import __version__

__all__ = [
    "BadRequest",
    "Conflict",
    "FeatureStoreClient",
    "Forbidden",
    "Invalid",
    "JStoreError",
    "KafkaFailed",
    "NotEncodable",
    "NotFound",
    "PreconditionFailed",
    "RateLimited",
    "RetryPolicy",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMedia",
    "__version__",
]
