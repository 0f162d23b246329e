"""TLS for every host that is not this machine: at least encrypted, and said when the server is not verified."""

from __future__ import annotations

from pathlib import Path

from litxdb.database.endpoint import Endpoint
from litxdb.errors import ConfigurationInvalid
from litxdb.settings import Settings

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's sslmodes, weakest first (https://www.postgresql.org/docs/current/libpq-ssl.html)."""

AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


def secure(endpoint: Endpoint, settings: Settings) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the endpoint's parameters with TLS as strict as its place demands, and warnings to show.

    A remote host gets sslmode=require at least. Where certificates are verified and no sslrootcert is given, the
    system's authorities are named: the OpenSSL inside psycopg2-binary looks for them in a folder that exists on no
    user's machine.
    """
    parameters = dict(endpoint.parameters)
    if endpoint.is_local and "sslmode" not in parameters:
        return parameters, ()
    warnings: list[str] = []
    mode = parameters.get("sslmode", "require" if not endpoint.is_local else "prefer")
    if parameters.get("sslrootcert") == "system":
        mode = "verify-full"  # what libpq makes of it
        del parameters["sslrootcert"]
    if mode not in MODES:
        raise ConfigurationInvalid(f"{endpoint.source} has an unknown sslmode.", f"It is one of: {', '.join(MODES)}.")
    if not endpoint.is_local:
        if mode in MODES[:3]:
            warnings.append(f"sslmode={mode} is too weak for {endpoint.hosts[0]}: connecting with sslmode=require.")
            mode = "require"
        if mode == "require" and parameters.get("channel_binding") != "require" and not _own_authority(parameters):
            warnings.append(
                f"the certificate of {endpoint.hosts[0]} is not verified (sslmode=require): "
                "add sslmode=verify-full to the URL."
            )
    if mode.startswith("verify") and not _own_authority(parameters) and (known := authorities(settings)):
        parameters["sslrootcert"] = known
    parameters["sslmode"] = mode
    return parameters, tuple(warnings)


def _own_authority(parameters: dict[str, str]) -> bool:
    """Whether libpq has an authority of its own to verify with; then even sslmode=require verifies the chain."""
    return "sslrootcert" in parameters or (Path.home() / ".postgresql" / "root.crt").exists()


def authorities(settings: Settings) -> str | None:
    """Return the file of the system's certificate authorities, or the one that SSL_CERT_FILE names."""
    if settings.certificates:
        return str(settings.certificates)
    return next((path for path in AUTHORITIES if Path(path).exists()), None)
