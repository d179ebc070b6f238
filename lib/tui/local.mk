# lib/tui — the toolkit on ncursesw and libdialog, and the full-screen programs made with it.
noinst_LIBRARIES += lib/tui/libtui.a
lib_tui_libtui_a_SOURCES = lib/tui/nx-tui.h lib/tui/cells.h lib/tui/cells.c lib/tui/theme.h lib/tui/theme.c lib/tui/restore.h lib/tui/restore.c \
	lib/tui/screen.h lib/tui/screen.c lib/tui/keyboard.h lib/tui/keyboard.c lib/tui/keys.h lib/tui/keys.c lib/tui/input.h lib/tui/input.c lib/tui/grid.h lib/tui/grid.c \
	lib/tui/box.h lib/tui/box.c lib/tui/zones.h lib/tui/zones.c lib/tui/rules.h lib/tui/rules.c lib/tui/form.h lib/tui/form.c \
	lib/tui/form-draw.c lib/tui/store.h lib/tui/store.c lib/tui/instrument-form.h lib/tui/instrument-form.c lib/tui/manage.h \
	lib/tui/manage.c lib/tui/manage-change.c lib/tui/tabs.h lib/tui/tabs.c lib/tui/browse.h lib/tui/browse.c \
	lib/tui/browse-parts.h lib/tui/browse-sql.c lib/tui/browse-rows.c lib/tui/browse-answer.c lib/tui/view.h \
	lib/tui/view.c lib/tui/view-structure.c lib/tui/edit.h lib/tui/edit.c lib/tui/edit-fields.c lib/tui/edit-check.c lib/tui/edit-save.c \
	lib/tui/edit-try.c lib/tui/edit-uid.c
lib_tui_libtui_a_CFLAGS = $(AM_CFLAGS) $(NCURSES_CFLAGS)
# Whoever reads a key, libdialog too, gets it from lib/tui/keyboard.c.
WRAP_KEYS = -Wl,--wrap=wget_wch
TUI_LIBS = lib/tui/libtui.a $(DB_LIBS) $(CONFIG_LIBS) $(DIALOG_LIBS) $(NCURSES_LIBS)

bin_PROGRAMS += bin/nx-tui
bin_nx_tui_SOURCES = bin/nx-tui.c
bin_nx_tui_LDFLAGS = $(AM_LDFLAGS) $(WRAP_KEYS)
bin_nx_tui_LDADD = $(TUI_LIBS) $(CLI_LIBS) $(BASE_LIBS)

bin_PROGRAMS += bin/nx-tui-probe
bin_nx_tui_probe_SOURCES = bin/nx-tui-probe.c
bin_nx_tui_probe_LDADD = $(EXPORT_LIBS) $(MAIL_LIBS) $(CLI_LIBS) $(BASE_LIBS)

TUI_BATS = tests/tui/instruments-manage.bats tests/tui/instruments-manage-terminal.bats tests/tui/db-view.bats tests/tui/config-edit.bats \
	tests/tui/config-edit-boxes.bats tests/tui/connections.bats tests/tui/postgresql.bats
dist_check_SCRIPTS += $(TUI_BATS)
TESTS += $(TUI_BATS)
EXTRA_DIST += tests/tui/screen.bash tests/tui/instruments-manage.bash tests/tui/config-edit.bash tests/bench/screens.py

check_PROGRAMS += tests/unit/test-tui
TESTS += tests/unit/test-tui
tests_unit_test_tui_SOURCES = tests/unit/test-tui.c
tests_unit_test_tui_LDFLAGS = $(AM_LDFLAGS) $(WRAP_KEYS)
tests_unit_test_tui_LDADD = $(TUI_LIBS) $(CLI_LIBS) $(BASE_LIBS)

dist_man_MANS += share/man/nx-tui.1
