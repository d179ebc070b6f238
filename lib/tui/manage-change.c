/* manage-change.c — adding, editing, deleting and undoing in `instruments manage` (tui §2.3 to §2.6). */
#include "manage.h"

#include "box.h"
#include "instrument-form.h"
#include "nx-db.h"

#include <curses.h>

/* ------------------------------------------------------------------------------------------------ the change before */

static void remember(NxManage *manage, const NxInstrument *before, const NxInstrument *after)
{
  nx_instrument_free(manage->undo_before);
  nx_instrument_free(manage->undo_after);
  manage->undo_before = nx_instrument_copy(before);
  manage->undo_after = nx_instrument_copy(after);
}

static void read_again(NxManage *manage, const char *pid)
{
  g_autoptr(GError) error = NULL;
  if (!nx_manage_load(manage, pid, &error))
    nx_notice(NX_ROLE_ERROR, "Failed to read the instruments: %s", error->message);
}

/* Said before something that may take longer than a person likes to wait for the screen. */
static void busy(const char *doing)
{
  nx_notice(NX_ROLE_WARNING, "%s", doing);
  nx_screen_show();
}

/* ----------------------------------------------------------------------------------------------------------- delete */

static char *delete_question(const NxInstrument *instrument, gint64 sessions)
{
  GString *question = g_string_new(NULL);
  g_string_printf(question, "Delete instrument '%s'?", instrument->values[NX_INSTRUMENT_PID]);
  if (sessions)
    g_string_append_printf(question, "\n\nWarning: it has %" G_GINT64_FORMAT " session log %s. They stay in the database but will point to nothing.",
                           sessions, sessions == 1 ? "entry" : "entries");
  if (!nx_instrument_can_return(instrument, NULL))
    g_string_append(question, "\n\nWarning: it holds bytes that are no text. This cannot be undone.");
  return g_string_free(question, FALSE);
}

/* PostgreSQL lets no row go that others name (database §7.3): there is nothing to ask. */
static void say_that_sessions_keep_it(const char *pid, gint64 sessions)
{
  g_autofree char *text = g_strdup_printf("Instrument '%s' has %" G_GINT64_FORMAT " session log %s. PostgreSQL keeps an instrument as long as sessions "
                                          "name it.", pid, sessions, sessions == 1 ? "entry" : "entries");
  nx_box_say("Cannot Delete", text);
}

/* Asks before the instrument goes, and says what depends on it. */
static gboolean may_go(NxManage *manage, const NxInstrument *instrument, gboolean asks_always, const char *doing)
{
  const char *pid = instrument->values[NX_INSTRUMENT_PID];
  g_autoptr(GError) error = NULL;
  gint64 sessions = 0;
  busy("Counting its sessions...");
  if (!nx_store_count_sessions(manage->address, pid, &sessions, &error)) {
    nx_notice(NX_ROLE_ERROR, "Failed to %s: %s", doing, error->message);
    return FALSE;
  }
  nx_notice_clear();
  nx_manage_draw(manage);
  if (sessions && g_strcmp0(nx_db_engine(manage->address), "postgresql") == 0) {
    say_that_sessions_keep_it(pid, sessions);
    return FALSE;
  }
  g_autofree char *question = delete_question(instrument, sessions);
  return (!sessions && !asks_always) || nx_box_ask("Confirm Delete", question);
}

void nx_manage_delete(NxManage *manage)
{
  g_autoptr(NxInstrument) before = nx_instrument_copy(nx_manage_selected(manage));
  g_autoptr(NxInstrument) now = NULL;
  g_autoptr(GError) error = NULL;
  if (!before || !may_go(manage, before, TRUE, "delete instrument"))
    return;
  const char *pid = before->values[NX_INSTRUMENT_PID];
  busy("Writing to the database...");
  switch (nx_store_delete(manage->address, before, &now, &error)) {
  case NX_STORE_DONE:
    remember(manage, before, NULL);
    nx_notice(NX_ROLE_SUCCESS, "Deleted instrument: %s", pid);
    break;
  case NX_STORE_FAILED:
    nx_notice(NX_ROLE_ERROR, "Failed to delete instrument: %s", error->message);
    return;
  case NX_STORE_CHANGED:
    nx_notice(NX_ROLE_WARNING, "Not deleted: somebody else changed %s meanwhile; look again", pid);
    break;
  case NX_STORE_GONE:
    nx_notice(NX_ROLE_WARNING, "%s was already deleted by somebody else", pid);
    break;
  }
  read_again(manage, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- undo */

void nx_manage_undo(NxManage *manage)
{
  const NxInstrument *before = manage->undo_before, *after = manage->undo_after;
  if (!before && !after) {
    nx_notice(NX_ROLE_WARNING, "There is nothing to undo");
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(NxInstrument) now = NULL;
  g_autofree char *pid = g_strdup((before ? before : after)->values[NX_INSTRUMENT_PID]);
  if (before && !nx_instrument_can_return(before, after)) {
    remember(manage, NULL, NULL);
    nx_notice(NX_ROLE_WARNING, "Not undone: %s held bytes that are no text, and were never read", pid);
    return;
  }
  if (!before && !may_go(manage, after, FALSE, "undo"))
    return;
  busy("Writing to the database...");
  NxStoreResult result = !before  ? nx_store_delete(manage->address, after, &now, &error)
                         : !after ? nx_store_insert(manage->address, before, &error)
                                  : nx_store_update(manage->address, after, before, &now, &error);
  if (result == NX_STORE_FAILED) {
    nx_notice(NX_ROLE_ERROR, "Failed to undo: %s", error->message);
    return;
  }
  remember(manage, NULL, NULL);
  read_again(manage, pid);
  if (result == NX_STORE_DONE)
    nx_notice(NX_ROLE_SUCCESS, "Undone: %s %s", pid, !before ? "is deleted again" : !after ? "is back" : "is as it was");
  else
    nx_notice(NX_ROLE_WARNING, "Not undone: somebody else changed %s meanwhile", pid);
}

/* --------------------------------------------------------------------------------------------------- two versions */

typedef enum { KEEP_MINE, TAKE_THEIRS, GO_BACK } Choice;

typedef struct {
  const NxInstrument *mine, *theirs;
  char *name;
} Versions;

static const char *version_cell(gpointer data, guint row, guint column)
{
  Versions *versions = data;
  gboolean differs = g_strcmp0(versions->mine->values[row], versions->theirs->values[row]) != 0;
  if (column > 0)
    return (column == 1 ? versions->mine : versions->theirs)->values[row];
  g_free(versions->name);
  versions->name = g_strconcat(differs ? "≠ " : "  ", nx_instrument_label(row), NULL);
  return versions->name;
}

static void read_both(const Versions *versions, guint column)
{
  const char *mine = versions->mine->values[column], *theirs = versions->theirs->values[column];
  g_autofree char *text = g_strdup_printf("Your version:\n%s\n\nVersion in the database:\n%s", mine ? mine : "NULL", theirs ? theirs : "NULL");
  nx_box_read(nx_instrument_label(column), text);
}

static Choice choose_version(const NxInstrument *mine, const NxInstrument *theirs)
{
  static const char *const TITLES[] = {"Field", "Your version", "Version in the database"};
  static const NxKeyRow KEYS[] = {{'k', "k", "Keep mine", NULL, KEEP_MINE + 1}, {'t', "t", "Take theirs", NULL, TAKE_THEIRS + 1},
                                  {NX_KEY_ENTER, "Enter", "Both in full", NULL, 0},
                                  {NX_KEY_ESCAPE, "Esc", "Back to the form", NULL, GO_BACK + 1}, {0}};
  Versions versions = {.mine = mine, .theirs = theirs};
  NxGrid grid = {.titles = TITLES, .columns = G_N_ELEMENTS(TITLES), .rows = NX_INSTRUMENT_COLUMNS, .cell = version_cell, .data = &versions,
                 .widest = (guint)MAX((nx_screen_columns() - 24) / 2, 16), .sorted = -1};
  int action = 0;
  nx_grid_measure(&grid);
  while (!action && !nx_screen_is_quitting()) {
    nx_screen_begin("Changed by somebody else", mine->values[NX_INSTRUMENT_PID]);
    nx_draw(1, 1, nx_screen_columns() - 2, NX_ROLE_WARNING, "Somebody else saved this instrument while you were editing it.");
    nx_grid_draw(&grid, 3, nx_screen_body_rows() - 2, TRUE);
    nx_keys_draw(KEYS);
    nx_screen_show();
    int key = nx_screen_key(-1);
    NxGridResult result = nx_grid_key(&grid, key);
    if (result == NX_GRID_OPENED)
      read_both(&versions, grid.cursor);
    else if (result == NX_GRID_IGNORED)
      action = nx_keys_action(KEYS, key);
  }
  nx_grid_clear(&grid);
  g_free(versions.name);
  return action ? (Choice)(action - 1) : GO_BACK;
}

/* ------------------------------------------------------------------------------------------------------------- form */

enum { SAVE = 1, CANCEL, HELP };

static const NxKeyRow FORM_KEYS[] = {
  {NX_CTRL('S'), "^S", "Save", "save", SAVE},
  {NX_KEY_ESCAPE, "Esc", "Cancel", "leave without saving", CANCEL},
  {NX_KEY_TAB, "Tab", "Next", "next field, Shift+Tab the one before", 0},
  {NX_KEY(KEY_F(3)), "F3", "Choose", "choose from a list: time zone, harvester", 0},
  {NX_KEY(KEY_F(1)), "F1", "Help", "this help (also ? outside a text field)", HELP},
  {'?', NULL, NULL, NULL, HELP},
  {0},
};

typedef struct {
  NxManage *manage;
  NxForm form;
  NxInstrumentChecks checks;
  const NxInstrument *before;   /* what the database is believed to hold; NULL: a new one */
  NxInstrument *reread;         /* owns `before` after a conflict */
  char *title;
  gboolean refused;             /* the list of errors is shown */
} Editor;

static void draw_problems(const Editor *editor, int row, int lines)
{
  nx_draw(row, 1, nx_screen_columns() - 2, NX_ROLE_ERROR, "Validation errors:");
  for (guint i = 0, line = 1; i < editor->form.fields->len && (int)line < lines; i++) {
    const NxField *field = editor->form.fields->pdata[i];
    if (!field->error)
      continue;
    g_autofree char *text = g_strdup_printf("  • %s", field->error);
    nx_draw(row + (int)line++, 1, nx_screen_columns() - 2, NX_ROLE_ERROR, text);
  }
}

static void draw_editor(Editor *editor)
{
  guint errors = nx_form_check(&editor->form);
  editor->refused = editor->refused && errors;
  int body = nx_screen_body_rows(), box = editor->refused ? MIN((int)errors + 1, MAX(body / 2, 2)) : 0;
  nx_screen_begin(editor->title, NULL);
  nx_form_draw(&editor->form, 1, body - box);
  nx_form_draw_remark(&editor->form);
  if (box)
    draw_problems(editor, 1 + body - box, box);
  nx_keys_draw(FORM_KEYS);
  nx_screen_show();
}

static void refuse_save(Editor *editor, guint errors)
{
  g_autoptr(GString) names = g_string_new(NULL);
  const NxField *first = NULL;
  for (guint i = 0; i < editor->form.fields->len; i++) {
    const NxField *field = editor->form.fields->pdata[i];
    if (!field->error)
      continue;
    g_string_append_printf(names, "%s%s", names->len ? ", " : "", field->name);
    first = first ? first : field;
  }
  editor->form.shows_all = TRUE;
  editor->refused = TRUE;
  nx_form_focus(&editor->form, first);
  nx_notice(NX_ROLE_ERROR, "Validation failed: %u error(s) in %s. See details at bottom of form.", errors, names->str);
}

/* From now on the row in the database is `now`. */
static void rebase(Editor *editor, NxInstrument *now)
{
  nx_instrument_free(editor->reread);
  editor->reread = now;
  editor->before = now;
}

static gboolean store(Editor *editor, const NxInstrument *after);

static gboolean settle_conflict(Editor *editor, const NxInstrument *after, NxInstrument *now)
{
  Choice choice = choose_version(after, now);
  rebase(editor, now);
  if (choice == TAKE_THEIRS)
    nx_instrument_form_fill(&editor->form, now);
  return choice == KEEP_MINE && store(editor, after);
}

/* TRUE: it is in the database, and the form is done. */
static gboolean store(Editor *editor, const NxInstrument *after)
{
  NxManage *manage = editor->manage;
  const NxInstrument *before = editor->before;
  g_autoptr(GError) error = NULL;
  NxInstrument *now = NULL;
  const char *pid = after->values[NX_INSTRUMENT_PID], *doing = before ? "update" : "create";
  busy("Writing to the database...");
  NxStoreResult result = before ? nx_store_update(manage->address, before, after, &now, &error) : nx_store_insert(manage->address, after, &error);
  switch (result) {
  case NX_STORE_CHANGED:
    nx_notice_clear();
    return settle_conflict(editor, after, now);
  case NX_STORE_GONE:
    nx_notice(NX_ROLE_ERROR, "Failed to %s instrument: somebody else deleted %s meanwhile", doing, pid);
    return FALSE;
  case NX_STORE_FAILED:
    nx_notice(NX_ROLE_ERROR, "Failed to %s instrument: %s", doing, error->message);
    return FALSE;
  default:
    break;
  }
  remember(manage, before, after);
  read_again(manage, pid);
  nx_notice(NX_ROLE_SUCCESS, "%s instrument: %s", before ? "Updated" : "Created", pid);
  return TRUE;
}

static gboolean save(Editor *editor)
{
  guint errors = nx_form_check(&editor->form);
  if (errors) {
    refuse_save(editor, errors);
    return FALSE;
  }
  g_autoptr(NxInstrument) after = nx_instrument_form_read(&editor->form, editor->before);
  return store(editor, after);
}

/* TRUE: the form is done. */
static gboolean act(Editor *editor, int action)
{
  if (action == HELP)
    nx_keys_help(editor->title, FORM_KEYS);
  return action == CANCEL || (action == SAVE && save(editor));
}

static int action_of_button(const Editor *editor)
{
  return g_str_equal(nx_form_focused(&editor->form)->name, "save") ? SAVE : CANCEL;
}

void nx_manage_edit(NxManage *manage, const NxInstrument *before)
{
  Editor editor = {.manage = manage, .before = before};
  nx_instrument_checks_init(&editor.checks, manage->instruments, before);
  nx_instrument_form_make(&editor.form, &editor.checks);
  nx_form_add(&editor.form, NX_FIELD_BUTTON, "save", "Save (Ctrl+S)", "");
  nx_form_add(&editor.form, NX_FIELD_BUTTON, "cancel", "Cancel (Esc)", "");
  editor.title = before ? g_strdup_printf("Edit Instrument: %s", before->values[NX_INSTRUMENT_PID]) : g_strdup("Add New Instrument");
  gboolean done = FALSE;
  while (!done && !nx_screen_is_quitting()) {
    draw_editor(&editor);
    int key = nx_screen_key(-1);
    NxFormResult result = nx_form_key(&editor.form, key);
    if (result == NX_FORM_PRESSED)
      done = act(&editor, action_of_button(&editor));
    else if (result == NX_FORM_IGNORED)
      done = act(&editor, nx_keys_action(FORM_KEYS, key));
  }
  nx_form_clear(&editor.form);
  nx_instrument_checks_clear(&editor.checks);
  nx_instrument_free(editor.reread);
  g_free(editor.title);
}
