# lib/check — the preflight.
noinst_LIBRARIES += lib/check/libcheck.a
lib_check_libcheck_a_SOURCES = lib/check/nx-check.h lib/check/apart.h lib/check/apart.c lib/check/checks.h lib/check/destinations.h lib/check/destinations.c lib/check/disk.c \
	lib/check/finding.h lib/check/finding.c lib/check/instruments.c lib/check/preflight.c lib/check/servers.c lib/check/task.h \
	lib/check/task.c
CHECK_LIBS = lib/check/libcheck.a $(HTTP_LIBS) $(CONFIG_LIBS)

bin_PROGRAMS += bin/nexuslims-check
bin_nexuslims_check_SOURCES = bin/nexuslims-check.c
bin_nexuslims_check_LDADD = $(CHECK_LIBS) $(LISTING_LIBS) $(BASE_LIBS)

dist_check_SCRIPTS += tests/bats/nexuslims-check.bats
TESTS += tests/bats/nexuslims-check.bats tests/unit/test-check
check_PROGRAMS += tests/unit/test-check
tests_unit_test_check_SOURCES = tests/unit/test-check.c
tests_unit_test_check_LDADD = $(CHECK_LIBS) $(BASE_LIBS)

dist_man_MANS += share/man/nexuslims-check.1
