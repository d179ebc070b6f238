# lib/config — the settings table and the .env file.
noinst_LIBRARIES += lib/config/libconfig.a
lib_config_libconfig_a_SOURCES = lib/config/nx-config.h lib/config/table.c lib/config/dotenv.h lib/config/dotenv.c lib/config/rewrite.c \
	lib/config/addresses.h lib/config/addresses.c lib/config/values.h lib/config/values.c lib/config/sources.h lib/config/sources.c \
	lib/config/problems.h lib/config/problems.c lib/config/loading.h lib/config/settings.c lib/config/harvesters.c lib/config/dump.c lib/config/environment.c \
	lib/config/flatten.c lib/config/save.c lib/config/check.h lib/config/check.c lib/config/migrate.h lib/config/migrate.c \
	lib/config/toml.h lib/config/toml.c lib/config/toml-values.c
CONFIG_LIBS = lib/config/libconfig.a

bin_PROGRAMS += bin/nx-config
bin_nx_config_SOURCES = bin/nx-config.c
bin_nx_config_LDADD = $(CONFIG_LIBS) $(LISTING_LIBS) $(BASE_LIBS)

# The manual page of the settings is made from their table.
noinst_PROGRAMS += lib/config/make-manual
lib_config_make_manual_SOURCES = lib/config/manual.c
lib_config_make_manual_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
dist_man_MANS += share/man/nx-config.1
nodist_man5_MANS = share/man/nexuslims-config.5
share/man/nexuslims-config.5: lib/config/make-manual$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) share/man && lib/config/make-manual$(EXEEXT) >$@.part && mv $@.part $@
CLEANFILES += share/man/nexuslims-config.5

check_PROGRAMS += tests/unit/test-config-dotenv tests/unit/test-config tests/unit/test-config-write tests/unit/test-config-toml
TESTS += tests/unit/test-config-dotenv tests/unit/test-config tests/unit/test-config-write tests/unit/test-config-toml tests/bats/nx-config.bats
dist_check_SCRIPTS += tests/bats/nx-config.bats
tests_unit_test_config_dotenv_SOURCES = tests/unit/test-config-dotenv.c
tests_unit_test_config_dotenv_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_config_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
tests_unit_test_config_write_SOURCES = tests/unit/test-config-write.c
tests_unit_test_config_write_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
tests_unit_test_config_toml_SOURCES = tests/unit/test-config-toml.c
tests_unit_test_config_toml_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
