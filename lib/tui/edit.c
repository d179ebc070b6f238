/* edit.c — `config edit`: tabs of settings, with the questions before leaving and saving (tui §4). */
#include "edit.h"

#include "box.h"
#include "keys.h"
#include "nx-tui.h"
#include "tabs.h"

#include <curses.h>
#include <string.h>

#define LARGEST_FILE (16u * 1024u * 1024u)

enum { SAVE = 1, CANCEL, FIELD_HELP, NEXT_TAB, PREVIOUS_TAB, HELP };

static const NxKeyRow KEYS[] = {
  {NX_CTRL('S'), "^S", "Save", "save, and leave", SAVE},
  {NX_KEY_ESCAPE, "Esc", "Cancel", "leave; asks when something was changed", CANCEL},
  {NX_KEY(KEY_F(1)), "F1", "Field help", "what the field is for", FIELD_HELP},
  {'>', "< >", "Tabs", "the tab before, the next tab, outside text fields (anywhere: Ctrl+PgUp, Ctrl+PgDn)", NEXT_TAB},
  {'<', NULL, NULL, NULL, PREVIOUS_TAB},
  {NX_KEY_NEXT_TAB, "^PgDn", "Next tab", "the next tab, Ctrl+PgUp the tab before", NEXT_TAB},
  {NX_KEY_PREVIOUS_TAB, NULL, NULL, NULL, PREVIOUS_TAB},
  {NX_KEY(KEY_F(2)), "F2", "Reveal", "show or hide a secret", 0},
  {NX_KEY(KEY_F(3)), "F3", "Choose", "choose a folder, a file, a time zone; edit a text of several lines", 0},
  {'?', "?", NULL, NULL, HELP},
  {0},
};

/* What would be typed into the field is not offered. */
static void draw_keys(const NxEdit *edit)
{
  NxKeyRow shown[G_N_ELEMENTS(KEYS)];
  gboolean is_typed = nx_form_takes_text(&edit->forms[edit->tab]);
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
    shown[i] = KEYS[i];
    if (is_typed && KEYS[i].key >= ' ' && KEYS[i].key < 0x7f)
      shown[i].label = NULL;
  }
  nx_keys_draw(shown);
}

static void draw(NxEdit *edit)
{
  g_autofree char *now = nx_edit_snapshot(edit);
  nx_screen_begin(edit->title, g_str_equal(now, edit->start) ? NULL : "changed");
  nx_tabs_draw(nx_edit_tabs, edit->tab, 1);
  nx_form_draw(&edit->forms[edit->tab], 3, nx_screen_body_rows() - 2);
  nx_form_draw_remark(&edit->forms[edit->tab]);
  draw_keys(edit);
  nx_screen_show();
}

static void show_field_help(const NxEdit *edit)
{
  const NxField *field = nx_form_focused(&edit->forms[edit->tab]);
  const NxSetting *setting = field ? nx_setting_find(field->name, NULL) : NULL;
  if (!setting || !setting->help) {
    nx_notice(NX_ROLE_WARNING, "No extended help available for %s.", field ? field->name : "this");
    return;
  }
  g_autofree char *text = g_strdup_printf("%s\n\n%s", setting->summary, setting->help);
  nx_box_read(setting->name, text);
}

static void open_tab(NxEdit *edit, int by)
{
  edit->tab = (edit->tab + NX_EDIT_TABS + (guint)by) % NX_EDIT_TABS;
  nx_form_check(&edit->forms[edit->tab]);
}

/* ------------------------------------------------------------------------------------------------- saving, leaving */

static void refuse_save(NxEdit *edit, const GPtrArray *problems, NxField *first, guint tab)
{
  g_autoptr(GString) some = g_string_new(NULL);
  for (guint i = 0; i < problems->len && i < 2; i++)
    g_string_append_printf(some, "%s%s", i ? "; " : "", (const char *)problems->pdata[i]);
  if (problems->len > 2)
    g_string_append_printf(some, " (and %u more)", problems->len - 2);
  edit->tab = tab;
  nx_form_focus(&edit->forms[tab], first);
  nx_notice(NX_ROLE_ERROR, "Cannot save: %u error(s). %s", problems->len, some->str);
}

/* TRUE: it is on the disk. */
static gboolean save(NxEdit *edit)
{
  NxField *first = NULL;
  guint tab = 0;
  g_autoptr(GPtrArray) problems = nx_edit_problems(edit, &first, &tab);
  if (problems->len) {
    refuse_save(edit, problems, first, tab);
    return FALSE;
  }
  if (nx_edit_is_outdated(edit) &&
      !nx_box_ask("Changed by somebody else", "The file was changed by another program after it was opened here.\n\nWrite the settings of this form all the "
                                              "same? (The file as it is now is backed up.)"))
    return FALSE;
  g_autoptr(GError) error = NULL;
  if (nx_edit_save(edit, &error))
    return TRUE;
  nx_notice(NX_ROLE_ERROR, "Failed to save: %s", error->message);
  return FALSE;
}

static gboolean may_leave(const NxEdit *edit)
{
  if (nx_screen_is_gone())
    return TRUE;
  g_autofree char *now = nx_edit_snapshot(edit);
  nx_screen_stay();
  return g_str_equal(now, edit->start) || nx_box_ask("Unsaved Changes", "Some settings were changed. Leave without saving them?");
}

/* ------------------------------------------------------------------------------------------------------------- keys */

typedef enum { GOING, SAVED, LEFT } State;

static void remove_harvester(NxEdit *edit, guint number)
{
  g_autofree char *question = g_strdup_printf("Delete NEMO Harvester #%u?", number);
  if (!nx_edit_harvester_is_filled(edit, number) || nx_box_ask("Confirm Delete", question))
    nx_edit_remove_harvester(edit, number);
}

static State act(NxEdit *edit, int action)
{
  switch (action) {
  case SAVE:
    return save(edit) ? SAVED : GOING;
  case CANCEL:
    return may_leave(edit) ? LEFT : GOING;
  case FIELD_HELP:
    show_field_help(edit);
    break;
  case NEXT_TAB:
    open_tab(edit, 1);
    break;
  case PREVIOUS_TAB:
    open_tab(edit, -1);
    break;
  case HELP:
    nx_keys_help("NexusLIMS Configurator", KEYS);
    break;
  default:
    break;
  }
  return GOING;
}

static void try_connection(NxEdit *edit, const char *what)
{
  g_autofree char *text = NULL;
  NxProbeResult result = nx_edit_probe(edit, what, NULL, &text);
  draw(edit);
  if (result != NX_PROBE_STOPPED)
    nx_box_say(result == NX_PROBE_GOOD ? "Connection works" : "Connection failed", text);
}

static State press(NxEdit *edit)
{
  g_autofree char *name = g_strdup(nx_form_focused(&edit->forms[edit->tab])->name);
  if (g_str_equal(name, "save"))
    return act(edit, SAVE);
  if (g_str_equal(name, "cancel"))
    return act(edit, CANCEL);
  if (g_str_equal(name, "add"))
    nx_edit_add_harvester(edit);
  else if (g_str_equal(name, "uid"))
    nx_edit_find_uid(edit);
  else if (g_str_has_prefix(name, "delete:"))
    remove_harvester(edit, (guint)g_ascii_strtoull(name + strlen("delete:"), NULL, 10));
  else
    try_connection(edit, name + strlen("test:"));
  return GOING;
}

static State obey(NxEdit *edit, int key)
{
  if (key == NX_KEY_QUIT)
    return act(edit, CANCEL);
  if (key == NX_KEY_MOUSE && nx_screen_mouse()->row == 1) {
    int tab = nx_tabs_at(nx_edit_tabs, edit->tab, nx_screen_mouse()->column);
    edit->tab = tab >= 0 ? (guint)tab : edit->tab;
    return GOING;
  }
  switch (nx_form_key(&edit->forms[edit->tab], key)) {
  case NX_FORM_PRESSED:
    return press(edit);
  case NX_FORM_CHANGED:
    nx_edit_follow_switches(edit);
    nx_form_check(&edit->forms[edit->tab]);
    return GOING;
  case NX_FORM_IGNORED:
    return act(edit, nx_keys_action(KEYS, key));
  default:
    return GOING;
  }
}

static State loop(NxEdit *edit)
{
  State state = GOING;
  while (state == GOING) {
    draw(edit);
    state = obey(edit, nx_screen_key(-1));
    /* ^Q in a box over the form asks here, and asks once more in the box that asks. */
    while (state == GOING && nx_screen_is_quitting()) {
      draw(edit);
      state = act(edit, CANCEL);
    }
  }
  return state;
}

/* ------------------------------------------------------------------------------------------------------------ start */

static gboolean start(NxEdit *edit, const char *path, GError **err)
{
  gsize length = 0;
  edit->path = path;
  edit->title = g_strdup_printf("NexusLIMS Configurator — %s", path);
  edit->present = nx_config_read(path, err);
  if (!edit->present || (g_file_test(path, G_FILE_TEST_EXISTS) && !nx_file_read(path, LARGEST_FILE, &edit->text, &length, err)))
    return FALSE;
  nx_edit_make_forms(edit);
  edit->start = nx_edit_snapshot(edit);
  return TRUE;
}

static void finish(NxEdit *edit)
{
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    if (edit->forms[tab].fields)
      nx_form_clear(&edit->forms[tab]);
  if (edit->present)
    g_hash_table_unref(edit->present);
  g_free(edit->text);
  g_free(edit->start);
  g_free(edit->title);
}

gboolean nx_tui_edit(const char *path, GError **err)
{
  NxEdit edit = {0};
  State state = LEFT;
  gboolean good = start(&edit, path, err) && nx_screen_start(err);
  if (good) {
    state = loop(&edit);
    nx_screen_end();
  }
  finish(&edit);
  if (state == SAVED)
    printf("Configuration saved to %s\n", path);
  return good;
}
