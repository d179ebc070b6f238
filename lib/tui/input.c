/* input.c — one line of text that is typed: editing by characters with their combining marks, drawing with the cursor in sight. */
#include "input.h"

#include "cells.h"

#include <curses.h>
#include <string.h>

#define LONGEST 65536 /* bytes; a pasted certificate fits */

void nx_input_init(NxInput *input, const char *text)
{
  *input = (NxInput){.text = g_string_new(NULL)};
  nx_input_set(input, text);
}

void nx_input_clear(NxInput *input)
{
  if (input->text)
    g_string_free(input->text, TRUE);
  g_free(input->suggestion);
  g_free(input->bytes);
  *input = (NxInput){0};
}

void nx_input_set(NxInput *input, const char *text)
{
  g_autofree char *shown = nx_text_utf8(text, -1);
  char *bytes = g_str_equal(shown, text) ? NULL : g_strdup(text);
  g_free(input->bytes);
  input->bytes = bytes;
  g_string_assign(input->text, shown);
  input->cursor = input->text->len;
}

const char *nx_input_value(const NxInput *input)
{
  return input->bytes ? input->bytes : input->text->str;
}

static gboolean is_mark(const char *p)
{
  return *p && g_unichar_iszerowidth(g_utf8_get_char(p));
}

/* The place before the character left of `at`, its combining marks included. */
static gsize step_back(const NxInput *input, gsize at)
{
  const char *start = input->text->str, *p = start + at;
  while (p > start) {
    p = g_utf8_prev_char(p);
    if (!is_mark(p))
      break;
  }
  return (gsize)(p - start);
}

static gsize step_on(const NxInput *input, gsize at)
{
  const char *p = input->text->str + at;
  if (!*p)
    return at;
  do
    p = g_utf8_next_char(p);
  while (is_mark(p));
  return (gsize)(p - input->text->str);
}

static gsize word_start(const NxInput *input)
{
  gsize at = input->cursor;
  while (at > 0 && input->text->str[at - 1] == ' ')
    at--;
  while (at > 0 && input->text->str[at - 1] != ' ')
    at--;
  return at;
}

static NxInputResult erase_between(NxInput *input, gsize from, gsize to)
{
  if (from == to)
    return NX_INPUT_MOVED;
  g_string_erase(input->text, (gssize)from, (gssize)(to - from));
  input->cursor = from;
  g_clear_pointer(&input->bytes, g_free);
  return NX_INPUT_CHANGED;
}

static NxInputResult move_to(NxInput *input, gsize at)
{
  input->cursor = at;
  return NX_INPUT_MOVED;
}

/* At the end of the text, Right and End accept what is suggested. */
static NxInputResult move_on(NxInput *input, gsize at)
{
  if (input->cursor < input->text->len || !input->suggestion)
    return move_to(input, at);
  nx_input_set(input, input->suggestion);
  return NX_INPUT_CHANGED;
}

static NxInputResult insert(NxInput *input, gunichar character)
{
  char bytes[6];
  int length = g_unichar_to_utf8(character, bytes);
  if (input->text->len + (gsize)length > LONGEST)
    return NX_INPUT_MOVED;
  g_string_insert_len(input->text, (gssize)input->cursor, bytes, length);
  input->cursor += (gsize)length;
  g_clear_pointer(&input->bytes, g_free);
  return NX_INPUT_CHANGED;
}

NxInputResult nx_input_key(NxInput *input, int key)
{
  switch (key) {
  case NX_KEY(KEY_BACKSPACE):
  case 127:
  case '\b':
    return erase_between(input, step_back(input, input->cursor), input->cursor);
  case NX_KEY(KEY_DC):
  case NX_CTRL('D'):
    return erase_between(input, input->cursor, step_on(input, input->cursor));
  case NX_CTRL('U'):
    return erase_between(input, 0, input->cursor);
  case NX_CTRL('K'):
    return erase_between(input, input->cursor, input->text->len);
  case NX_CTRL('W'):
    return erase_between(input, word_start(input), input->cursor);
  case NX_KEY(KEY_LEFT):
    return move_to(input, step_back(input, input->cursor));
  case NX_KEY(KEY_RIGHT):
    return move_on(input, step_on(input, input->cursor));
  case NX_KEY(KEY_HOME):
  case NX_CTRL('A'):
    return move_to(input, 0);
  case NX_KEY(KEY_END):
  case NX_CTRL('E'):
    return move_on(input, input->text->len);
  default:
    return key >= ' ' && key < NX_KEY(0) && g_unichar_validate((gunichar)key) ? insert(input, (gunichar)key) : NX_INPUT_IGNORED;
  }
}

/* What stands in the field: the text, or a star for each of its characters. */
static char *shown_text(const NxInput *input, gsize length)
{
  g_autofree char *part = g_strndup(input->text->str, length);
  if (!input->hidden)
    return nx_cells_clean(part);
  return g_strnfill((gsize)g_utf8_strlen(part, -1), '*');
}

void nx_input_draw(const NxInput *input, int row, int column, int width, gboolean focused, gboolean enabled)
{
  g_autofree char *shown = shown_text(input, input->text->len);
  g_autofree char *before = shown_text(input, input->cursor);
  NxRole role = !enabled ? NX_ROLE_MUTED : focused ? NX_ROLE_FOCUS : NX_ROLE_INPUT;
  gsize at = nx_cells_width(before), skip = focused && at + 1 > (gsize)width ? at + 1 - (gsize)width : 0;
  nx_draw_from(row, column, width, role, shown, skip);
  if (!input->text->len && input->placeholder)
    nx_draw(row, column, focused ? MIN(width, (int)nx_cells_width(input->placeholder)) : width, NX_ROLE_MUTED, input->placeholder);
  else if (focused && input->suggestion && at < (gsize)width && input->cursor == input->text->len)
    nx_draw(row, column + (int)at, width - (int)at, NX_ROLE_MUTED, input->suggestion + MIN(input->text->len, strlen(input->suggestion)));
  if (focused)
    nx_screen_set_cursor(row, column + (int)(at - skip));
}
