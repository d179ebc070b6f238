# lib/files — which files belong to a session, and how they fall into activities.
noinst_LIBRARIES += lib/files/libfiles.a
lib_files_libfiles_a_SOURCES = lib/files/nx-files.h lib/files/cluster.c lib/files/density.h lib/files/density.c lib/files/lattice.h \
	lib/files/lattice.c lib/files/dips.h lib/files/dips.c lib/files/filter.c lib/files/wanted.c lib/files/folder.h lib/files/folder.c \
	lib/files/walk.h lib/files/walk.c lib/files/ours.c lib/files/index.c lib/files/find.c
FILES_LIBS = lib/files/libfiles.a

bin_PROGRAMS += bin/nx-find-files
bin_nx_find_files_SOURCES = bin/nx-find-files.c
bin_nx_find_files_LDADD = $(FILES_LIBS) $(CLI_LIBS) $(CONFIG_LIBS) $(BASE_LIBS)

dist_man_MANS += share/man/nx-find-files.1

check_PROGRAMS += tests/unit/test-files-clusters tests/unit/test-files-walk
TESTS += tests/unit/test-files-clusters tests/unit/test-files-walk tests/bats/nx-find-files.bats
dist_check_SCRIPTS += tests/bats/nx-find-files.bats
tests_unit_test_files_clusters_SOURCES = tests/unit/test-files-clusters.c
tests_unit_test_files_clusters_LDADD = $(FILES_LIBS) $(BASE_LIBS)
tests_unit_test_files_walk_SOURCES = tests/unit/test-files-walk.c
tests_unit_test_files_walk_LDADD = $(FILES_LIBS) $(BASE_LIBS)
