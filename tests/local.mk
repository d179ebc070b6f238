# Every test speaks TAP; bats files run through tests/tap-bats with the built programs first on PATH.
TEST_EXTENSIONS = .bats
BATS_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/tap-bats
# Debian's programs come before others of their names: the packages of scripts/setup are for them.
AM_TESTS_ENVIRONMENT = PATH="/usr/bin:/bin:$$PATH"; export PATH; NX_BUILD='$(abs_top_builddir)'; export NX_BUILD; NX_SOURCE='$(abs_top_srcdir)'; export NX_SOURCE; \
	G_TEST_SRCDIR='$(abs_top_srcdir)/tests'; export G_TEST_SRCDIR; LC_ALL=C.UTF-8; export LC_ALL;
EXTRA_DIST += tests/tap-bats tests/bats/lib.bash tests/cppcheck-suppressions
dist_check_SCRIPTS += tests/browser/catalogue
TESTS += tests/browser/catalogue
dist_check_SCRIPTS += tests/corpus/nemo-records tests/bats/main-job.bats tests/bats/scripts.bats
TESTS += tests/corpus/nemo-records tests/bats/main-job.bats tests/bats/scripts.bats
