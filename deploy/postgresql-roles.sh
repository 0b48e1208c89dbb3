#!/bin/sh
# Run once by the postgres image when its volume is empty: the owner of the tables, and the application's role, which may only use them.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$OWNER_PASSWORD" --set application_password="$APPLICATION_PASSWORD" --set database="$POSTGRES_DB" <<'SQL'
CREATE ROLE pep_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE pep_app LOGIN PASSWORD :'application_password';
ALTER DATABASE :"database" OWNER TO pep_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO pep_app;
SQL
