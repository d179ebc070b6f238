# lib/extract — the sources of the formats that are HDF5 files, and their tests.
EXTRACT_HDF5_SOURCES = lib/extract/hdf5-file.h lib/extract/hdf5-heap.h lib/extract/hdf5-heap.c lib/extract/hdf5-guard.h lib/extract/hdf5-guard.c lib/extract/hdf5.c lib/extract/hdf5-driver.c lib/extract/hdf5-values.c lib/extract/hdf5-data.c \
	lib/extract/hdf5-chunks.h lib/extract/hdf5-chunks.c \
	lib/extract/hdf5-sequences.c lib/extract/tofwerk.h lib/extract/tofwerk.c lib/extract/tofwerk-figure.c lib/extract/tofwerk-ions.h \
	lib/extract/tofwerk-ions.c lib/extract/hdf5-fields.h lib/extract/hdf5-fields.c lib/extract/velox.c lib/extract/velox-operations.h \
	lib/extract/velox-operations.c lib/extract/hspy.c

check_PROGRAMS += tests/unit/test-hdf5 tests/unit/test-hdf5-opening tests/unit/test-velox tests/unit/test-hspy
TESTS += tests/unit/test-hdf5 tests/unit/test-hdf5-opening tests/unit/test-velox tests/unit/test-hspy
tests_unit_test_velox_SOURCES = tests/unit/test-velox.c tests/generate/hdf5-write.c tests/generate/hdf5-write.h
tests_unit_test_velox_CFLAGS = $(lib_extract_libextract_a_CFLAGS) -I$(srcdir)/tests/generate
tests_unit_test_velox_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_hspy_SOURCES = tests/unit/test-hspy.c tests/generate/hdf5-write.c tests/generate/hdf5-write.h
tests_unit_test_hspy_CFLAGS = $(lib_extract_libextract_a_CFLAGS) -I$(srcdir)/tests/generate
tests_unit_test_hspy_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_hdf5_opening_SOURCES = tests/unit/test-hdf5-opening.c tests/generate/hdf5-write.c tests/generate/hdf5-write.h
tests_unit_test_hdf5_opening_CFLAGS = $(lib_extract_libextract_a_CFLAGS) -I$(srcdir)/tests/generate
tests_unit_test_hdf5_opening_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_hdf5_SOURCES = tests/unit/test-hdf5.c tests/unit/extract-corpus.c tests/unit/extract-corpus.h \
	tests/generate/hdf5-write.c tests/generate/hdf5-write.h
tests_unit_test_hdf5_CFLAGS = $(lib_extract_libextract_a_CFLAGS) -I$(srcdir)/tests/generate
tests_unit_test_hdf5_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
