# lib/snapshot — tables as Parquet files with a manifest.
noinst_LIBRARIES += lib/snapshot/libsnapshot.a
lib_snapshot_libsnapshot_a_SOURCES = lib/snapshot/nx-snapshot.h lib/snapshot/thrift.h lib/snapshot/thrift.c lib/snapshot/parquet-format.h \
	lib/snapshot/parquet-format.c lib/snapshot/codec.h lib/snapshot/codec.c lib/snapshot/hybrid.h lib/snapshot/hybrid.c lib/snapshot/delta.h \
	lib/snapshot/delta.c lib/snapshot/values.h lib/snapshot/values.c lib/snapshot/decimal-text.h lib/snapshot/decimal-text.c \
	lib/snapshot/schema.h lib/snapshot/schema.c lib/snapshot/parquet-file.h lib/snapshot/parquet-file.c \
	lib/snapshot/column-reader.h lib/snapshot/column-reader.c lib/snapshot/parquet-reader.c \
	lib/snapshot/fields.c lib/snapshot/sql-type.c lib/snapshot/column-buffer.h lib/snapshot/column-buffer.c \
	lib/snapshot/column-dictionary.h lib/snapshot/column-dictionary.c lib/snapshot/chunk-writer.h lib/snapshot/chunk-writer.c lib/snapshot/parquet-writer.c lib/snapshot/sizes.c \
	lib/snapshot/folder-lock.h lib/snapshot/folder-lock.c lib/snapshot/work-folder.h lib/snapshot/work-folder.c \
	lib/snapshot/snapshot-write.c lib/snapshot/snapshot-read.c lib/snapshot/nx-alias.h lib/snapshot/alias-text.h lib/snapshot/alias-text.c lib/snapshot/alias-file.h \
	lib/snapshot/alias-dictionary.h lib/snapshot/alias-scan.c \
	lib/snapshot/alias-build.c lib/snapshot/alias-dictionary.c lib/snapshot/alias-snapshot.c lib/snapshot/alias-cache.c
lib_snapshot_libsnapshot_a_CFLAGS = $(AM_CFLAGS) $(ZSTD_CFLAGS) $(ZLIB_CFLAGS)
SNAPSHOT_LIBS = lib/snapshot/libsnapshot.a $(ZSTD_LIBS) $(SNAPPY_LIBS) $(ZLIB_LIBS)

noinst_LIBRARIES += lib/snapshot/libdownload.a
lib_snapshot_libdownload_a_SOURCES = lib/snapshot/nx-download.h lib/snapshot/download-plan.h lib/snapshot/download-plan.c lib/snapshot/download.c
lib_snapshot_libdownload_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
bin_PROGRAMS += bin/nx-snapshot-download
bin_nx_snapshot_download_SOURCES = bin/nx-snapshot-download.c
bin_nx_snapshot_download_LDADD = lib/snapshot/libdownload.a $(SNAPSHOT_LIBS) $(HTTP_LIBS) $(CONFIG_LIBS) $(CLI_LIBS) $(BASE_LIBS)

bin_PROGRAMS += bin/nx-alias
bin_nx_alias_SOURCES = bin/nx-alias.c bin/nx-db-snapshot.h bin/nx-db-tables.c
bin_nx_alias_LDADD = $(DB_LIBS) $(SNAPSHOT_LIBS) $(CONFIG_LIBS) $(CLI_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-snapshot-corpus
TESTS += tests/unit/test-snapshot-corpus
tests_unit_test_snapshot_corpus_SOURCES = tests/unit/test-snapshot-corpus.c
tests_unit_test_snapshot_corpus_LDADD = $(SNAPSHOT_LIBS) $(BASE_LIBS)
check_PROGRAMS += tests/unit/test-snapshot-hostile
TESTS += tests/unit/test-snapshot-hostile
tests_unit_test_snapshot_hostile_SOURCES = tests/unit/test-snapshot-hostile.c tests/unit/hostile.h
tests_unit_test_snapshot_hostile_LDADD = $(SNAPSHOT_LIBS) $(BASE_LIBS)
check_PROGRAMS += tests/unit/test-snapshot-parquet
TESTS += tests/unit/test-snapshot-parquet
tests_unit_test_snapshot_parquet_SOURCES = tests/unit/test-snapshot-parquet.c
tests_unit_test_snapshot_parquet_LDADD = $(SNAPSHOT_LIBS) $(BASE_LIBS)
EXTRA_DIST += tests/node/package.json tests/node/package-lock.json tests/node/read-parquet.mjs tests/node/rewrite-parquet.mjs
dist_check_SCRIPTS += tests/bats/nx-db-snapshot.bats
TESTS += tests/bats/nx-db-snapshot.bats
dist_check_SCRIPTS += tests/bats/nx-snapshot-download.bats
TESTS += tests/bats/nx-snapshot-download.bats
EXTRA_DIST += tests/bats/snapshot-server.py tests/bats/write-parquet.py
check_PROGRAMS += tests/unit/test-snapshot-alias
TESTS += tests/unit/test-snapshot-alias
tests_unit_test_snapshot_alias_SOURCES = tests/unit/test-snapshot-alias.c
tests_unit_test_snapshot_alias_LDADD = $(SNAPSHOT_LIBS) $(BASE_LIBS)
EXTRA_DIST += tests/vectors/alias-normalise.jsonl tests/vectors/alias-matches.jsonl
dist_check_SCRIPTS += tests/bats/nx-alias.bats
TESTS += tests/bats/nx-alias.bats
dist_man_MANS += share/man/nx-alias.1 share/man/nx-snapshot-download.1
EXTRA_DIST += tests/bench/snapshots.py
EXTRA_PROGRAMS += tests/bench/bench-alias
tests_bench_bench_alias_SOURCES = tests/bench/bench-alias.c
tests_bench_bench_alias_LDADD = $(SNAPSHOT_LIBS) $(BASE_LIBS)
dist_check_SCRIPTS += tests/bats/nx-db-snapshot-postgresql.bats
TESTS += tests/bats/nx-db-snapshot-postgresql.bats
