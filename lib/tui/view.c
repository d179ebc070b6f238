/* view.c — `db view`: the tables of a database, read only, a page at a time (tui §3). */
#include "view.h"

#include "cells.h"

#include "box.h"
#include "browse.h"
#include "grid.h"
#include "input.h"
#include "nx-config.h"
#include "nx-db.h"
#include "nx-tui.h"
#include "tabs.h"

#include <curses.h>

/* How long a key waits for its answer before the screen is drawn without it, and how often it is looked for then. */
#define FIRST_LOOK_MS 5
#define NEXT_LOOK_MS 8
#define LARGEST_FORESEEN 2000000 /* rows; a larger table is sorted only when somebody wants it */

static const char *const TABS[] = {"Table Viewer", "Database Structure", NULL};
enum { TAB_TABLES, TAB_STRUCTURE };
typedef enum { IN_SELECTOR, IN_FILTER, IN_GRID, PARTS } Part;

typedef struct {
  const char *address;
  char *path; /* of a file; or NULL */
  char *title;
  char **tables;
  guint table;
  guint tab;
  Part part;
  NxBrowser *browser;
  NxStructure *structure; /* read when its tab is opened first */
  NxBrowseQuestion asked; /* the last question */
  NxPage *page;           /* what is shown; NULL before the first answer */
  NxGrid grid;
  NxInput filter;
  char *sorted; /* column, or NULL */
  gboolean descending;
  guint64 first;
  gboolean to_last_row; /* of the page that comes: paging backwards */
  gboolean awaits_page; /* what is shown answers an older question */
} View;

enum { NEXT_TAB = 1, PREVIOUS_TAB, FILTER, TABLE, SORT, COPY_CELL, COPY_ROW, ROW, REFRESH, HELP, QUIT, NEXT_PART, PREVIOUS_PART, COLUMN_1 };

static const NxKeyRow KEYS[] = {
  {'/', "/", "Filter", "filter: keep rows in which any column contains the text", FILTER},
  {'s', "s", "Sort", "sort by the current column: up, down, not at all", SORT},
  {'t', "t", "Table", "choose another table", TABLE},
  {NX_KEY_ENTER, "Enter", "Cell", "the whole text of the cell; in the structure: fold, or show a statement", 0},
  {'v', "v", "Row", "the whole row, one column a line", ROW},
  {'c', "c", "Copy", "copy the cell to the clipboard of your terminal", COPY_CELL},
  {'C', "C", NULL, "copy the row, cells parted by tabs", COPY_ROW},
  {'>', "< >", "Tabs", "the tab before, the next tab (also Ctrl+PgUp, Ctrl+PgDn)", NEXT_TAB},
  {'<', NULL, NULL, NULL, PREVIOUS_TAB},
  {NX_KEY_NEXT_TAB, NULL, NULL, NULL, NEXT_TAB},
  {NX_KEY_PREVIOUS_TAB, NULL, NULL, NULL, PREVIOUS_TAB},
  {'?', "?", "Help", NULL, HELP},
  {'q', "q", "Quit", "quit", QUIT},
  {'r', "r", NULL, "read the rows again", REFRESH},
  {NX_KEY_TAB, "Tab", NULL, "next part: table, filter, rows", NEXT_PART},
  {NX_KEY_BACKTAB, NULL, NULL, NULL, PREVIOUS_PART},
  {'1', "1-9", NULL, "choose a column (also Left, Right)", COLUMN_1},
  {'2', NULL, NULL, NULL, COLUMN_1 + 1},
  {'3', NULL, NULL, NULL, COLUMN_1 + 2},
  {'4', NULL, NULL, NULL, COLUMN_1 + 3},
  {'5', NULL, NULL, NULL, COLUMN_1 + 4},
  {'6', NULL, NULL, NULL, COLUMN_1 + 5},
  {'7', NULL, NULL, NULL, COLUMN_1 + 6},
  {'8', NULL, NULL, NULL, COLUMN_1 + 7},
  {'9', NULL, NULL, NULL, COLUMN_1 + 8},
  {NX_KEY(KEY_NPAGE), "PgDn", NULL, "down; at the last row the next 1000 rows", 0},
  {0},
};

/* Of the other tab, for its last line. */
static const NxKeyRow STRUCTURE_KEYS[] = {
  {NX_KEY_ENTER, "Enter", "Fold, show", NULL, 0}, {'>', "< >", "Tabs", NULL, NEXT_TAB}, {'?', "?", "Help", NULL, HELP}, {'q', "q", "Quit", NULL, QUIT}, {0},
};

/* ------------------------------------------------------------------------------------------------------------ pages */

static const char *cell(gpointer data, guint row, guint column)
{
  return nx_page_shown(((View *)data)->page, row, column);
}

static guint rows_shown(const View *view)
{
  return view->page ? view->page->rows->len : 0;
}

static void ask(View *view)
{
  g_autofree char *filter = g_strdup(view->filter.text->str);
  NxBrowseQuestion question = {.table = view->tables[view->table], .filter = g_strstrip(filter), .sorted = view->sorted,
                               .descending = view->descending, .first = view->first};
  nx_browser_ask(view->browser, &question);
  nx_browse_question_clear(&view->asked);
  view->asked = nx_browse_question_copy(&question);
  view->awaits_page = TRUE;
  if (view->path && !g_file_test(view->path, G_FILE_TEST_EXISTS))
    nx_notice(NX_ROLE_WARNING, "The file is no longer there; what is shown is what it held");
}

static void ask_from_start(View *view)
{
  view->first = 0;
  view->grid.cursor = 0;
  ask(view);
}

static void show_page(View *view)
{
  NxGrid *grid = &view->grid;
  const NxPage *page = view->page;
  grid->titles = (const char *const *)page->columns;
  grid->columns = page->column_count;
  grid->rows = page->rows->len;
  grid->known_widths = page->widths;
  grid->sorted = -1;
  for (guint i = 0; view->sorted && i < page->column_count; i++)
    if (g_str_equal(page->columns[i], view->sorted))
      grid->sorted = (int)i;
  grid->descending = view->descending;
  if (view->to_last_row)
    grid->cursor = G_MAXUINT;
  if (page->is_whole)
    view->to_last_row = FALSE;
  view->awaits_page = FALSE;
  nx_grid_measure(grid);
}

static void collect(View *view, guint milliseconds)
{
  if (nx_browser_take(view->browser, milliseconds, &view->page) != NX_PAGE_NOTHING)
    show_page(view);
}

/* Nothing of the table before may be sorted or copied as if it were the new one's. */
static void clear_page(View *view)
{
  g_clear_pointer(&view->page, nx_page_free);
  view->grid.rows = view->grid.columns = 0;
  view->grid.known_widths = NULL;
  nx_grid_measure(&view->grid);
}

static void open_table(View *view, guint table)
{
  view->table = table;
  clear_page(view);
  nx_input_set(&view->filter, "");
  g_clear_pointer(&view->sorted, g_free);
  view->grid.column = view->grid.leftmost = 0;
  ask_from_start(view);
}

/* Once up, twice down, the third time not at all; another column begins with up. */
static void sort_by(View *view, guint column)
{
  if (!view->page || column >= view->page->column_count)
    return;
  const char *name = view->page->columns[column];
  gboolean same = g_strcmp0(view->sorted, name) == 0;
  char *next = same && view->descending ? NULL : g_strdup(name);
  view->descending = same && !view->descending;
  g_free(view->sorted);
  view->sorted = next;
  ask_from_start(view);
}

static void turn_page(View *view, int by)
{
  gint64 total = nx_browser_total(view->browser);
  gboolean is_full = rows_shown(view) == NX_PAGE_ROWS;
  if (by > 0 && (!is_full || (total >= 0 && view->first + NX_PAGE_ROWS >= (guint64)total)))
    return;
  if (by < 0 && view->first == 0)
    return;
  view->to_last_row = by < 0;
  view->grid.cursor = 0;
  view->first = by > 0 ? view->first + NX_PAGE_ROWS : view->first - NX_PAGE_ROWS;
  ask(view);
}

/* While nothing else is to be done: the next page, and what s would show. */
static void foresee(View *view)
{
  gint64 total = nx_browser_total(view->browser);
  NxBrowseQuestion next[2];
  guint count = 0;
  if (!view->page || view->awaits_page || total <= NX_PAGE_ROWS || total > LARGEST_FORESEEN || view->part != IN_GRID)
    return;
  if (view->first + NX_PAGE_ROWS < (guint64)total) {
    next[count] = view->asked;
    next[count++].first += NX_PAGE_ROWS;
  }
  char *column = view->page->columns[view->grid.column];
  gboolean same = g_strcmp0(view->sorted, column) == 0;
  if (!same || !view->descending) {
    next[count] = view->asked;
    next[count].sorted = column;
    next[count].descending = same;
    next[count++].first = 0;
  }
  nx_browser_expect(view->browser, next, count);
}

/* ----------------------------------------------------------------------------------------------------------- screen */

/* "1001-2000 of 20000". */
static char *count_shown(const View *view)
{
  gint64 total = nx_browser_total(view->browser);
  guint rows = rows_shown(view);
  g_autofree char *of = total < 0 ? g_strdup("...") : g_strdup_printf("%" G_GINT64_FORMAT, total);
  if (view->awaits_page || (view->page && view->page->error))
    return g_strdup(view->awaits_page ? "searching..." : "");
  if (view->page && !view->page->is_whole)
    return g_strdup_printf("searching... %u so far", rows);
  if (total >= 0 && rows == (guint64)total)
    return g_strdup_printf("%u %s", rows, rows == 1 ? "row" : "rows");
  return g_strdup_printf("%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " of %s", view->first + (rows > 0), view->first + rows, of);
}

static void draw_error(const char *error)
{
  g_auto(GStrv) lines = nx_cells_wrap(error, (gsize)nx_screen_columns() - 3);
  for (int i = 0; i < nx_screen_body_rows() - 5 && lines[i]; i++)
    nx_draw(5 + i, 2, nx_screen_columns() - 3, NX_ROLE_ERROR, lines[i]);
}

static void draw_table_tab(View *view)
{
  int columns = nx_screen_columns(), body = nx_screen_body_rows();
  g_autofree char *table = g_strdup_printf("‹ %s ›", view->tables[view->table]);
  g_autofree char *count = count_shown(view);
  int count_width = (int)nx_cells_width(count);
  nx_draw(2, 1, 6, NX_ROLE_LABEL, "Table");
  nx_draw(2, 8, MIN(columns - count_width - 11, (int)nx_cells_width(table) + 1), view->part == IN_SELECTOR ? NX_ROLE_FOCUS : NX_ROLE_INPUT, table);
  nx_draw(2, columns - count_width - 1, count_width, NX_ROLE_MUTED, count);
  if (view->page && !view->page->error) {
    view->grid.marks_column = view->part == IN_GRID;
    nx_grid_draw(&view->grid, 4, body - 3, view->part == IN_GRID);
  }
  nx_input_draw(&view->filter, 3, 1, columns - 2, view->part == IN_FILTER, TRUE);
  if (view->page && view->page->error)
    draw_error(view->page->error);
  else if (view->page && view->page->is_whole && !rows_shown(view))
    nx_draw(5, 2, columns - 3, NX_ROLE_MUTED, *view->filter.text->str ? "No row matches the filter." : "The table has no rows.");
}

static void draw(View *view)
{
  nx_screen_begin(view->title, "read-only");
  nx_tabs_draw(TABS, view->tab, 1);
  if (view->tab == TAB_TABLES)
    draw_table_tab(view);
  else
    nx_structure_draw(view->structure, 2, nx_screen_body_rows() - 1);
  nx_keys_draw(view->tab == TAB_TABLES ? KEYS : STRUCTURE_KEYS);
  nx_screen_show();
}

/* ---------------------------------------------------------------------------------------------------------- actions */

/* The whole text of a cell of the current row, owned; NULL for NULL. What was too long for the page is read now. */
static char *whole_text(const View *view, guint column)
{
  gboolean is_cut = FALSE;
  const char *text = nx_page_text(view->page, view->grid.cursor, column, &is_cut);
  if (!is_cut)
    return g_strdup(text);
  g_autoptr(GError) error = NULL;
  char *whole = nx_browse_whole_cell(view->address, &view->asked, view->page, view->grid.cursor, column, &error);
  if (error)
    nx_notice(NX_ROLE_ERROR, "Only the start can be shown: %s", error->message);
  return whole ? whole : g_strdup(text);
}

static void open_cell(View *view)
{
  if (!rows_shown(view))
    return;
  g_autofree char *text = whole_text(view, view->grid.column);
  nx_box_read(view->page->columns[view->grid.column], text ? text : "NULL");
}

static char *row_text(const View *view, const char *between, gboolean with_names)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < view->page->column_count; i++) {
    g_autofree char *value = whole_text(view, i);
    if (with_names)
      g_string_append_printf(text, "%s: ", view->page->columns[i]);
    g_string_append(text, value ? value : with_names ? "NULL" : "");
    if (i + 1 < view->page->column_count)
      g_string_append(text, between);
  }
  return g_string_free(text, FALSE);
}

static void open_row(View *view)
{
  if (!rows_shown(view))
    return;
  g_autofree char *text = row_text(view, "\n", TRUE);
  nx_box_read(view->tables[view->table], text);
}

static void copy(View *view, gboolean whole_row)
{
  if (!rows_shown(view))
    return;
  g_autofree char *text = whole_row ? row_text(view, "\t", FALSE) : whole_text(view, view->grid.column);
  g_autofree char *valid = nx_text_utf8(text ? text : "", -1);
  nx_screen_copy(valid);
  nx_notice(NX_ROLE_SUCCESS, whole_row ? "Copied the row" : "Copied the cell");
}

static void choose_table(View *view)
{
  g_autofree char *name = nx_box_pick("Table", (const char *const *)view->tables, view->tables[view->table]);
  for (guint i = 0; name && view->tables[i]; i++)
    if (g_str_equal(view->tables[i], name))
      open_table(view, i);
}

static void open_tab(View *view, guint tab)
{
  g_autoptr(GError) error = NULL;
  if (tab == TAB_STRUCTURE && !view->structure)
    view->structure = nx_structure_read(view->address, &error);
  if (error)
    nx_notice(NX_ROLE_ERROR, "Cannot read the structure: %s", error->message);
  else
    view->tab = tab;
}

/* FALSE: the program ends. */
static gboolean act_anywhere(View *view, int action)
{
  if (action == NEXT_TAB || action == PREVIOUS_TAB)
    open_tab(view, !view->tab);
  if (action == HELP)
    nx_keys_help("NexusLIMS DB", KEYS);
  return action != QUIT;
}

static gboolean act(View *view, int action)
{
  if (action >= COLUMN_1 && view->page && (guint)(action - COLUMN_1) < view->page->column_count)
    view->grid.column = (guint)(action - COLUMN_1);
  switch (action) {
  case FILTER:
    view->part = IN_FILTER;
    break;
  case TABLE:
    choose_table(view);
    break;
  case SORT:
    sort_by(view, view->grid.column);
    break;
  case COPY_CELL:
  case COPY_ROW:
    copy(view, action == COPY_ROW);
    break;
  case ROW:
    open_row(view);
    break;
  case REFRESH:
    nx_browser_forget(view->browser);
    ask(view);
    break;
  case NEXT_PART:
  case PREVIOUS_PART:
    view->part = (view->part + (action == NEXT_PART ? 1 : PARTS - 1)) % PARTS;
    break;
  default:
    break;
  }
  return act_anywhere(view, action);
}

/* ------------------------------------------------------------------------------------------------------------- keys */

static gboolean key_in_filter(View *view, int key)
{
  if (key == NX_KEY_NEXT_TAB || key == NX_KEY_PREVIOUS_TAB || key == NX_KEY_TAB || key == NX_KEY_BACKTAB)
    return act(view, nx_keys_action(KEYS, key));
  if (key == NX_KEY_ESCAPE && *view->filter.text->str) {
    nx_input_set(&view->filter, "");
    ask_from_start(view);
  }
  if (key == NX_KEY_ESCAPE || key == NX_KEY_ENTER || key == NX_KEY(KEY_DOWN))
    view->part = IN_GRID;
  else if (nx_input_key(&view->filter, key) == NX_INPUT_CHANGED)
    ask_from_start(view);
  return TRUE;
}

static gboolean key_in_selector(View *view, int key)
{
  guint count = g_strv_length(view->tables);
  if (key == NX_KEY_ENTER || key == ' ')
    choose_table(view);
  else if (key == NX_KEY(KEY_RIGHT) || key == NX_KEY(KEY_DOWN))
    open_table(view, (view->table + 1) % count);
  else if (key == NX_KEY(KEY_LEFT) || key == NX_KEY(KEY_UP))
    open_table(view, (view->table + count - 1) % count);
  else
    return act(view, nx_keys_action(KEYS, key));
  return TRUE;
}

static gboolean key_in_grid(View *view, int key)
{
  NxGridResult result = nx_grid_key(&view->grid, key);
  switch (result) {
  case NX_GRID_OPENED:
    open_cell(view);
    break;
  case NX_GRID_HEADING:
    sort_by(view, view->grid.column);
    break;
  case NX_GRID_PAST_END:
    turn_page(view, 1);
    break;
  case NX_GRID_PAST_START:
    turn_page(view, -1);
    break;
  case NX_GRID_IGNORED:
    return act(view, nx_keys_action(KEYS, key));
  default:
    break;
  }
  return TRUE;
}

/* A click says by its line which part it is for. TRUE: it was for a tab, the table's name or the filter. */
static gboolean click(View *view)
{
  const NxMouse *mouse = nx_screen_mouse();
  int tab = mouse->row == 1 ? nx_tabs_at(TABS, view->tab, mouse->column) : -1;
  if (tab >= 0)
    open_tab(view, (guint)tab);
  if (view->tab == TAB_STRUCTURE || mouse->row < 2)
    return mouse->row < 2;
  view->part = mouse->row == 2 ? IN_SELECTOR : mouse->row == 3 ? IN_FILTER : IN_GRID;
  if (view->part == IN_SELECTOR)
    choose_table(view);
  return view->part != IN_GRID;
}

static gboolean obey(View *view, int key)
{
  if (key == NX_KEY_NONE || key == NX_KEY_REDRAW || (key == NX_KEY_MOUSE && click(view)))
    return TRUE;
  if (view->tab == TAB_STRUCTURE)
    return nx_structure_key(view->structure, key) || act_anywhere(view, nx_keys_action(KEYS, key));
  if (view->part == IN_FILTER)
    return key_in_filter(view, key);
  return view->part == IN_SELECTOR ? key_in_selector(view, key) : key_in_grid(view, key);
}

static void loop(View *view)
{
  gboolean going = TRUE, was_busy = TRUE;
  draw(view);
  while (going && !nx_screen_is_quitting()) {
    int key = nx_screen_key(was_busy ? NEXT_LOOK_MS : -1);
    gboolean busy_before = was_busy;
    going = obey(view, key);
    collect(view, key == NX_KEY_NONE ? 0 : FIRST_LOOK_MS);
    was_busy = nx_browser_is_busy(view->browser);
    if (key != NX_KEY_NONE || busy_before)
      draw(view);
    if (!was_busy)
      foresee(view);
  }
}

/* ------------------------------------------------------------------------------------------------------------ start */

static gboolean read_tables(View *view, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(view->address, NX_DB_READ, err);
  view->tables = db ? nx_db_tables(db, err) : NULL;
  if (!view->tables)
    nx_db_name_in_error(view->address, err);
  if (view->tables && !*view->tables) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, "The database has no tables. Run 'nexuslims db init --force' to make them.");
    return FALSE;
  }
  return view->tables != NULL;
}

static void finish(View *view)
{
  nx_browser_free(view->browser);
  nx_structure_free(view->structure);
  nx_page_free(view->page);
  nx_browse_question_clear(&view->asked);
  nx_grid_clear(&view->grid);
  nx_input_clear(&view->filter);
  g_strfreev(view->tables);
  g_free(view->sorted);
  g_free(view->path);
  g_free(view->title);
}

gboolean nx_tui_view(const char *address, GError **err)
{
  g_autofree char *shown = nx_config_masked_address(address);
  View view = {.address = address, .path = nx_db_file_path(address), .part = IN_GRID};
  view.title = g_strdup_printf("NexusLIMS DB — %s", shown);
  view.grid = (NxGrid){.cell = cell, .data = &view, .widest = 48, .sorted = -1};
  nx_input_init(&view.filter, "");
  view.filter.placeholder = "Filter rows… (searches all columns)";
  gboolean good = read_tables(&view, err) && (view.browser = nx_browser_new(address, err)) && nx_screen_start(err);
  if (good) {
    open_table(&view, 0);
    loop(&view);
    nx_screen_end();
  }
  finish(&view);
  return good;
}
