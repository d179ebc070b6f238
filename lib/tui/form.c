/* form.c — labelled fields that are checked while they are typed into: their keys. Drawing is in form-draw.c. */
#include "form.h"

#include "box.h"
#include "zones.h"

#include <curses.h>
#include <string.h>

static void free_field(gpointer data)
{
  NxField *field = data;
  g_free(field->name);
  g_free(field->label);
  g_free(field->error);
  g_free(field->warning);
  nx_input_clear(&field->input);
  g_free(field);
}

void nx_form_init(NxForm *form)
{
  *form = (NxForm){.fields = g_ptr_array_new_with_free_func(free_field)};
}

void nx_form_clear(NxForm *form)
{
  g_clear_pointer(&form->fields, g_ptr_array_unref);
}

NxField *nx_form_add(NxForm *form, NxFieldKind kind, const char *name, const char *label, const char *text)
{
  NxField *field = g_new0(NxField, 1);
  field->kind = kind;
  field->name = g_strdup(name);
  field->label = g_strdup(label);
  nx_input_init(&field->input, text);
  field->input.hidden = kind == NX_FIELD_SECRET || kind == NX_FIELD_LINES;
  g_ptr_array_add(form->fields, field);
  return field;
}

NxField *nx_form_field(const NxForm *form, const char *name)
{
  for (guint i = 0; i < form->fields->len; i++) {
    NxField *field = form->fields->pdata[i];
    if (g_str_equal(field->name, name))
      return field;
  }
  return NULL;
}

const char *nx_form_text(const NxForm *form, const char *name)
{
  const NxField *field = nx_form_field(form, name);
  return field ? nx_input_value(&field->input) : "";
}

NxField *nx_form_focused(const NxForm *form)
{
  return form->focus < form->fields->len ? form->fields->pdata[form->focus] : NULL;
}

static gboolean takes_focus(const NxField *field)
{
  return !field->disabled && field->kind != NX_FIELD_HEADING && field->kind != NX_FIELD_FIXED;
}

void nx_form_focus(NxForm *form, const NxField *field)
{
  for (guint i = 0; i < form->fields->len; i++)
    if (form->fields->pdata[i] == field)
      form->focus = i;
}

static gboolean is_typed(const NxField *field)
{
  return field->kind <= NX_FIELD_FILE;
}

gboolean nx_form_takes_text(const NxForm *form)
{
  const NxField *field = nx_form_focused(form);
  return field && takes_focus(field) && is_typed(field);
}

static void check_field(NxForm *form, NxField *field)
{
  g_clear_pointer(&field->error, g_free);
  g_clear_pointer(&field->warning, g_free);
  if (form->check && !field->disabled)
    form->check(form, field, form->data);
}

guint nx_form_check(NxForm *form)
{
  guint errors = 0;
  for (guint i = 0; i < form->fields->len; i++) {
    NxField *field = form->fields->pdata[i];
    check_field(form, field);
    errors += field->error != NULL;
  }
  return errors;
}

/* ------------------------------------------------------------------------------------------------------------- keys */

static void move_focus(NxForm *form, int by)
{
  for (guint tries = 0; tries < form->fields->len; tries++) {
    form->focus = (form->focus + form->fields->len + (guint)by) % form->fields->len;
    if (takes_focus(nx_form_focused(form)))
      return;
  }
}

static NxFormResult changed(NxForm *form, NxField *field)
{
  field->touched = TRUE;
  if (field->kind == NX_FIELD_ZONE) {
    const char *suggestion = nx_zone_suggestion(field->input.text->str);
    g_free(field->input.suggestion);
    field->input.suggestion = g_strdup(suggestion);
  }
  /* One field may be good or bad because of another. */
  nx_form_check(form);
  return NX_FORM_CHANGED;
}

static NxFormResult toggle(NxForm *form, NxField *field)
{
  nx_input_set(&field->input, g_str_equal(field->input.text->str, "true") ? "false" : "true");
  return changed(form, field);
}

static NxFormResult turn_choice(NxForm *form, NxField *field, int by)
{
  guint count = g_strv_length((char **)field->choices), at = 0;
  while (at < count && !g_str_equal(field->choices[at], field->input.text->str))
    at++;
  if (count)
    nx_input_set(&field->input, field->choices[at == count ? 0 : (at + count + (guint)by) % count]);
  return changed(form, field);
}

static NxFormResult take_chosen(NxForm *form, NxField *field, char *chosen)
{
  if (!chosen)
    return NX_FORM_MOVED;
  nx_input_set(&field->input, chosen);
  g_free(chosen);
  return changed(form, field);
}

static NxFormResult choose(NxForm *form, NxField *field)
{
  const char *text = nx_input_value(&field->input);
  switch (field->kind) {
  case NX_FIELD_ZONE:
    return take_chosen(form, field, nx_box_pick(field->label, nx_zones_common(), text));
  case NX_FIELD_CHOICE:
    return take_chosen(form, field, nx_box_pick(field->label, field->choices, text));
  case NX_FIELD_LINES:
    return take_chosen(form, field, nx_box_edit_lines(field->label, text));
  case NX_FIELD_FOLDER:
  case NX_FIELD_FILE:
    return take_chosen(form, field, nx_box_choose_path(field->label, text, field->kind == NX_FIELD_FOLDER));
  default:
    return NX_FORM_IGNORED;
  }
}

static NxFormResult click(NxForm *form)
{
  const NxMouse *mouse = nx_screen_mouse();
  int row = mouse->row - form->first_line + form->top;
  if (mouse->wheel) {
    move_focus(form, mouse->wheel);
    return NX_FORM_MOVED;
  }
  for (guint i = 0; i < form->fields->len; i++) {
    NxField *field = form->fields->pdata[i];
    if (!takes_focus(field) || row != field->row || mouse->column < field->column || mouse->column >= field->column + field->width)
      continue;
    form->focus = i;
    if (field->kind == NX_FIELD_SWITCH)
      return toggle(form, field);
    return field->kind == NX_FIELD_BUTTON ? NX_FORM_PRESSED : NX_FORM_MOVED;
  }
  return NX_FORM_IGNORED;
}

/* Enter opens the box, and so does whatever is typed or pasted, which goes on there. */
static NxFormResult key_on_lines(NxForm *form, NxField *field, int key)
{
  gboolean is_typed = nx_keyboard_is_pasted() ? key >= ' ' && key < NX_KEY(0) : key > ' ' && key < 0x7f && !strchr("?<>", key);
  if (is_typed)
    unget_wch((wchar_t)key);
  return is_typed || key == NX_KEY_ENTER || key == ' ' ? choose(form, field) : NX_FORM_IGNORED;
}

static NxFormResult key_on_field(NxForm *form, NxField *field, int key)
{
  if (key == NX_KEY(KEY_F(2)) && (field->kind == NX_FIELD_SECRET || field->kind == NX_FIELD_LINES)) {
    field->input.hidden = !field->input.hidden;
    return NX_FORM_MOVED;
  }
  switch (field->kind) {
  case NX_FIELD_LINES:
    return key_on_lines(form, field, key);
  case NX_FIELD_SWITCH:
    return key == ' ' || key == NX_KEY_ENTER ? toggle(form, field) : NX_FORM_IGNORED;
  case NX_FIELD_BUTTON:
    return key == ' ' || key == NX_KEY_ENTER ? NX_FORM_PRESSED : NX_FORM_IGNORED;
  case NX_FIELD_CHOICE:
    if (key == NX_KEY_ENTER)
      return choose(form, field);
    if (key == ' ' || key == NX_KEY(KEY_RIGHT))
      return turn_choice(form, field, 1);
    return key == NX_KEY(KEY_LEFT) ? turn_choice(form, field, -1) : NX_FORM_IGNORED;
  default:
    break;
  }
  NxInputResult result = nx_input_key(&field->input, key);
  return result == NX_INPUT_CHANGED ? changed(form, field) : result == NX_INPUT_MOVED ? NX_FORM_MOVED : NX_FORM_IGNORED;
}

NxFormResult nx_form_key(NxForm *form, int key)
{
  NxField *field = nx_form_focused(form);
  if (!field)
    return NX_FORM_IGNORED;
  if (key == NX_KEY_MOUSE)
    return click(form);
  if (key == NX_KEY(KEY_F(3)))
    return choose(form, field);
  NxFormResult result = takes_focus(field) ? key_on_field(form, field, key) : NX_FORM_IGNORED;
  if (result != NX_FORM_IGNORED)
    return result;
  if (key == NX_KEY_TAB || key == NX_KEY(KEY_DOWN) || key == NX_KEY_ENTER)
    move_focus(form, 1);
  else if (key == NX_KEY_BACKTAB || key == NX_KEY(KEY_UP))
    move_focus(form, -1);
  else
    return NX_FORM_IGNORED;
  return NX_FORM_MOVED;
}
