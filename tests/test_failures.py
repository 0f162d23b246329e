"""What the texts of failed connections mean; the texts were seen on real servers and in Neon's proxy."""

import pytest

from litxdb.database.failures import FAILURES, Retry, cause, classify

SOON, SLOWLY, BRIEFLY, NEVER = Retry.SOON, Retry.SLOWLY, Retry.BRIEFLY, Retry.NEVER


@pytest.mark.parametrize(
    ("message", "retry"),
    [
        ('connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused', SOON),
        ("timeout expired", SOON),
        ("server closed the connection unexpectedly", SOON),
        ("SSL SYSCALL error: EOF detected", SOON),
        ("SSL connection has been closed unexpectedly", SOON),
        ("FATAL:  the database system is starting up", SOON),
        ("FATAL:  the database system is shutting down", SOON),
        ("FATAL:  the database system is in recovery mode", SOON),
        ("FATAL:  the database system is not yet accepting connections", SOON),
        ("Couldn't connect to compute node", SOON),
        ("Control plane request failed", SOON),
        ("FATAL:  sorry, too many clients already", SLOWLY),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", SLOWLY),
        ('FATAL:  too many connections for role "ada"', SLOWLY),
        ('FATAL:  too many connections for database "litx"', SLOWLY),
        ("FATAL:  no more connections allowed (max_client_conn)", SLOWLY),
        ("FATAL:  query_wait_timeout", SLOWLY),
        ("Failed to acquire permit to connect to the database. Too many database connection attempts", SLOWLY),
        ('could not translate host name "db" to address: Temporary failure in name resolution', BRIEFLY),
        ('FATAL:  password authentication failed for user "ada"', NEVER),
        ("FATAL:  SASL authentication failed", NEVER),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "ada", database "x", no encryption', NEVER),
        ('FATAL:  database "nope" does not exist', NEVER),
        ('FATAL:  role "ada" does not exist', NEVER),
        ('FATAL:  permission denied for database "x"', NEVER),
        ('could not translate host name "nope" to address: Name or service not known', NEVER),
        ("SSL error: certificate verify failed", NEVER),
        ('server certificate for "localhost" does not match host name "127.0.0.1"', NEVER),
        ('root certificate file "/home/ada/.postgresql/root.crt" does not exist', NEVER),
        ("server does not support SSL, but SSL was required", NEVER),
        ("received invalid response to SSL negotiation: H", NEVER),
        ("FATAL:  SSL required", NEVER),
        ("channel binding is required, but server did not offer an authentication method that supports it", NEVER),
        ("Control plane request failed: endpoint is disabled", NEVER),
        ("Console request failed: Your project has exceeded the compute time quota", NEVER),
        ("endpoint is temporarily unavailable. Check your quotas and/or contact our support", NEVER),
        ("Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI", NEVER),
        ("connection is insecure (try using `sslmode=require`)", NEVER),
        ("FATAL:  unsupported startup parameter: options", NEVER),
        ("something nobody has seen before", NEVER),
    ],
)
def test_classified(message: str, retry: Retry) -> None:
    assert classify(message).retry is retry


def test_every_failure_says_what_to_do() -> None:
    assert all(failure.hint.endswith((".", "60.")) for failure in FAILURES)


def test_the_cause_is_said_once_for_several_addresses() -> None:
    message = (
        'connection to server at "localhost" (::1), port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?\n"
        'connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?\n"
    )
    assert cause(message) == "Connection refused"


def test_an_empty_message_is_not_passed_on_empty() -> None:
    assert cause("\n") == "the connection failed without a message"
