# lib/config — the settings table and the .env file.
noinst_LIBRARIES += lib/config/libconfig.a
lib_config_libconfig_a_SOURCES = lib/config/nx-config.h lib/config/dotenv.h lib/config/dotenv.c lib/config/rewrite.c
CONFIG_LIBS = lib/config/libconfig.a

check_PROGRAMS += tests/unit/test-config-dotenv
TESTS += tests/unit/test-config-dotenv
tests_unit_test_config_dotenv_SOURCES = tests/unit/test-config-dotenv.c
tests_unit_test_config_dotenv_LDADD = $(CONFIG_LIBS) $(BASE_LIBS)
