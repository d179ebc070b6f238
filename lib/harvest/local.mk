# lib/harvest — usage and reservations from NEMO servers, calendars and plug-ins.
noinst_LIBRARIES += lib/harvest/libharvest.a
lib_harvest_libharvest_a_SOURCES = lib/harvest/nx-harvest.h lib/harvest/harvester.h lib/harvest/harvest.c lib/harvest/stamp.h \
	lib/harvest/stamp.c lib/harvest/reservation.h lib/harvest/reservation.c lib/harvest/nemo.h lib/harvest/nemo-client.c \
	lib/harvest/nemo-events.c lib/harvest/nemo-describe.c lib/harvest/calendar.h lib/harvest/calendar.c lib/harvest/calendar-expand.c \
	lib/harvest/ical.c lib/harvest/plugin.c
lib_harvest_libharvest_a_CFLAGS = $(AM_CFLAGS) $(ICAL_CFLAGS)
HARVEST_LIBS = lib/harvest/libharvest.a $(HTTP_LIBS) $(CONFIG_LIBS) $(ICAL_LIBS)

bin_PROGRAMS += bin/nx-harvest
bin_nx_harvest_SOURCES = bin/nx-harvest.c
bin_nx_harvest_LDADD = $(HARVEST_LIBS) $(CLI_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-harvest-stamp tests/unit/test-harvest-answers tests/unit/test-harvest-calendar \
	tests/unit/test-harvest-corpus tests/unit/test-harvest-hostile tests/unit/test-harvest-names
TESTS += tests/unit/test-harvest-stamp tests/unit/test-harvest-answers tests/unit/test-harvest-calendar \
	tests/unit/test-harvest-corpus tests/unit/test-harvest-hostile tests/unit/test-harvest-names
tests_unit_test_harvest_stamp_SOURCES = tests/unit/test-harvest-stamp.c
tests_unit_test_harvest_stamp_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)
tests_unit_test_harvest_answers_SOURCES = tests/unit/test-harvest-answers.c
tests_unit_test_harvest_answers_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)
tests_unit_test_harvest_calendar_SOURCES = tests/unit/test-harvest-calendar.c
tests_unit_test_harvest_calendar_CFLAGS = $(AM_CFLAGS) $(ICAL_CFLAGS)
tests_unit_test_harvest_calendar_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)
tests_unit_test_harvest_corpus_SOURCES = tests/unit/test-harvest-corpus.c
tests_unit_test_harvest_corpus_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)
tests_unit_test_harvest_names_SOURCES = tests/unit/test-harvest-names.c
tests_unit_test_harvest_names_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)
tests_unit_test_harvest_hostile_SOURCES = tests/unit/test-harvest-hostile.c
tests_unit_test_harvest_hostile_LDADD = $(HARVEST_LIBS) $(BASE_LIBS)

dist_check_SCRIPTS += tests/bats/nx-harvest.bats tests/bats/nx-harvest-ical.bats tests/bats/nx-harvest-nemo.bats tests/bats/nx-harvest-servers.bats tests/servers/replay-nemo \
	tests/servers/scripted-http
EXTRA_DIST += tests/bats/nx-harvest.bash
TESTS += tests/bats/nx-harvest.bats tests/bats/nx-harvest-ical.bats tests/bats/nx-harvest-nemo.bats tests/bats/nx-harvest-servers.bats

dist_man_MANS += share/man/nx-harvest.1
