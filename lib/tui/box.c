/* box.c — boxes over the screen. libdialog draws questions, messages and the choice of a file; what it cannot do (a list that is filtered
 * while one types, a page that copies its text) is drawn here (tui §5). */
#include "box.h"

#include "cells.h"
#include "grid.h"
#include "input.h"
#include "keys.h"

#include <curses.h>
#include <dialog.h>
#include <dlg_keys.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- keys */

/* In a box without a text these end it, and then it is seen which one did. */
static DLG_KEYS_BINDING OF_MESSAGES[] = {DLG_KEYS_DATA(DLGK_ESC, '?'), DLG_KEYS_DATA(DLGK_ESC, 'q'), DLG_KEYS_DATA(DLGK_ESC, NX_CTRL('T')),
                                         DLG_KEYS_DATA(DLGK_ESC, NX_CTRL('Z')), END_KEYS_BINDING};

/* An edited text is left only by the character Escape itself. */
static DLG_KEYS_BINDING OF_EDITED_TEXTS[] = {DLG_KEYS_DATA(ESC, NX_CTRL('Q')), DLG_KEYS_DATA(ESC, NX_CTRL('C')), END_KEYS_BINDING};

/* In the text of a path the key Space would do what it does in the list beside it. */
static DLG_KEYS_BINDING OF_PATHS[] = {DLG_KEYS_DATA(CHR_LITERAL, NX_KEYBOARD_LITERAL), END_KEYS_BINDING};

/* libdialog types every other control character into a text. Without a help file, the key for it is read and forgotten. */
#define FORGOTTEN(letter) DLG_KEYS_DATA(DLGK_HELPFILE, NX_CTRL(letter))
static DLG_KEYS_BINDING OF_ALL[] = {
  DLG_KEYS_DATA(DLGK_ESC, NX_CTRL('Q')),
  DLG_KEYS_DATA(DLGK_ESC, NX_CTRL('C')),
  DLG_KEYS_DATA(DLGK_BEGIN, NX_CTRL('A')),
  DLG_KEYS_DATA(DLGK_FINAL, NX_CTRL('E')),
  DLG_KEYS_DATA(DLGK_DELETE_RIGHT, NX_CTRL('D')),
  DLG_KEYS_DATA(DLGK_ITEM_NEXT, NX_CTRL('N')),
  DLG_KEYS_DATA(DLGK_ITEM_PREV, NX_CTRL('P')),
  FORGOTTEN('B'), FORGOTTEN('F'), FORGOTTEN('G'), FORGOTTEN('K'), FORGOTTEN('O'), FORGOTTEN('R'), FORGOTTEN('S'), FORGOTTEN('T'),
  FORGOTTEN('V'), FORGOTTEN('W'), FORGOTTEN('X'), FORGOTTEN('Y'), FORGOTTEN('Z'), FORGOTTEN('\\'), FORGOTTEN(']'), FORGOTTEN('^'), FORGOTTEN('_'),
  END_KEYS_BINDING,
};

/* Of several bindings of a key the first counts. Binding once more changes nothing. */
static void bind_keys(void)
{
  dlg_register_window(NULL, "yesno", OF_MESSAGES);
  dlg_register_window(NULL, "msgbox", OF_MESSAGES);
  dlg_register_window(NULL, "editbox2", OF_EDITED_TEXTS);
  dlg_register_window(NULL, "fselect2", OF_PATHS);
  dlg_register_window(NULL, "*", OF_ALL);
}

static void show_help(const char *title, const NxKeyRow *keys)
{
  WINDOW *before = dupwin(stdscr);
  nx_keys_help(title, keys);
  erase();
  overwrite(before, stdscr);
  delwin(before);
}

/* Does what the key means that ended a box without a text. TRUE: the box is wanted again. */
static gboolean goes_on(const char *title, const NxKeyRow *keys)
{
  int key = nx_screen_obey(dlg_last_getc());
  if (key == '?')
    show_help(title, keys);
  nx_screen_show();
  return !nx_screen_is_quitting() && (key == NX_KEY_REDRAW || key == '?');
}

/* ---------------------------------------------------------------------------------------------- questions, messages */

/* A box of libdialog ends the program when it does not fit: the screen has to be large enough first. */
static gboolean is_ready(void)
{
  bind_keys();
  while (nx_screen_is_too_small()) {
    nx_screen_show();
    nx_screen_key(-1);
    if (nx_screen_is_quitting())
      return FALSE;
  }
  return TRUE;
}

/* libdialog takes the two characters \n for a line end: text of other people is shown as it is, wrapped here. What does not fit it scrolls. */
static char *prepared(const char *text, int *rows)
{
  g_auto(GStrv) lines = nx_cells_wrap(text, (gsize)MIN(nx_screen_columns() - 8, 68));
  *rows = (int)g_strv_length(lines);
  return g_strjoinv("\n", lines);
}

static int run_once(const char *title, const char *text, gboolean is_question)
{
  if (!is_ready())
    return DLG_EXIT_ERROR;
  int rows = 0, width = MIN(nx_screen_columns() - 2, 74);
  g_autofree char *body = prepared(text, &rows);
  int height = MIN(rows + 5, nx_screen_rows() - 1);
  dialog_vars.nocollapse = TRUE;
  dialog_vars.no_nl_expand = TRUE;
  nx_screen_lend(NX_KEYBOARD_OF_MESSAGE);
  int answer = is_question ? dialog_yesno(title, body, height, width) : dialog_msgbox(title, body, height, width, TRUE);
  dlg_clr_result();
  dialog_vars = (DIALOG_VARS){0};
  nx_screen_take_back();
  return answer;
}

static int run_box(const char *title, const char *text, gboolean is_question, const NxKeyRow *keys)
{
  const DIALOG_VARS wanted = dialog_vars;
  int answer;
  nx_keyboard_forget(); /* nobody answers what was not seen yet */
  do {
    dialog_vars = wanted;
    answer = run_once(title, text, is_question);
  } while (answer == DLG_EXIT_ESC && goes_on(title, keys));
  return answer;
}

gboolean nx_box_ask(const char *title, const char *text)
{
  static const NxKeyRow KEYS[] = {{'y', "y, n", NULL, "yes, no", 0}, {'q', "q", NULL, "close: no", 0}, {0}};
  dialog_vars.default_button = DLG_EXIT_CANCEL;
  return run_box(title, text, TRUE, KEYS) == DLG_EXIT_OK;
}

void nx_box_say(const char *title, const char *text)
{
  static const NxKeyRow KEYS[] = {{'q', "q", NULL, "close", 0}, {0}};
  run_box(title, text, FALSE, KEYS);
}

gboolean nx_box_choose(const char *title, const char *text, const char *first, const char *second, const NxKeyRow *keys)
{
  g_autofree char *yes = g_strdup(first), *no = g_strdup(second);
  dialog_vars.yes_label = yes;
  dialog_vars.no_label = no;
  int answer = run_box(title, text, TRUE, keys);
  if (answer == DLG_EXIT_ESC && dlg_last_getc() == 'q')
    nx_screen_obey(NX_CTRL('Q'));
  return answer == DLG_EXIT_OK;
}

/* ---------------------------------------------------------------------------------------------------------- a text */

/* FALSE: the box has to be opened again, because the screen has got another size. */
static gboolean is_final(int answer)
{
  if (answer == DLG_EXIT_ESC && nx_keyboard_was_resized())
    return FALSE;
  if (answer == DLG_EXIT_ESC)
    nx_screen_obey(dlg_last_getc());
  return TRUE;
}

static void end_text(void)
{
  dlg_clr_result();
  dialog_vars = (DIALOG_VARS){0};
  nx_screen_take_back();
}

/* *path becomes what stands in the box at its end. */
static int choose_path(const char *title, char **path, gboolean folder)
{
  if (!is_ready())
    return DLG_EXIT_ERROR;
  int height = MAX(nx_screen_rows() - 12, 4), width = MIN(nx_screen_columns() - 6, 70);
  nx_screen_lend(NX_KEYBOARD_OF_PATH);
  dlg_clr_result();
  dialog_vars.default_button = -1; /* the text has the focus */
  int answer = folder ? dialog_dselect(title, *path, height, width) : dialog_fselect(title, *path, height, width);
  if (dialog_vars.input_result) {
    g_free(*path);
    *path = g_strdup(dialog_vars.input_result);
  }
  end_text();
  return answer;
}

char *nx_box_choose_path(const char *title, const char *start, gboolean folder)
{
  g_autofree char *path = g_strdup(*start ? start : "/");
  int answer;
  do
    answer = choose_path(title, &path, folder);
  while (!is_final(answer));
  return answer == DLG_EXIT_OK ? g_steal_pointer(&path) : NULL;
}

/* libdialog takes lines that free() takes, and gives back such; g_strdup makes them (GLib 2.46 and later). */
static int edit_lines(const char *title, char ***lines)
{
  if (!is_ready())
    return DLG_EXIT_ERROR;
  int rows = (int)g_strv_length(*lines);
  dialog_vars.default_button = -1; /* the text has the focus */
  nx_screen_lend(NX_KEYBOARD_OF_LINES);
  int answer = dlg_editbox(title, lines, &rows, nx_screen_rows() - 2, nx_screen_columns() - 2);
  end_text();
  return answer;
}

#define LONGEST_LINE 2046 /* bytes: a longer one libdialog cuts to 2047 */

static gboolean fits(char **lines)
{
  for (; *lines; lines++)
    if (strlen(*lines) > LONGEST_LINE) {
      nx_notice(NX_ROLE_ERROR, "A line is longer than the box holds (%d bytes), so the text stays as it was: put it into a file, and name that in "
                               "NX_CERT_BUNDLE_FILE", LONGEST_LINE);
      return FALSE;
    }
  return TRUE;
}

/* NULL when it is `text` still. */
static char *joined(char **lines, const char *text)
{
  g_autofree char *all = g_strjoinv("\n", lines);
  if (g_str_equal(all, text))
    return NULL;
  gsize length = strlen(all);
  while (length && all[length - 1] == '\n')
    all[--length] = '\0';
  return g_str_equal(all, text) ? NULL : g_steal_pointer(&all);
}

char *nx_box_edit_lines(const char *title, const char *text)
{
  char **lines = g_strsplit(*text ? text : "\n", "\n", -1);
  int answer = DLG_EXIT_ERROR;
  if (fits(lines))
    do
      answer = edit_lines(title, &lines);
    while (!is_final(answer));
  char *edited = answer == DLG_EXIT_OK && fits(lines) ? joined(lines, text) : NULL;
  g_strfreev(lines);
  return edited;
}

/* ------------------------------------------------------------------------------------------------------------- pick */

typedef struct {
  const char *const *words;
  GPtrArray *kept; /* borrowed words */
  NxInput filter;
  NxGrid grid;
} Pick;

static const char *pick_cell(gpointer data, guint row, guint column)
{
  (void)column;
  return g_ptr_array_index(((Pick *)data)->kept, row);
}

static void pick_filter(Pick *pick)
{
  g_autofree char *wanted = g_utf8_casefold(pick->filter.text->str, -1);
  g_ptr_array_set_size(pick->kept, 0);
  for (const char *const *word = pick->words; *word; word++) {
    g_autofree char *folded = g_utf8_casefold(*word, -1);
    if (strstr(folded, wanted))
      g_ptr_array_add(pick->kept, (gpointer)*word);
  }
  pick->grid.rows = pick->kept->len;
  pick->grid.cursor = 0;
  nx_grid_measure(&pick->grid);
}

static void pick_draw(Pick *pick, const char *title)
{
  static const NxKeyRow KEYS[] = {{NX_KEY_ENTER, "Enter", "Choose", NULL, 1}, {NX_KEY_ESCAPE, "Esc", "Cancel", NULL, 1},
                                  {'a', "type", "to find", NULL, 1}, {0}};
  g_autofree char *count = g_strdup_printf("%u", pick->kept->len);
  nx_screen_begin(title, count);
  nx_grid_draw(&pick->grid, 2, nx_screen_body_rows() - 1, TRUE);
  nx_input_draw(&pick->filter, 1, 1, nx_screen_columns() - 2, TRUE, TRUE);
  nx_keys_draw(KEYS);
  nx_screen_show();
}

static char *pick_loop(Pick *pick, const char *title)
{
  while (!nx_screen_is_quitting()) {
    pick_draw(pick, title);
    int key = nx_screen_key(-1);
    if (key == NX_KEY_ESCAPE)
      return NULL;
    if (nx_input_key(&pick->filter, key) == NX_INPUT_CHANGED)
      pick_filter(pick);
    else if (nx_grid_key(&pick->grid, key) == NX_GRID_OPENED && pick->kept->len)
      return g_strdup(g_ptr_array_index(pick->kept, pick->grid.cursor));
  }
  return NULL;
}

char *nx_box_pick(const char *title, const char *const *words, const char *current)
{
  static const char *const TITLES[] = {"Choose"};
  g_autoptr(GPtrArray) kept = g_ptr_array_new();
  Pick pick = {.words = words, .kept = kept};
  pick.grid = (NxGrid){.titles = TITLES, .columns = 1, .cell = pick_cell, .data = &pick, .widest = 200, .sorted = -1};
  nx_input_init(&pick.filter, "");
  pick.filter.placeholder = "Type part of the name...";
  pick_filter(&pick);
  for (guint i = 0; current && i < kept->len; i++)
    if (g_str_equal(g_ptr_array_index(kept, i), current))
      pick.grid.cursor = i;
  char *chosen = pick_loop(&pick, title);
  nx_grid_clear(&pick.grid);
  nx_input_clear(&pick.filter);
  return chosen;
}

/* ------------------------------------------------------------------------------------------------------------- read */

static void draw_page(const char *title, char **lines, int count, int top)
{
  static const NxKeyRow KEYS[] = {{NX_KEY_ESCAPE, "Esc", "Close", NULL, 1}, {NX_KEY(KEY_DOWN), "↑ ↓", "Scroll", NULL, 1},
                                  {'c', "c", "Copy", NULL, 1}, {0}};
  g_autofree char *where = g_strdup_printf("line %d of %d", MIN(top + 1, count), count);
  nx_screen_begin(title, where);
  for (int i = 0; i < nx_screen_body_rows() && top + i < count; i++)
    nx_draw(i + 1, 1, nx_screen_columns() - 2, NX_ROLE_TEXT, lines[top + i]);
  nx_keys_draw(KEYS);
  nx_screen_show();
}

void nx_box_read(const char *title, const char *text)
{
  int top = 0, width = 0, count = 0;
  g_auto(GStrv) lines = NULL;
  while (!nx_screen_is_quitting()) {
    if (width != nx_screen_columns()) {
      width = nx_screen_columns();
      g_strfreev(lines);
      lines = nx_cells_wrap(text, (gsize)MAX(width - 2, 10));
      count = (int)g_strv_length(lines);
    }
    int page = nx_screen_body_rows();
    top = CLAMP(top, 0, MAX(count - page, 0));
    draw_page(title, lines, count, top);
    int key = nx_screen_key(-1);
    if (key == NX_KEY_ESCAPE || key == 'q' || key == NX_KEY_ENTER || key == NX_KEY(KEY_F(1)))
      return;
    if (key == 'c') {
      nx_screen_copy(text);
      nx_notice(NX_ROLE_SUCCESS, "Copied");
    }
    top += key == NX_KEY(KEY_DOWN) ? 1 : key == NX_KEY(KEY_UP) ? -1 : key == NX_KEY(KEY_NPAGE) ? page : key == NX_KEY(KEY_PPAGE) ? -page : 0;
    top = key == NX_KEY(KEY_HOME) ? 0 : key == NX_KEY(KEY_END) ? count : top;
  }
}
