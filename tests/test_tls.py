"""TLS: how strict it is for which host, and which authorities count."""

from pathlib import Path

import pytest

from litxdb.database.endpoint import Endpoint
from litxdb.database.tls import AUTHORITIES, secure
from litxdb.errors import ConfigurationInvalid
from litxdb.settings import Settings


def secured(settings: Settings | None = None, **parameters: str) -> tuple[dict[str, str], tuple[str, ...]]:
    return secure(Endpoint(parameters, "--url"), settings or Settings())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "/run/pg", "::1"])
def test_this_machine_is_left_alone(host: str) -> None:
    assert secured(host=host) == ({"host": host}, ())


def test_a_remote_host_gets_tls_and_a_warning() -> None:
    parameters, warnings = secured(host="db")
    assert parameters["sslmode"] == "require"
    assert "db is not verified" in warnings[0]


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_weaker_mode_is_raised_for_a_remote_host(mode: str) -> None:
    parameters, warnings = secured(host="db", sslmode=mode)
    assert parameters["sslmode"] == "require"
    assert f"sslmode={mode} is too weak" in warnings[0]


def test_channel_binding_proves_the_server_too() -> None:
    assert secured(host="db", sslmode="require", channel_binding="require")[1] == ()


def test_verifying_names_the_authorities() -> None:
    authorities = Settings(certificates=Path("/our/ca.pem"))
    parameters, warnings = secured(authorities, host="db", sslmode="verify-full")
    assert parameters["sslrootcert"] == "/our/ca.pem"
    assert warnings == ()


def test_the_systems_authorities_are_found_where_the_system_keeps_them() -> None:
    parameters, _ = secured(host="db", sslrootcert="system")
    assert parameters["sslmode"] == "verify-full"
    assert parameters.get("sslrootcert") in (*AUTHORITIES, None)


def test_an_authority_of_ones_own_stays() -> None:
    parameters, _ = secured(host="db", sslmode="verify-ca", sslrootcert="/mine.pem")
    assert parameters["sslrootcert"] == "/mine.pem"


def test_an_authority_in_the_home_directory_is_libpqs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert "sslrootcert" not in secured(host="db", sslmode="verify-full")[0]


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(ConfigurationInvalid, match="unknown sslmode"):
        secured(host="db", sslmode="strict")
