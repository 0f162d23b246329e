"""doctor's checks of roles and privileges: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.doctor import Reason, Status
from tests.bed.examining import findings, in_production, mend, result
from tests.bed.roles import role, sessions
from tests.bed.servers import Server
from tests.bed.spare import spare
from tests.bed.statements import as_role, query

HOSTILE = "ro\"le's %s\n"


class TestOverprivilegedRoles:
    def test_with_sessions_here(self, any_server: Server, any_db: Database) -> None:
        name = any_db.endpoint.dbname
        assert result(any_db, "overprivileged_roles").reason is Reason.NOT_APPLICABLE
        with in_production(any_db) as db, role(any_server, HOSTILE, "superuser") as quoted:
            assert result(db, "overprivileged_roles").detail == "Nobody but litxdb has a session here."
            with sessions(any_server.url(name, user=HOSTILE), 2):
                (finding,) = findings(db, "overprivileged_roles").values()
                assert (finding.level, finding.object) == (Status.WARN, f"role {HOSTILE}")
                assert finding.measured == "superuser; 2 sessions, with app"
                query(db, finding.remedy)
                assert findings(db, "overprivileged_roles") == {}
                query(db, f"alter role {quoted} createrole bypassrls")
                (finding,) = findings(db, "overprivileged_roles").values()
                assert (finding.level, finding.measured) == (
                    Status.INFO,
                    "createrole, bypassrls; 2 sessions, with app",
                )
                mend(db, "overprivileged_roles")
                query(db, f"grant pg_execute_server_program to {quoted}")
                mend(db, "overprivileged_roles")

    def test_are_those_that_ordinary_roles_see_too(self, server: Server, empty_db: Database) -> None:
        with (
            as_role(server, empty_db, "doctor_plain") as plain,
            in_production(plain) as db,
            sessions(server.url(empty_db.endpoint.dbname), 1),
        ):
            assert list(findings(db, "overprivileged_roles")) == ["role postgres"]


class TestMonitoringDenied:
    def test_until_it_is_granted(self, any_server: Server, any_db: Database) -> None:
        assert findings(any_db, "monitoring_denied") == {}
        with role(any_server, HOSTILE), Database(any_server.url(any_db.endpoint.dbname, user=HOSTILE)) as db:
            (finding,) = findings(db, "monitoring_denied").values()
            assert finding.level is Status.INFO
            query(any_db, finding.remedy)
            assert findings(db, "monitoring_denied") == {}
            query(any_db, finding.undo)
            assert len(findings(db, "monitoring_denied")) == 1


class TestPublicMayCreate:
    def test_in_a_schema(self, any_db: Database) -> None:
        assert findings(any_db, "public_may_create") == {}
        query(any_db, f'create schema "{HOSTILE.replace(chr(34), chr(34) * 2)}"')
        query(any_db, f'grant create on schema "{HOSTILE.replace(chr(34), chr(34) * 2)}", public to public')
        query(any_db, "create schema closed")
        found = findings(any_db, "public_may_create")
        assert set(found) == {"public", HOSTILE}
        mend(any_db, "public_may_create")
        query(any_db, found["public"].undo)
        assert set(findings(any_db, "public_may_create")) == {"public"}


class TestPublicMayWrite:
    def test_to_a_table(self, any_db: Database) -> None:
        query(any_db, "create table readable (a int); grant select on readable to public")
        query(any_db, 'create table "Guest""book" (a int); grant insert, truncate on "Guest""book" to public')
        query(any_db, "create table parts (a int) partition by range (a); grant all on parts to public")
        found = findings(any_db, "public_may_write")
        assert found['public."Guest""book"'].measured == "PUBLIC has INSERT, TRUNCATE"
        assert set(found) == {'public."Guest""book"', "public.parts"}
        assert result(any_db, "public_may_write").examined == 3
        mend(any_db, "public_may_write")
        query(any_db, found["public.parts"].undo)
        assert set(findings(any_db, "public_may_write")) == {"public.parts"}


class TestExpiringPasswords:
    def test_soon_or_already(self, any_server: Server, any_db: Database) -> None:
        with role(any_server, HOSTILE) as quoted:
            for until, level in (
                ("now() + interval '15 days'", None),
                ("now() + interval '13 days'", Status.WARN),
                ("now() - interval '2 days'", Status.INFO),
                ("'infinity'::timestamptz", None),
                ("'-infinity'::timestamptz", None),
            ):
                ((text,),) = query(any_db, f"select ({until})::text")
                query(any_db, f"alter role {quoted} valid until '{text}'")
                found = findings(any_db, "expiring_passwords")
                assert [finding.level for finding in found.values()] == ([level] if level else [])
            query(any_db, f"alter role {quoted} valid until 'yesterday'")
            with sessions(any_server.url(any_db.endpoint.dbname, user=HOSTILE), 1):
                (finding,) = findings(any_db, "expiring_passwords").values()
                assert finding.level is Status.CRIT
                assert finding.measured.endswith("ago; 1 session")
            mend(any_db, "expiring_passwords")

    def test_one_s_own(self, empty_db: Database, server: Server) -> None:
        with role(server, "leaving", "valid until 'yesterday'"):
            with Database(server.url(empty_db.endpoint.dbname, user="leaving")) as db:
                (finding,) = findings(db, "expiring_passwords").values()
            assert finding.level is Status.CRIT


class TestMd5Passwords:
    @pytest.mark.parametrize("major", [15, 18])
    def test_of_roles_and_of_those_to_come(self, major: int, bed_directory: Path) -> None:
        with spare(bed_directory, major=major) as server, Database(server.url()) as db:
            assert findings(db, "md5_passwords") == {}
            query(db, "set password_encryption = 'md5'; create role \"Old\" login password 'x'")
            query(db, "create role strong login password 'x'; create role empty login")
            query(db, "alter database postgres set password_encryption = 'md5'")
            found = findings(db, "md5_passwords")
            assert set(found) == {"password_encryption", "role Old"}
            assert found["role Old"].remedy.startswith('\\password "Old"')
            query(db, "alter database postgres reset password_encryption")
            query(db, "alter role \"Old\" password 'x'")
            assert findings(db, "md5_passwords") == {}

    def test_are_not_shown_to_others(self, db: Database, server: Server) -> None:
        with as_role(server, db, "doctor_plain") as plain:
            assert result(plain, "md5_passwords").reason is Reason.NO_PRIVILEGE
