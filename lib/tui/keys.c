/* keys.c — the last line, and the help screen (tui §1). */
#include "keys.h"

#include "cells.h"

#include <curses.h>

int nx_keys_action(const NxKeyRow *keys, int key)
{
  for (; keys->key; keys++)
    if (keys->key == key)
      return keys->action;
  return 0;
}

#define BETWEEN 2 /* cells, from one key to the next */

/* With what follows it; 0: it is not shown. */
static int width_of(const NxKeyRow *key)
{
  return key->shown && key->label ? (int)(nx_cells_width(key->shown) + 1 + nx_cells_width(key->label)) + BETWEEN : 0;
}

/* They stand on the narrowest line: how to learn the other keys, and how to leave. */
static gboolean is_needed(const NxKeyRow *key)
{
  return key->key == '?' || key->key == 'q';
}

void nx_keys_draw(const NxKeyRow *keys)
{
  int column = 1, row = nx_screen_rows() - 1, room = nx_screen_columns() + BETWEEN - column;
  gboolean is_full = FALSE;
  for (const NxKeyRow *key = keys; key->key; key++)
    room -= is_needed(key) ? width_of(key) : 0;
  for (; keys->key; keys++) {
    int width = width_of(keys);
    is_full = is_full || (!is_needed(keys) && width > room);
    if (!width || (is_full && !is_needed(keys)))
      continue;
    int key_width = (int)nx_cells_width(keys->shown);
    nx_draw(row, column, key_width, NX_ROLE_KEY, keys->shown);
    nx_draw(row, column + key_width + 1, width - key_width - 1 - BETWEEN, NX_ROLE_TEXT, keys->label);
    column += width;
    room -= is_needed(keys) ? 0 : width;
  }
}

typedef struct {
  const char *shown; /* NULL: a heading, or an empty line when `text` is empty */
  const char *text;
} HelpLine;

static const HelpLine COMMON[] = {
  {"Ctrl+Q", "quit"},
  {"Ctrl+T", "theme: dark or light"},
  {"?", "this help"},
  {NULL, ""},
  {NULL, "Theme"},
  {"Ctrl+T", "switches between dark and light; the choice is remembered"},
  {NULL, ""},
  {NULL, "Navigation"},
  {"Arrows", "move"},
  {"Tab", "next field or part, Shift+Tab the one before"},
  {"Enter", "choose, press a button"},
  {"Escape", "close, cancel"},
  {"Ctrl+L", "draw the screen anew"},
  {"Ctrl+Z", "back to the shell; fg comes back"},
};

static GArray *help_lines(const NxKeyRow *keys)
{
  GArray *lines = g_array_new(FALSE, FALSE, sizeof(HelpLine));
  HelpLine heading = {NULL, "Keys"};
  g_array_append_val(lines, heading);
  for (; keys->key; keys++)
    if (keys->shown && keys->help) {
      HelpLine line = {keys->shown, keys->help};
      g_array_append_val(lines, line);
    }
  g_array_append_vals(lines, COMMON, G_N_ELEMENTS(COMMON));
  return lines;
}

static void draw_help(const char *title, const GArray *lines, int top)
{
  int key_width = nx_screen_columns() < 60 ? 11 : 16;
  g_autofree char *whole = g_strdup_printf("%s - Help", title);
  nx_screen_begin(whole, NULL);
  for (int i = 0; i < nx_screen_body_rows() && top + i < (int)lines->len; i++) {
    const HelpLine *line = &g_array_index(lines, HelpLine, (guint)(top + i));
    if (line->shown) {
      nx_draw(i + 1, 2, key_width, NX_ROLE_KEY, line->shown);
      nx_draw(i + 1, 2 + key_width, nx_screen_columns() - key_width - 3, NX_ROLE_TEXT, line->text);
    } else
      nx_draw(i + 1, 1, nx_screen_columns() - 2, NX_ROLE_LABEL, line->text);
  }
  static const NxKeyRow CLOSE[] = {{NX_KEY_ESCAPE, "Esc", "Close", NULL, 1}, {NX_KEY(KEY_DOWN), "↑ ↓", "Scroll", NULL, 1}, {0}};
  nx_keys_draw(CLOSE);
  nx_screen_show();
}

void nx_keys_help(const char *title, const NxKeyRow *keys)
{
  g_autoptr(GArray) lines = help_lines(keys);
  int top = 0;
  while (!nx_screen_is_quitting()) {
    int last = MAX((int)lines->len - nx_screen_body_rows(), 0);
    top = CLAMP(top, 0, last);
    draw_help(title, lines, top);
    int key = nx_screen_key(-1);
    if (key == NX_KEY_ESCAPE || key == 'q' || key == '?')
      return;
    top += key == NX_KEY(KEY_DOWN) ? 1 : key == NX_KEY(KEY_UP) ? -1 : key == NX_KEY(KEY_NPAGE) ? nx_screen_body_rows() : 0;
    top -= key == NX_KEY(KEY_PPAGE) ? nx_screen_body_rows() : 0;
  }
}
