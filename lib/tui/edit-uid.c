/* edit-uid.c — `Get My UID`: a login and a password are asked for, and LabArchives is asked whose they are (tui §4.1). They are not kept.
 */
#include "edit.h"

#include "cells.h"
#include "keys.h"

#include <string.h>

enum { GET = 1, CANCEL };

static const NxKeyRow KEYS[] = {
    {NX_CTRL('S'), "^S", "Get", NULL, GET},
    {NX_KEY_ESCAPE, "Esc", "Cancel", NULL, CANCEL},
    {NX_KEY_TAB, "Tab", "Next", NULL, 0},
    {0, NULL, NULL, NULL, 0},
};

static void make_form(NxForm *form)
{
  nx_form_init(form);
  NxField *login = nx_form_add(form, NX_FIELD_TEXT, "login", "Email", "");
  NxField *password = nx_form_add(form, NX_FIELD_SECRET, "password", "Password", "");
  login->help = "With which you log in to LabArchives";
  password->help = "Your password, or a token for external applications; used once, not kept";
  login->required = password->required = TRUE;
  nx_form_add(form, NX_FIELD_BUTTON, "get", "Get UID", "");
  nx_form_add(form, NX_FIELD_BUTTON, "cancel", "Cancel (Esc)", "");
}

static void draw(NxForm *form, const char *problem)
{
  int width = nx_screen_columns() - 2;
  g_auto(GStrv) lines = nx_cells_wrap(problem, (gsize)width);
  int count = MIN((int)g_strv_length(lines), nx_screen_body_rows() / 3);
  nx_screen_begin("Get My UID", "LabArchives");
  nx_form_draw(form, 2, nx_screen_body_rows() - 1 - count);
  for (int i = 0; i < count; i++)
    nx_draw(1 + nx_screen_body_rows() - count + i, 1, width, NX_ROLE_ERROR, lines[i]);
  nx_keys_draw(KEYS);
  nx_screen_show();
}

/* NULL: the uid is in its field. Else why not. */
static char *fetch(NxEdit *edit, const NxForm *form)
{
  const char *login = nx_form_text(form, "login"), *password = nx_form_text(form, "password");
  if (!*login || !*password)
    return g_strdup(*login ? "Password is required" : "Email is required");
  g_autofree char *input = g_strdup_printf("%s\n%s\n", login, password);
  g_autofree char *text = NULL;
  nx_log_hide(password);
  NxProbeResult result = nx_edit_probe(edit, "labarchives-user", input, &text);
  if (result == NX_PROBE_STOPPED)
    return g_strdup("");
  if (result == NX_PROBE_BAD)
    return g_strconcat("API error: ", g_str_has_prefix(text, "Error: ") ? text + strlen("Error: ") : text, NULL);
  nx_input_set(&nx_edit_field(edit, "NX_LABARCHIVES_USER_ID")->input, text);
  nx_notice(NX_ROLE_SUCCESS, "The user id is %s", text);
  return NULL;
}

static int action_of(const NxForm *form, NxFormResult result, int key)
{
  if (result == NX_FORM_PRESSED)
    return g_str_equal(nx_form_focused(form)->name, "get") ? GET : CANCEL;
  return result == NX_FORM_IGNORED ? nx_keys_action(KEYS, key) : 0;
}

void nx_edit_find_uid(NxEdit *edit)
{
  NxForm form;
  int action = 0;
  char *problem = g_strdup("");
  make_form(&form);
  while (problem && action != CANCEL && !nx_screen_is_quitting()) {
    draw(&form, problem);
    int key = nx_screen_key(-1);
    action = action_of(&form, nx_form_key(&form, key), key);
    if (action != GET)
      continue;
    g_free(problem);
    problem = fetch(edit, &form);
  }
  g_free(problem);
  nx_form_clear(&form);
  nx_form_check(&edit->forms[NX_TAB_LABARCHIVES]);
}
