# lib/mail — the error mail of a run.
noinst_LIBRARIES += lib/mail/libmail.a
lib_mail_libmail_a_SOURCES = lib/mail/nx-mail.h lib/mail/compose.c lib/mail/excerpt.h lib/mail/excerpt.c lib/mail/scan.c lib/mail/send.c
lib_mail_libmail_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
MAIL_LIBS = lib/mail/libmail.a $(HTTP_LIBS) $(CONFIG_LIBS)

bin_PROGRAMS += bin/nexuslims-mail
bin_nexuslims_mail_SOURCES = bin/nexuslims-mail.c
bin_nexuslims_mail_LDADD = $(MAIL_LIBS) $(CLI_LIBS) $(BASE_LIBS)

dist_check_SCRIPTS += tests/bats/nexuslims-mail.bats tests/servers/smtp-sink tests/servers/own-network
TESTS += tests/bats/nexuslims-mail.bats
EXTRA_DIST += tests/bats/mail-server.bash

check_PROGRAMS += tests/unit/test-mail
TESTS += tests/unit/test-mail
tests_unit_test_mail_SOURCES = tests/unit/test-mail.c
tests_unit_test_mail_LDADD = $(MAIL_LIBS) $(BASE_LIBS)

dist_man_MANS += share/man/nexuslims-mail.1
