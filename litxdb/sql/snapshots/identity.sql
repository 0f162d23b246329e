-- Which cluster this is
--
-- One row. The number is made by initdb and kept by physical copies. Not every provider lets everybody read it.
-- https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
--
-- min-version: 15
-- column: identifier  text  The cluster's system identifier
select system_identifier::text as identifier
from pg_control_system()
