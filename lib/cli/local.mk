# lib/cli — the command tree as data: parsing, help pages, usage errors, --version, completion; questions and colour.
noinst_LIBRARIES += lib/cli/libcli.a
lib_cli_libcli_a_SOURCES = lib/cli/nx-cli.h lib/cli/nx-cli-tree.h lib/cli/nx-igem-tree.h lib/cli/nx-completion.h \
	lib/cli/command.h lib/cli/command.c lib/cli/completion.c lib/cli/help.c lib/cli/layout.h lib/cli/layout.c lib/cli/parse.c \
	lib/cli/program.h lib/cli/program.c lib/cli/revisions.c lib/cli/shellwords.h lib/cli/shellwords.c lib/cli/streams.h lib/cli/streams.c \
	lib/cli/suggest.h lib/cli/suggest.c lib/cli/terminal.c lib/cli/tree.c lib/cli/tree-config.c lib/cli/tree-db.c lib/cli/tree-igem.c \
	lib/cli/value.h lib/cli/value.c
CLI_LIBS = lib/cli/libcli.a
SHARE_FILES += share/completion/nexuslims.bash share/completion/nexuslims.zsh share/completion/nexuslims.fish

# --format json and --jq, for the programs that list something; apart, so that no other loads libjq.
noinst_LIBRARIES += lib/cli/liblisting.a
lib_cli_liblisting_a_SOURCES = lib/cli/nx-listing.h lib/cli/listing.c
LISTING_LIBS = lib/cli/liblisting.a $(CLI_LIBS) $(NX_JQ_LIBS)

dist_man_MANS += share/man/nexuslims.1

bin_PROGRAMS += bin/nexuslims
bin_nexuslims_SOURCES = bin/nexuslims.c bin/nexuslims-build.h bin/nexuslims-build.c bin/nexuslims-pipeline.h bin/nexuslims-pipeline.c \
	bin/nexuslims-preflight.h bin/nexuslims-preflight.c bin/nexuslims-runfiles.h bin/nexuslims-runfiles.c bin/nexuslims-summary.h bin/nexuslims-summary.c
bin_nexuslims_LDADD = $(CLI_LIBS) $(CONFIG_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-cli tests/unit/test-cli-listing
tests_unit_test_cli_SOURCES = tests/unit/test-cli.c
tests_unit_test_cli_LDADD = $(CLI_LIBS) $(BASE_LIBS)
tests_unit_test_cli_listing_SOURCES = tests/unit/test-cli-listing.c
tests_unit_test_cli_listing_LDADD = $(LISTING_LIBS) $(BASE_LIBS)
TESTS += tests/unit/test-cli tests/unit/test-cli-listing
dist_check_SCRIPTS += tests/bats/nexuslims.bats tests/bats/nexuslims-build-records.bats tests/bats/completion.bats tests/bats/nexuslims-support-bundle.bats
TESTS += tests/bats/nexuslims.bats tests/bats/nexuslims-build-records.bats tests/bats/completion.bats tests/bats/nexuslims-support-bundle.bats
EXTRA_DIST += tests/bats/completion-tab.py

bin_PROGRAMS += bin/nexuslims-support-bundle
bin_nexuslims_support_bundle_SOURCES = bin/nexuslims-support-bundle.c bin/nexuslims-bundle.h bin/nexuslims-bundle.c bin/nexuslims-bundle-database.c bin/nexuslims-bundle-sessions.h bin/nexuslims-bundle-sessions.c \
	bin/nexuslims-bundle-logs.c bin/nexuslims-bundle-secrets.c bin/nexuslims-bundle-site.c bin/nexuslims-bundle-zip.c
bin_nexuslims_support_bundle_CFLAGS = $(AM_CFLAGS) $(ARCHIVE_CFLAGS)
bin_nexuslims_support_bundle_LDADD = $(CLI_LIBS) $(CONFIG_LIBS) $(BASE_LIBS) $(ARCHIVE_LIBS)
