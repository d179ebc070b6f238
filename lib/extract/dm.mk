# lib/extract — the sources of dm3, dm4, ser, spc and msa, and their tests.
EXTRACT_DM_SOURCES = lib/extract/dm.c lib/extract/dm-tags.h lib/extract/dm-tags.c lib/extract/dm-values.c \
	lib/extract/dm-image.h lib/extract/dm-image.c lib/extract/dm-marks.c lib/extract/dm-fields.h lib/extract/dm-fields.c \
	lib/extract/dm-meta.h lib/extract/dm-microscope.c lib/extract/dm-spectroscopy.c lib/extract/dm-sort.c \
	lib/extract/dm-raw.h lib/extract/dm-raw.c lib/extract/dm-tecnai.h lib/extract/dm-tecnai.c \
	lib/extract/tia.c lib/extract/tia-ser.h lib/extract/tia-ser.c lib/extract/tia-emi.h lib/extract/tia-emi.c \
	lib/extract/edax.h lib/extract/edax.c lib/extract/edax-spc.c lib/extract/msa.c

check_PROGRAMS += tests/unit/test-dm
TESTS += tests/unit/test-dm
tests_unit_test_dm_SOURCES = tests/unit/test-dm.c tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_dm_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
check_PROGRAMS += tests/unit/test-dm-hostile
TESTS += tests/unit/test-dm-hostile
tests_unit_test_dm_hostile_SOURCES = tests/unit/test-dm-hostile.c tests/unit/dm-writer.c tests/unit/dm-writer.h \
	tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_dm_hostile_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
check_PROGRAMS += tests/unit/test-tia
TESTS += tests/unit/test-tia
tests_unit_test_tia_SOURCES = tests/unit/test-tia.c tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_tia_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
check_PROGRAMS += tests/unit/test-edax
TESTS += tests/unit/test-edax
tests_unit_test_edax_SOURCES = tests/unit/test-edax.c tests/unit/extract-corpus.c tests/unit/extract-corpus.h
tests_unit_test_edax_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
