-- Drops a database and its owner, whoever is connected to it. Run as create.sql is. Variable: name.

SELECT pg_advisory_lock(hashtext('tristack environments')) \g /dev/null
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
DROP ROLE IF EXISTS :"name";
