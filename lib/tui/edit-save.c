/* edit-save.c — from the forms of `config edit` to the file: what is no setting stays, comments and order too (config §9, §10). */
#include "edit.h"

#include <string.h>

#define LARGEST_FILE (16u * 1024u * 1024u)

char *nx_edit_list_to_json(const char *typed)
{
  /* Typed as JSON already, or a stored value that could not be read. */
  if (*typed == '[')
    return g_strdup(typed);
  g_autoptr(json_object) list = json_object_new_array();
  g_auto(GStrv) parts = g_strsplit(typed, ",", -1);
  for (char **part = parts; *part; part++)
    if (*g_strstrip(*part))
      json_object_array_add(list, json_object_new_string(*part));
  return json_object_array_length(list) ? nx_json_text(list, NX_JSON_LINE) : NULL;
}

static char *with_commas(json_object *list)
{
  GString *typed = g_string_new(NULL);
  for (gsize i = 0; i < json_object_array_length(list); i++) {
    const char *pattern = json_object_get_string(json_object_array_get_idx(list, i));
    g_string_append_printf(typed, "%s%s", i ? ", " : "", pattern ? pattern : "");
  }
  return g_string_free(typed, FALSE);
}

static gboolean is_typed_as(const char *typed, json_object *list)
{
  g_autofree char *text = nx_edit_list_to_json(typed);
  g_autoptr(json_object) meant = text ? nx_json_parse(text, strlen(text), NULL) : NULL;
  return meant && json_object_equal(meant, list);
}

char *nx_edit_list_from_json(const char *stored)
{
  g_autoptr(json_object) list = nx_json_parse(stored, strlen(stored), NULL);
  if (!json_object_is_type(list, json_type_array))
    return g_strdup(stored);
  g_autofree char *typed = with_commas(list);
  return g_strdup(is_typed_as(typed, list) ? typed : stored);
}

/* A switch or list that still means what the file says keeps the file's own spelling; a switch that means nothing gets one. */
static gboolean means_the_same(const NxSetting *setting, const char *present, const NxField *field)
{
  g_autofree char *shown = nx_edit_shown(setting, present);
  g_autofree char *problem = field->kind == NX_FIELD_SWITCH ? nx_setting_problem(setting, present) : NULL;
  return !problem && g_str_equal(shown, nx_input_value(&field->input));
}

/* NULL: nothing is to stand there. */
static char *wanted_value(const NxEdit *edit, const NxSetting *setting, const NxField *field)
{
  const char *text = nx_input_value(&field->input), *present = g_hash_table_lookup(edit->present, field->name);
  gboolean is_default = field->kind == NX_FIELD_SWITCH && g_strcmp0(setting->fallback, text) == 0;
  if (field->disabled || !*text || (is_default && !present && !(setting->flags & NX_SETTING_ALWAYS_WRITTEN)))
    return NULL;
  if (present && means_the_same(setting, present, field))
    return g_strdup(present);
  return setting->type == NX_TYPE_LIST ? nx_edit_list_to_json(text) : g_strdup(text);
}

GHashTable *nx_edit_wanted(const NxEdit *edit)
{
  GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    for (guint i = 0; i < edit->forms[tab].fields->len; i++) {
      const NxField *field = edit->forms[tab].fields->pdata[i];
      const NxSetting *setting = nx_setting_find(field->name, NULL);
      char *value = setting ? wanted_value(edit, setting, field) : NULL;
      if (value)
        g_hash_table_replace(wanted, g_strdup(field->name), value);
    }
  return wanted;
}

gboolean nx_edit_is_outdated(const NxEdit *edit)
{
  g_autofree char *now = NULL;
  gsize length = 0;
  gboolean is_there = nx_file_read(edit->path, LARGEST_FILE, &now, &length, NULL);
  return g_strcmp0(is_there ? now : NULL, edit->text) != 0;
}

gboolean nx_edit_save(const NxEdit *edit, GError **err)
{
  gboolean changes = FALSE;
  g_autoptr(GHashTable) wanted = nx_edit_wanted(edit);
  GString *text = nx_config_compose(edit->path, wanted, &changes, err);
  if (!text)
    return FALSE;
  gboolean good = TRUE;
  if (changes && g_file_test(edit->path, G_FILE_TEST_IS_REGULAR)) {
    g_autofree char *backup = nx_config_back_up(edit->path, err);
    good = backup != NULL;
  }
  if (good && (changes || !g_file_test(edit->path, G_FILE_TEST_EXISTS)))
    good = nx_config_save(edit->path, text->str, text->len, err);
  g_string_free(text, TRUE);
  return good;
}
