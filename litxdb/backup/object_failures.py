"""What an object store's errors mean, in words, and what to do about them."""

from __future__ import annotations

import re

_CODE = re.compile(r"<Code>(\w+)</Code>")
NO_BUCKET = re.compile("NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (NO_BUCKET.pattern, "there is no such bucket", "Make the bucket, or mend --store."),
    (
        "RequestTimeTooSkewed|RequestExpired",
        "its clock and this machine's differ",
        "Set the clock: timedatectl set-ntp true",
    ),
    (
        "PermanentRedirect|Received redirect|AuthorizationHeaderMalformed|IllegalLocationConstraint",
        "the bucket is in another region",
        "Set AWS_REGION to the bucket's.",
    ),
    (
        "InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AuthenticationFailed|Unauthenticated",
        "it refuses the credentials",
        "Mend them; for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if they are temporary.",
    ),
    (
        r"169\.254\.169\.254|Account must be specified|token request",
        "there are no credentials",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (~/.aws is not read), GOOGLE_APPLICATION_CREDENTIALS, or "
        "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY.",
    ),
    ("AccessDenied|AuthorizationFailure|403 Forbidden", "access is denied", "Let it list, get, put and delete there."),
    ("SlowDown|Service ?Unavailable", "it is overloaded", "Run this again later."),
    (
        "URL scheme is not allowed|builder error",
        "it is reached by HTTP, without TLS",
        "Use https://, or set AWS_ALLOW_HTTP=true.",
    ),
    ("error sending request|TimedOut|timed out|^$", "it does not answer", "Look at the network and AWS_ENDPOINT_URL."),
)


def explain(text: str) -> tuple[str, str]:
    """Say in words what a store's error means, and what to do about it.

    >>> explain("403 Forbidden: <Error><Code>RequestTimeTooSkewed</Code></Error>")
    ("its clock and this machine's differ", 'Set the clock: timedatectl set-ntp true')
    >>> explain("Error performing PUT …/shop-20261122T150312Z: 503 Service Unavailable")[0]
    'it is overloaded'
    >>> explain("Error performing PUT …/shop-20261122T150312Z: <Error><Code>InternalError</Code></Error>")[0]
    'it says InternalError'
    """
    for pattern, reason, hint in _CAUSES:
        if re.search(pattern, text):
            return reason, hint
    code = _CODE.search(text)
    said = f"it says {code[1]}" if code else text.strip().splitlines()[0].rpartition(" - ")[2][:200].rstrip(".")
    return said, "Look into the bucket, or give --store another place."
