"""The cache is asked over the network without encryption

The password and what people have read and searched for go over the wire as they are, and whoever can reach the wire can
change them. rediss:// encrypts, and verifies who answers. https://redis.io/docs/latest/operate/oss_and_stack/management/security/
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import cache_endpoint
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="redis:// to another machine warn",
    remedy="REDIS_URL=rediss://…",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    endpoint = cache_endpoint(context)
    if endpoint.is_local:
        raise Skip(Reason.NOT_APPLICABLE, "The connection does not leave this machine.")
    if endpoint.encrypted:
        return Judgement(1)
    remedy = f"REDIS_URL={str(endpoint).replace('redis://', 'rediss://', 1)}  # with user and password as before"
    return Judgement(1, (Defect(Status.WARN, str(endpoint), "no TLS", remedy),))
