# lib/db — the database engine, its migrations, and nx-db.
noinst_LIBRARIES += lib/db/libdb.a
lib_db_libdb_a_SOURCES = lib/db/nx-db.h lib/db/driver.h lib/db/sqlite.h lib/db/revisions.h lib/db/migration.h lib/db/sql-text.h \
	lib/db/connection.c lib/db/sqlite.c lib/db/sqlite-backup.c lib/db/sqlite-unnamed.c lib/db/sqlite-ahead.c lib/db/libpq.h lib/db/libpq.c lib/db/postgres.h lib/db/postgres.c \
	lib/db/postgres-address.c lib/db/postgres-statement.c lib/db/postgres-copy.c lib/db/postgres-timestamp.c lib/db/postgres-make.c lib/db/postgres-table.c lib/db/offenders.c lib/db/leases.h lib/db/leases.c lib/db/sqlite-load.c lib/db/sqlite-each.c lib/db/load.c lib/db/graph.c lib/db/places.h lib/db/places.c lib/db/plans.c lib/db/entries.c lib/db/sql-text.c \
	lib/db/pieces.c lib/db/table.c lib/db/batch.c lib/db/directives.c lib/db/version.c lib/db/copy.c lib/db/orphans.c lib/db/parts.c lib/db/migrate.c lib/db/make.c lib/db/reports.h \
	lib/db/reports.c lib/db/schema-commands.c lib/db/offline.h lib/db/offline.c lib/db/schema-compare.h lib/db/schema-compare.c \
	lib/db/alembic.h lib/db/alembic.c lib/db/alembic-arguments.c lib/db/stamp.c lib/db/revision-files.c lib/db/autogenerate.h \
	lib/db/autogenerate.c lib/db/text-table.h lib/db/text-table.c lib/db/instruments-list.c lib/db/instruments-usage.h lib/db/instruments-usage.c lib/db/distinct.h lib/db/distinct.c lib/db/demo.c lib/db/users.c lib/db/info.c lib/db/stages.h lib/db/stage.c lib/db/instruments.c lib/db/preflight.c lib/db/rows.c lib/db/events.c \
	lib/db/uploads.c lib/db/attempts.c lib/db/pending.c lib/db/results.c
lib_db_libdb_a_SOURCES += lib/db/schema.h lib/db/schema.c lib/db/state.c lib/db/head.c lib/db/seeds.c lib/db/lifecycle.c \
	lib/db/schema-script.c lib/db/schema-info.c lib/db/postgres-sequences.c
lib_db_libdb_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(LIBPQ_CFLAGS)
DB_LIBS = lib/db/libdb.a $(SQLITE_LIBS)

bin_PROGRAMS += bin/nx-db
dist_man_MANS += share/man/nx-db.1 share/man/nexuslims-db.1 share/man/nexuslims-instruments.1 share/man/nexuslims-support-bundle.1 \
	share/man/nexuslims-lines.7 share/man/igem-server.1
bin_nx_db_SOURCES = bin/nx-db.c bin/nx-db-commands.h bin/nx-db-stages.c bin/nx-db-people.c bin/nx-db-snapshot.h bin/nx-db-snapshot.c bin/nx-db-snapshot-info.c bin/nx-db-tables.c bin/nx-db-import.c
bin_igem_server_SOURCES = bin/igem-server.c bin/igem-commands.h bin/igem-address.h bin/igem-address.c bin/igem-settings.c bin/igem-database.c bin/igem-snapshot.c \
	bin/igem-export.c bin/nx-db-snapshot.h bin/nx-db-snapshot-info.c bin/nx-db-tables.c
bin_PROGRAMS += bin/igem-server
bin_igem_server_LDADD = $(bin_nx_db_LDADD)
bin_nx_db_LDADD = $(DB_LIBS) $(SNAPSHOT_LIBS) $(CONFIG_LIBS) $(LISTING_LIBS) $(CLI_LIBS) $(BASE_LIBS)

SHARE_FILES += migrations/nexuslims/schema.json \
	migrations/nexuslims/v1_4_3_initial_schema_baseline.up.sql migrations/nexuslims/v1_4_3_initial_schema_baseline.down.sql \
	migrations/nexuslims/v2_4_0a_add_upload_log_table.up.sql migrations/nexuslims/v2_4_0a_add_upload_log_table.down.sql \
	migrations/nexuslims/v2_4_0b_add_check_constraints.up.sql migrations/nexuslims/v2_4_0b_add_check_constraints.down.sql \
	migrations/nexuslims/v2_5_0a_add_external_user_identifiers.up.sql migrations/nexuslims/v2_5_0a_add_external_user_identifiers.down.sql \
	migrations/nexuslims/v2_5_0b_remove_computer_fields.up.sql migrations/nexuslims/v2_5_0b_remove_computer_fields.down.sql \
	migrations/nexuslims/v1_4_3_initial_schema_baseline.up.postgresql.sql migrations/nexuslims/v2_4_0a_add_upload_log_table.up.postgresql.sql \
	migrations/nexuslims/v2_4_0b_add_check_constraints.up.postgresql.sql migrations/nexuslims/v2_4_0b_add_check_constraints.down.postgresql.sql \
	migrations/nexuslims/v2_5_0a_add_external_user_identifiers.up.postgresql.sql \
	migrations/nexuslims/v2_5_0b_remove_computer_fields.up.postgresql.sql migrations/nexuslims/v2_5_0b_remove_computer_fields.down.postgresql.sql

SHARE_FILES += migrations/igem/schema.json migrations/igem/head.sqlite.sql migrations/igem/head.postgresql.sql \
	migrations/igem/7a8b9c0d1e2f_baseline_0_1_0.up.sql migrations/igem/7a8b9c0d1e2f_baseline_0_1_0.down.sql \
	migrations/igem/846c774a8f66_variant_partitioning_m1.up.sql migrations/igem/846c774a8f66_variant_partitioning_m1.down.sql \
	migrations/igem/846c774a8f66_variant_partitioning_m1.up.postgresql.sql \
	migrations/igem/seeds/initial_chemical_groups.json migrations/igem/seeds/initial_config.json \
	migrations/igem/seeds/initial_data_sources.json migrations/igem/seeds/initial_entity_relationship_types.json \
	migrations/igem/seeds/initial_entity_types.json migrations/igem/seeds/initial_genome_assemblies.json \
	migrations/igem/seeds/initial_metadata.json migrations/igem/seeds/initial_source_systems.json

dist_check_SCRIPTS += tests/corpus/db-goldens tests/corpus/db-transcripts tests/corpus/db-alembic-interchange
TESTS += tests/corpus/db-goldens tests/corpus/db-transcripts tests/corpus/db-alembic-interchange
EXTRA_DIST += tests/bats/signal-at-syscall.py tests/bats/manual-examples.py
dist_check_SCRIPTS += tests/bats/nx-db.bats tests/bats/nx-db-additions.bats tests/bats/nx-db-definitions.bats tests/bats/nx-db-stages.bats tests/bats/nx-db-instruments.bats tests/bats/nx-db-people.bats tests/bats/nx-db-alembic.bats tests/bats/nx-db-faults.bats tests/bats/manual.bats tests/bats/lines.bats
TESTS += tests/bats/nx-db.bats tests/bats/nx-db-additions.bats tests/bats/nx-db-definitions.bats tests/bats/nx-db-stages.bats tests/bats/nx-db-instruments.bats tests/bats/nx-db-people.bats tests/bats/nx-db-alembic.bats tests/bats/nx-db-faults.bats tests/bats/manual.bats tests/bats/lines.bats
EXTRA_DIST += tests/bats/nx-db.bash

check_PROGRAMS += tests/unit/test-db tests/unit/test-db-ahead
TESTS += tests/unit/test-db tests/unit/test-db-ahead
tests_unit_test_db_SOURCES = tests/unit/test-db.c
tests_unit_test_db_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_db_LDADD = $(DB_LIBS) $(CONFIG_LIBS) $(LISTING_LIBS) $(CLI_LIBS) $(BASE_LIBS)

tests_unit_test_db_ahead_SOURCES = tests/unit/test-db-ahead.c
tests_unit_test_db_ahead_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_db_ahead_LDADD = $(DB_LIBS) $(CONFIG_LIBS) $(LISTING_LIBS) $(CLI_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-schema
TESTS += tests/unit/test-schema
tests_unit_test_schema_SOURCES = tests/unit/test-schema.c tests/unit/schema-place.h tests/unit/schema-place.c
tests_unit_test_schema_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_schema_LDADD = $(DB_LIBS) $(CONFIG_LIBS) $(LISTING_LIBS) $(CLI_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-db-engines
TESTS += tests/unit/test-db-engines
tests_unit_test_db_engines_SOURCES = tests/unit/test-db-engines.c
tests_unit_test_db_engines_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_test_db_engines_LDADD = $(DB_LIBS) $(CONFIG_LIBS) $(LISTING_LIBS) $(CLI_LIBS) $(BASE_LIBS)
dist_check_SCRIPTS += tests/servers/postgres-cluster
EXTRA_DIST += tests/bats/postgres.bash tests/bats/engines.bash tests/bats/nx-db-stages.bash
dist_check_SCRIPTS += tests/bats/nx-db-leases.bats tests/bats/nx-db-postgresql.bats tests/bats/nx-db-stages-postgresql tests/bats/nx-db-instruments-postgresql tests/bats/nx-db-leases-postgresql \
	tests/bats/nx-db-additions-postgresql.bats tests/bats/nx-db-people-postgresql tests/bats/nx-db-lost-postgresql.bats tests/bats/main-job-postgresql.bats
TESTS += tests/bats/nx-db-leases.bats tests/bats/nx-db-postgresql.bats tests/bats/nx-db-stages-postgresql tests/bats/nx-db-instruments-postgresql tests/bats/nx-db-leases-postgresql \
	tests/bats/nx-db-additions-postgresql.bats tests/bats/nx-db-people-postgresql tests/bats/nx-db-lost-postgresql.bats tests/bats/main-job-postgresql.bats

dist_check_SCRIPTS += tests/bats/igem-server.bats tests/bats/igem-server-address.bats tests/bats/igem-server-states.bats tests/bats/igem-server-additions.bats tests/bats/igem-server-snapshot.bats tests/bats/igem-server-faults.bats
TESTS += tests/bats/igem-server.bats tests/bats/igem-server-address.bats tests/bats/igem-server-states.bats tests/bats/igem-server-additions.bats tests/bats/igem-server-snapshot.bats tests/bats/igem-server-faults.bats
EXTRA_DIST += tests/bats/igem-server.bash tests/bats/igem-kill-at-syscall.py
