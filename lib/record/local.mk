# lib/record — datasets, setup parameters, the XML record and its schema.
noinst_LIBRARIES += lib/record/librecord.a
lib_record_librecord_a_SOURCES = lib/record/nx-record.h lib/record/build.c lib/record/datasets.h lib/record/datasets.c lib/record/document.h \
	lib/record/document.c lib/record/names.h lib/record/names.c lib/record/parameters.h \
	lib/record/parameters.c lib/record/pool.c lib/record/schema.c lib/record/units.h lib/record/units.c lib/record/values.h lib/record/values.c
lib_record_librecord_a_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS)
RECORD_LIBS = lib/record/librecord.a $(XML_LIBS)
SHARE_FILES += share/schema/nexus-experiment.xsd share/schema/lines.json

bin_PROGRAMS += bin/nx-build-xml
bin_nx_build_xml_SOURCES = bin/nx-build-xml.c
bin_nx_build_xml_LDADD = $(RECORD_LIBS) $(CLI_LIBS) $(CONFIG_LIBS) $(BASE_LIBS)

dist_man_MANS += share/man/nx-build-xml.1

check_PROGRAMS += tests/unit/test-record tests/unit/test-record-schema
TESTS += tests/unit/test-record tests/unit/test-record-schema tests/bats/nx-build-xml.bats
dist_check_SCRIPTS += tests/bats/nx-build-xml.bats
EXTRA_DIST += tests/check-lines tests/session-of-case
tests_unit_test_record_SOURCES = tests/unit/test-record.c
tests_unit_test_record_LDADD = $(RECORD_LIBS) $(BASE_LIBS)
tests_unit_test_record_schema_SOURCES = tests/unit/test-record-schema.c
tests_unit_test_record_schema_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS)
tests_unit_test_record_schema_LDADD = $(RECORD_LIBS) $(BASE_LIBS)
