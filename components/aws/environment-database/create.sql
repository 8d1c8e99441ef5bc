-- Makes a database and its owner, of one name, on an instance that others are on, too. What is there already stays as it
-- is: an update that was interrupted is repeated. Run by psql as the first user of the instance, who is no superuser at
-- RDS, in the database postgres. Variable: name. The owner's password is asked for, twice.

-- One environment at a time: two that change the rights of one database at once both fail.
SELECT pg_advisory_lock(hashtext('tristack environments')) \g /dev/null

-- Deleting it was interrupted: PostgreSQL lets nobody in, and can do nothing but finish that.
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname = :'name' AND datconnlimit = -2 \gexec

-- Connections are what the others would miss first.
SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT 20', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
-- Whoever is no superuser gives a database to those alone whose member he is, and drops no others'.
GRANT :"name" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
-- Not ALTER ROLE … PASSWORD: psql tells the server what proves the password, and so no log of it ever has it.
\password :"name"

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0', :'name', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec

-- A new database lets everybody in. Of all that are here, those that were restored from a backup included, each is for its
-- owner; postgres, which holds nothing, is where clients begin.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname) FROM pg_database
  WHERE pg_has_role(datdba, 'USAGE') AND NOT datistemplate AND datname <> 'postgres' \gexec
