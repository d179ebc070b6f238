# lib/base — text, time, JSON lines, log, files, processes; and http and jq, in libraries of their own.
noinst_LIBRARIES += lib/base/libbase.a lib/base/libhttp.a lib/base/libnxjq.a
lib_base_libbase_a_SOURCES = lib/base/nx-base.h lib/base/error.c lib/base/log.c lib/base/text.c lib/base/clock.c \
	lib/base/nx-date-format.h lib/base/date-format.c lib/base/json.c lib/base/lines.c lib/base/session.c lib/base/paths.c \
	lib/base/process.c lib/base/ask.c lib/base/library.c lib/base/formats.c lib/base/harvesters.c
lib_base_libhttp_a_SOURCES = lib/base/nx-http.h lib/base/http.c lib/base/nx-curl.h lib/base/curl.c
lib_base_libhttp_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
HTTP_LIBS = lib/base/libhttp.a
lib_base_libnxjq_a_SOURCES = lib/base/nx-jq.h lib/base/jq.c
NX_JQ_LIBS = lib/base/libnxjq.a $(JQ_LIBS)

check_PROGRAMS += tests/unit/test-base tests/unit/test-ask tests/unit/test-http-names
TESTS += tests/unit/test-base tests/unit/test-ask tests/unit/test-http-names
tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_LDADD = $(BASE_LIBS)
tests_unit_test_ask_SOURCES = tests/unit/test-ask.c
tests_unit_test_ask_LDADD = $(BASE_LIBS)
tests_unit_test_http_names_SOURCES = tests/unit/test-http-names.c
tests_unit_test_http_names_LDADD = $(HTTP_LIBS) $(BASE_LIBS)
