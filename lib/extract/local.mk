# lib/extract — one data file → metadata and preview.
include lib/extract/dm.mk
include lib/extract/preview/local.mk
include lib/extract/hdf5.mk

noinst_LIBRARIES += lib/extract/libextract.a
lib_extract_libextract_a_SOURCES = lib/extract/nx-extract.h lib/extract/bytes.c lib/extract/array.c lib/extract/signal.c \
	lib/extract/meta.c lib/extract/meta-schema.c lib/extract/formats.h lib/extract/registry.c lib/extract/basic.c \
	lib/extract/decimal.c lib/extract/decimal.h lib/extract/ini.c lib/extract/ini.h lib/extract/tiff-tags.c lib/extract/tiff-tags.h \
	lib/extract/xml-object.c lib/extract/xml-object.h lib/extract/fei-text.c lib/extract/fei-text.h lib/extract/fei-tiff.c \
	lib/extract/orion-tiff.c lib/extract/orion-fields.c lib/extract/orion-fields.h lib/extract/tescan-tiff.c \
	lib/extract/tescan-text.c lib/extract/tescan-text.h \
	lib/extract/written-quantity.c lib/extract/written-quantity.h lib/extract/smartsem.c lib/extract/jeol-tiff.c lib/extract/ome-tiff.c \
	lib/extract/mrc.c lib/extract/mrc-fei.c lib/extract/mrc-fei.h lib/extract/mrc-mdoc.c lib/extract/mrc-mdoc.h \
	lib/extract/bruker-bcf.c lib/extract/bruker-bcf-container.c lib/extract/bruker-bcf-container.h \
	lib/extract/profiles.c lib/extract/profiles.h lib/extract/profile-values.c lib/extract/profile-values.h \
	lib/extract/sandbox.c lib/extract/sandbox.h lib/extract/worker.c lib/extract/worker.h lib/extract/child-log.c lib/extract/child-log.h lib/extract/input.c lib/extract/input.h \
	lib/extract/pipeline.c lib/extract/pipeline.h lib/extract/outcome.c lib/extract/outcome.h lib/extract/outputs.c lib/extract/outputs.h \
	lib/extract/plugins.c lib/extract/plugins.h lib/extract/rewind.c lib/extract/rewind.h lib/extract/reader.c lib/extract/reader.h \
	lib/extract/samples.c lib/extract/samples.h lib/extract/job.c lib/extract/job.h lib/extract/extractor.c \
	lib/extract/settings.c lib/extract/settings.h \
	$(EXTRACT_DM_SOURCES) $(EXTRACT_HDF5_SOURCES) $(EXTRACT_PREVIEW_SOURCES)
lib_extract_libextract_a_CFLAGS = $(AM_CFLAGS) $(TIFF_CFLAGS) $(PIXBUF_CFLAGS) $(CAIRO_CFLAGS) $(XML_CFLAGS) $(SECCOMP_CFLAGS) $(HDF5_CFLAGS)
EXTRACT_LIBS = lib/extract/libextract.a $(TIFF_LIBS) $(PIXBUF_LIBS) $(CAIRO_LIBS) $(DEFLATE_LIBS) $(ZLIB_LIBS) $(XML_LIBS) $(SECCOMP_LIBS) $(HDF5_LIBS) $(ZSTD_LIBS) $(SNAPPY_LIBS) $(NX_JQ_LIBS)

check_PROGRAMS += tests/unit/test-extract-formats
TESTS += tests/unit/test-extract-formats
tests_unit_test_extract_formats_SOURCES = tests/unit/test-extract-formats.c tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_extract_formats_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

SHARE_FILES += share/profiles/FEI-Titan-STEM.jq share/profiles/FEI-Titan-TEM.jq share/profiles/JEOL-JEM-TEM.jq

check_PROGRAMS += tests/unit/test-extract-profiles
TESTS += tests/unit/test-extract-profiles
tests_unit_test_extract_profiles_SOURCES = tests/unit/test-extract-profiles.c
tests_unit_test_extract_profiles_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-extract-sandbox
TESTS += tests/unit/test-extract-sandbox
tests_unit_test_extract_sandbox_SOURCES = tests/unit/test-extract-sandbox.c
tests_unit_test_extract_sandbox_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-extract-outcome
TESTS += tests/unit/test-extract-outcome
tests_unit_test_extract_outcome_SOURCES = tests/unit/test-extract-outcome.c
tests_unit_test_extract_outcome_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-extract-reader
TESTS += tests/unit/test-extract-reader
tests_unit_test_extract_reader_SOURCES = tests/unit/test-extract-reader.c
tests_unit_test_extract_reader_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-extract-hostile
TESTS += tests/unit/test-extract-hostile
tests_unit_test_extract_hostile_SOURCES = tests/unit/test-extract-hostile.c tests/unit/hostile.h tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_extract_hostile_CFLAGS = $(lib_extract_libextract_a_CFLAGS) -I$(srcdir)/tests/fuzz
tests_unit_test_extract_hostile_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=nx_png_encode
tests_unit_test_extract_hostile_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-vendors
TESTS += tests/unit/test-vendors
VENDOR_TEST_SOURCES = tests/unit/test-vendors-reading.c tests/unit/test-vendors-reading.h tests/unit/test-vendors-samples.c \
	tests/unit/test-vendors-samples.h tests/generate/vendor-write.c tests/generate/vendor-write.h
tests_unit_test_vendors_SOURCES = tests/unit/test-vendors.c $(VENDOR_TEST_SOURCES) tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_vendors_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_vendors_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-vendors-mrc
TESTS += tests/unit/test-vendors-mrc
tests_unit_test_vendors_mrc_SOURCES = tests/unit/test-vendors-mrc.c $(VENDOR_TEST_SOURCES)
tests_unit_test_vendors_mrc_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_vendors_mrc_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-vendors-hostile
TESTS += tests/unit/test-vendors-hostile
tests_unit_test_vendors_hostile_SOURCES = tests/unit/test-vendors-hostile.c tests/unit/test-vendors-samples.c tests/unit/test-vendors-samples.h \
	tests/generate/vendor-write.c tests/generate/vendor-write.h
tests_unit_test_vendors_hostile_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

bin_PROGRAMS += bin/nx-extract
bin_nx_extract_SOURCES = bin/nx-extract.c bin/nx-extract-pipe.h bin/nx-extract-pipe.c
# Symbols are looked up once and for all, not by every process that is forked.
bin_nx_extract_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now
bin_nx_extract_LDADD = $(EXTRACT_LIBS) $(CONFIG_LIBS) $(CLI_LIBS) $(BASE_LIBS)

EXTRACT_BATS = tests/bats/nx-extract.bats tests/bats/nx-extract-plugins.bats tests/bats/nx-extract-file.bats
dist_check_SCRIPTS += $(EXTRACT_BATS)
TESTS += $(EXTRACT_BATS)
EXTRA_DIST += tests/bats/nx-extract.bash

dist_man_MANS += share/man/nx-extract.1 share/man/nexuslims-profiles.7
SHARE_FILES += share/examples/nx-extract-xyz
dist_check_SCRIPTS += tests/bats/nexuslims-profiles.bats
TESTS += tests/bats/nexuslims-profiles.bats
