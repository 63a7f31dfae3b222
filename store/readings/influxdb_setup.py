"""Makes ready what the readings need on an InfluxDB 2 server: organisation, bucket, mapping for InfluxQL, token.

May be run again at any time: what is there is left, what has gone is made anew. The token of daily work can read and
write this bucket and nothing else; the operator's is shown once, when the server is new, and never kept by us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.bucket import Bucket
from influxdb_client.domain.dbrp_create import DBRPCreate
from influxdb_client.domain.onboarding_request import OnboardingRequest
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource
from influxdb_client.rest import ApiException
from influxdb_client.service.dbr_ps_service import DBRPsService
from influxdb_client.service.setup_service import SetupService

from store.errors import RepairFirst
from store.readings.influxdb_http import RETENTION_POLICY, InfluxConnection, InfluxSettings, explained

USER = "kayasol"


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the server was found or made to be."""

    settings: InfluxSettings
    """With a token for this bucket alone."""
    operator_token: str = field(repr=False)
    """Opens everything; "" unless this call made the server's first user."""


def set_up(wanted: InfluxSettings, *, operator_token: str = "", password: str = "") -> SetUp:
    """Make sure that `wanted` can be used; its token is kept if it works, else a new one is made.

    A new server gets a first user with `password` (8 characters or more); any other needs `operator_token` unless
    nothing is missing. Raises RepairFirst with what to do.
    """
    made = _first_user(wanted, password, operator_token)
    if not made and _works(wanted):
        return SetUp(wanted, "")
    operator_token = made or operator_token
    if not operator_token:
        raise RepairFirst(f"{wanted.url} has its users already: give the operator's token to set up {wanted.bucket}")
    with (
        InfluxDBClient(url=wanted.url, token=operator_token, org=wanted.org, timeout=wanted.timeout_ms) as client,
        explained("the set-up"),
    ):
        org_id = _organisation(client, wanted.org)
        bucket_id = _bucket(client, org_id, wanted.bucket)
        _mapping(client, org_id, bucket_id, wanted.bucket)
        token = wanted.token if _works(wanted) else _token(client, org_id, bucket_id, wanted.bucket)
    given = InfluxSettings(wanted.url, wanted.org, wanted.bucket, token, wanted.timeout_ms, wanted.gzip)
    return SetUp(given, made)


def _first_user(wanted: InfluxSettings, password: str, token: str) -> str:
    """The operator's token of a server that nobody has used yet; "" if it is in use."""
    with (
        InfluxDBClient(url=wanted.url, token="", org=wanted.org, timeout=wanted.timeout_ms) as client,
        explained("the first set-up"),
    ):
        service: Any = SetupService(client.api_client)  # type: ignore[no-untyped-call]
        if not service.get_setup().allowed:
            return ""
        if len(password) < 8:
            raise RepairFirst(f"{wanted.url} is new: give a password of 8 characters or more for its first user")
        request = OnboardingRequest(  # type: ignore[no-untyped-call]
            username=USER, password=password, org=wanted.org, bucket=wanted.bucket, token=token or None
        )
        return str(service.post_setup(request).auth.token)


def _works(settings: InfluxSettings) -> bool:
    """Whether the token reads and writes the bucket, by InfluxQL too."""
    if not settings.token:
        return False
    connection = InfluxConnection(settings)
    try:
        connection.query(["SHOW MEASUREMENTS"])
        # An empty request needs the permission to write and writes nothing.
        connection.write("\n")
    except RepairFirst:
        return False
    finally:
        connection.close()
    return True


def _organisation(client: InfluxDBClient, name: str) -> str:
    organisations: Any = client.organizations_api()
    found = _if_there(lambda: organisations.find_organizations(org=name))
    return str((found[0] if found else organisations.create_organization(name=name)).id)


def _bucket(client: InfluxDBClient, org_id: str, name: str) -> str:
    buckets: Any = client.buckets_api()
    found = _if_there(lambda: buckets.find_buckets(name=name, org_id=org_id).buckets)
    bucket: Bucket = found[0] if found else buckets.create_bucket(bucket_name=name, org=org_id, retention_rules=[])
    rules: Any = bucket.retention_rules
    if any(rule.every_seconds for rule in rules or []):
        raise RepairFirst(f"bucket {name} forgets after {rules[0].every_seconds} s: set its retention to never")
    return str(bucket.id)


def _if_there(look: Callable[[], Any]) -> Any:
    """What is found, or None: the server answers a search for a name that it does not have with 404."""
    try:
        return look()
    except ApiException as error:
        if error.status != 404:
            raise
        return None


def _mapping(client: InfluxDBClient, org_id: str, bucket_id: str, name: str) -> None:
    """InfluxQL speaks of databases: the bucket's own name, by a mapping that a person can see and that stays."""
    service: Any = DBRPsService(client.api_client)  # type: ignore[no-untyped-call]
    mappings = service.get_dbr_ps(org_id=org_id, db=name, rp=RETENTION_POLICY).content or []
    real = [mapping for mapping in mappings if not mapping.virtual]
    if any(mapping.bucket_id != bucket_id for mapping in real):
        raise RepairFirst(f"InfluxQL's database {name} is mapped to another bucket: remove that mapping or take a name")
    if not real:
        service.post_dbrp(
            DBRPCreate(  # type: ignore[no-untyped-call]
                org_id=org_id, bucket_id=bucket_id, database=name, retention_policy=RETENTION_POLICY, default=True
            )
        )


def _token(client: InfluxDBClient, org_id: str, bucket_id: str, name: str) -> str:
    resource = PermissionResource(org_id=org_id, type="buckets", id=bucket_id)  # type: ignore[no-untyped-call]
    permissions = [
        Permission(action=action, resource=resource)  # type: ignore[no-untyped-call]
        for action in ("read", "write")
    ]
    authorizations: Any = client.authorizations_api()
    wanted: Any = Authorization(org_id=org_id, permissions=permissions, description=f"Kayasol: {name}")  # type: ignore[no-untyped-call]
    return str(authorizations.create_authorization(authorization=wanted).token)
