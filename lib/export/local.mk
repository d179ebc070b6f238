# lib/export — destinations and strategies.
noinst_LIBRARIES += lib/export/libexport.a
lib_export_libexport_a_SOURCES = lib/export/nx-export.h lib/export/copy.h lib/export/copy.c lib/export/destinations.c lib/export/destinations.h lib/export/exporter.c \
	lib/export/exporter.h lib/export/validate.c lib/export/publish.c lib/export/context.c lib/export/context.h lib/export/result.c lib/export/result.h \
	lib/export/filter.c lib/export/remote.c lib/export/remote.h lib/export/session-page.c lib/export/session-page.h \
	lib/export/cdcs.c lib/export/elabftw.c lib/export/labarchives.c lib/export/labarchives.h lib/export/labarchives-call.c \
	lib/export/labarchives-entries.c lib/export/labarchives-who.c lib/export/plugin.c lib/export/plugin.h lib/export/site.c lib/export/site.h \
	lib/export/site-place.c lib/export/site-record.c lib/export/site-index.c
lib_export_libexport_a_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS) $(XSLT_CFLAGS) $(CURL_CFLAGS)
EXPORT_LIBS = lib/export/libexport.a $(HTTP_LIBS) $(XSLT_LIBS) $(XML_LIBS)
dist_man_MANS += share/man/nx-export.1
SHARE_FILES += share/site/index.html share/site/record.xsl share/site/site.css share/site/site.js share/examples/nx-export-folder

bin_PROGRAMS += bin/nx-export
bin_nx_export_SOURCES = bin/nx-export.c
bin_nx_export_LDADD = $(EXPORT_LIBS) $(CONFIG_LIBS) $(CLI_LIBS) $(BASE_LIBS)

EXPORT_BATS = tests/bats/nx-export.bats tests/bats/nx-export-repositories.bats tests/bats/nx-export-labarchives.bats \
	tests/bats/nx-export-tls.bats tests/bats/nx-export-plugins.bats tests/bats/nx-export-jobs.bats
dist_check_SCRIPTS += tests/corpus/export-scripts $(EXPORT_BATS)
TESTS += tests/corpus/export-scripts $(EXPORT_BATS)
EXTRA_DIST += tests/bats/nx-export.bash tests/servers/repositories

check_PROGRAMS += tests/unit/test-export tests/unit/test-export-entries
TESTS += tests/unit/test-export tests/unit/test-export-entries
tests_unit_test_export_entries_SOURCES = tests/unit/test-export-entries.c
tests_unit_test_export_entries_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS)
tests_unit_test_export_entries_LDADD = $(EXPORT_LIBS) $(CONFIG_LIBS) $(BASE_LIBS)
tests_unit_test_export_SOURCES = tests/unit/test-export.c
tests_unit_test_export_LDADD = $(EXPORT_LIBS) $(CONFIG_LIBS) $(BASE_LIBS)
