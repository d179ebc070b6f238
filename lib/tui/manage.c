/* manage.c — `instruments manage`: the list of instruments with its live filter and its order (tui §2.1, §2.2). */
#include "manage.h"

#include "box.h"
#include "nx-config.h"
#include "nx-db.h"
#include "nx-tui.h"
#include "instrument-form.h"

#include <curses.h>
#include <string.h>
#include <unistd.h>

static const guint COLUMNS_SHOWN[] = {NX_INSTRUMENT_DISPLAY_NAME, NX_INSTRUMENT_PID,          NX_INSTRUMENT_API_URL,  NX_INSTRUMENT_FILESTORE_PATH,
                                      NX_INSTRUMENT_LOCATION,     NX_INSTRUMENT_PROPERTY_TAG, NX_INSTRUMENT_TIMEZONE};
static const char *TITLES[G_N_ELEMENTS(COLUMNS_SHOWN)];

enum { ADD = 1, EDIT, DELETE, REFRESH, SORT, FILTER, UNDO, HELP, QUIT };

static const NxKeyRow KEYS[] = {
  {'a', "a", "Add", "add an instrument", ADD},
  {'e', "e", "Edit", "edit the selected one (also Enter, double click)", EDIT},
  {'d', "d", "Delete", "delete the selected instrument, after a question", DELETE},
  {'u', "u", "Undo", "undo the last change", UNDO},
  {'s', "s", "Sort", "sort by the next column, up then down (or click the heading)", SORT},
  {'/', "/", "Filter", "filter: keep rows in which a cell contains the text", FILTER},
  {NX_KEY_TAB, NULL, NULL, NULL, FILTER},
  {'r', "r", "Refresh", "read the database again", REFRESH},
  {'?', "?", "Help", NULL, HELP},
  {'q', "q", "Quit", "quit", QUIT},
  {NX_CTRL('T'), "^T", "Theme", NULL, 0},
  {0},
};

/* --------------------------------------------------------------------------------------------------- rows and order */

static const char *cell(gpointer data, guint row, guint column)
{
  const NxManage *manage = data;
  const NxInstrument *instrument = manage->shown->pdata[row];
  return instrument->values[COLUMNS_SHOWN[column]];
}

static gboolean matches(const NxInstrument *instrument, const char *wanted)
{
  for (guint i = 0; i < G_N_ELEMENTS(COLUMNS_SHOWN); i++) {
    const char *text = instrument->values[COLUMNS_SHOWN[i]];
    g_autofree char *folded = g_utf8_casefold(text ? text : "", -1);
    if (strstr(folded, wanted))
      return TRUE;
  }
  return FALSE;
}

static gint compare_cells(gconstpointer a, gconstpointer b, gpointer data)
{
  const NxManage *manage = data;
  const NxInstrument *first = *(const NxInstrument *const *)a, *second = *(const NxInstrument *const *)b;
  guint column = COLUMNS_SHOWN[manage->grid.sorted];
  int order = g_strcmp0(first->values[column], second->values[column]);
  return manage->grid.descending ? -order : order;
}

/* What is shown follows from what is there, the filter and the order; the cursor stays on its instrument. */
static void arrange(NxManage *manage, const char *pid)
{
  g_autofree char *wanted = g_utf8_casefold(manage->filter.text->str, -1);
  g_ptr_array_set_size(manage->shown, 0);
  for (guint i = 0; i < manage->instruments->len; i++)
    if (!*wanted || matches(manage->instruments->pdata[i], wanted))
      g_ptr_array_add(manage->shown, manage->instruments->pdata[i]);
  if (manage->grid.sorted >= 0)
    g_ptr_array_sort_with_data(manage->shown, compare_cells, manage);
  manage->grid.rows = manage->shown->len;
  for (guint i = 0; pid && i < manage->shown->len; i++)
    if (g_strcmp0(((const NxInstrument *)manage->shown->pdata[i])->values[NX_INSTRUMENT_PID], pid) == 0)
      manage->grid.cursor = i;
  nx_grid_measure(&manage->grid);
}

NxInstrument *nx_manage_selected(const NxManage *manage)
{
  return manage->shown->len ? manage->shown->pdata[manage->grid.cursor] : NULL;
}

static char *selected_pid(const NxManage *manage)
{
  const NxInstrument *selected = nx_manage_selected(manage);
  return selected ? g_strdup(selected->values[NX_INSTRUMENT_PID]) : NULL;
}

gboolean nx_manage_load(NxManage *manage, const char *pid, GError **err)
{
  GPtrArray *instruments = nx_store_load(manage->address, err);
  if (!instruments)
    return FALSE;
  g_autofree char *kept = pid ? g_strdup(pid) : selected_pid(manage);
  g_ptr_array_unref(manage->instruments);
  manage->instruments = instruments;
  arrange(manage, kept);
  return TRUE;
}

static void sort_by(NxManage *manage, int column, gboolean descending)
{
  g_autofree char *pid = selected_pid(manage);
  manage->grid.sorted = column;
  manage->grid.descending = descending;
  arrange(manage, pid);
  nx_notice(NX_ROLE_SUCCESS, "Sorted by %s %s", TITLES[column], descending ? "↓" : "↑");
}

static void sort_next(NxManage *manage)
{
  NxGrid *grid = &manage->grid;
  gboolean turn = grid->sorted >= 0 && !grid->descending;
  sort_by(manage, turn ? grid->sorted : (grid->sorted + 1) % (int)grid->columns, turn);
}

static void refresh_list(NxManage *manage)
{
  g_autoptr(GError) error = NULL;
  if (nx_manage_load(manage, NULL, &error))
    nx_notice(NX_ROLE_SUCCESS, "Read again: %u instruments", manage->instruments->len);
  else
    nx_notice(NX_ROLE_ERROR, "Failed to read the instruments: %s", error->message);
}

/* ------------------------------------------------------------------------------------------------------------ screen */

void nx_manage_draw(NxManage *manage)
{
  g_autofree char *count = manage->shown->len == manage->instruments->len
                               ? g_strdup_printf("%s%u", manage->read_only ? "READ-ONLY  " : "", manage->shown->len)
                               : g_strdup_printf("%s%u of %u", manage->read_only ? "READ-ONLY  " : "", manage->shown->len, manage->instruments->len);
  nx_screen_begin(manage->title, count);
  nx_grid_draw(&manage->grid, 3, nx_screen_body_rows() - 2, !manage->in_filter);
  nx_input_draw(&manage->filter, 1, 1, nx_screen_columns() - 2, manage->in_filter, TRUE);
  if (!manage->shown->len)
    nx_draw(5, 2, nx_screen_columns() - 3, NX_ROLE_MUTED,
            manage->instruments->len ? "No instrument matches the filter." : "No instruments. Press a to add the first.");
  nx_keys_draw(KEYS);
  nx_screen_show();
}

static void open_selected(NxManage *manage)
{
  g_autoptr(NxInstrument) before = nx_instrument_copy(nx_manage_selected(manage));
  if (before)
    nx_manage_edit(manage, before);
}

static void key_in_filter(NxManage *manage, int key)
{
  g_autofree char *pid = selected_pid(manage);
  if (key == NX_KEY_ESCAPE)
    nx_input_set(&manage->filter, "");
  if (key == NX_KEY_ESCAPE || key == NX_KEY_ENTER || key == NX_KEY_TAB || key == NX_KEY_BACKTAB || key == NX_KEY(KEY_DOWN))
    manage->in_filter = FALSE;
  if (key == NX_KEY_ESCAPE || nx_input_key(&manage->filter, key) == NX_INPUT_CHANGED)
    arrange(manage, pid);
}

static gboolean may_change(const NxManage *manage)
{
  if (manage->read_only)
    nx_notice(NX_ROLE_WARNING, "Read-only: %s", manage->read_only);
  return !manage->read_only;
}

/* FALSE: the program ends. */
static gboolean act(NxManage *manage, int action)
{
  switch (action) {
  case ADD:
    if (may_change(manage))
      nx_manage_edit(manage, NULL);
    break;
  case EDIT:
    if (may_change(manage))
      open_selected(manage);
    break;
  case DELETE:
    if (may_change(manage))
      nx_manage_delete(manage);
    break;
  case UNDO:
    if (may_change(manage))
      nx_manage_undo(manage);
    break;
  case REFRESH:
    refresh_list(manage);
    break;
  case SORT:
    sort_next(manage);
    break;
  case FILTER:
    manage->in_filter = TRUE;
    break;
  case HELP:
    nx_keys_help("NexusLIMS Instrument Manager", KEYS);
    break;
  case QUIT:
    return FALSE;
  default:
    break;
  }
  return TRUE;
}

static gboolean key_in_list(NxManage *manage, int key)
{
  if (key == NX_KEY_MOUSE && nx_screen_mouse()->row == 1)
    return act(manage, FILTER);
  NxGridResult result = nx_grid_key(&manage->grid, key);
  int column = (int)manage->grid.column;
  if (result == NX_GRID_OPENED)
    return act(manage, EDIT);
  if (result == NX_GRID_HEADING)
    sort_by(manage, column, manage->grid.sorted == column && !manage->grid.descending);
  return result != NX_GRID_IGNORED || act(manage, nx_keys_action(KEYS, key));
}

static void welcome(NxManage *manage)
{
  nx_manage_draw(manage);
  if (nx_box_choose("Welcome to the NexusLIMS Instrument Manager",
                    "No instruments were found in the database.\n\nAdd the first one with the key a, or with the button below.\n\n"
                    "?           help\nCtrl+T      dark or light theme\nCtrl+Q, q   quit",
                    "Add First Instrument (a)", "Close", KEYS))
    act(manage, ADD);
}

static void loop(NxManage *manage)
{
  if (!manage->instruments->len)
    welcome(manage);
  while (!nx_screen_is_quitting()) {
    nx_manage_draw(manage);
    int key = nx_screen_key(-1);
    if (manage->in_filter && key == NX_KEY_MOUSE && nx_screen_mouse()->row > 1)
      manage->in_filter = FALSE;
    if (manage->in_filter)
      key_in_filter(manage, key);
    else if (!key_in_list(manage, key))
      return;
  }
}

/* ------------------------------------------------------------------------------------------------------------- start */

static void start(NxManage *manage, const char *address)
{
  g_autofree char *shown = nx_config_masked_address(address);
  manage->address = address;
  manage->title = g_strdup_printf("NexusLIMS Instrument Manager - %s", shown);
  manage->read_only = nx_db_unwritable(address);
  manage->instruments = g_ptr_array_new();
  manage->shown = g_ptr_array_new();
  for (guint i = 0; i < G_N_ELEMENTS(COLUMNS_SHOWN); i++)
    TITLES[i] = nx_instrument_label(COLUMNS_SHOWN[i]);
  manage->grid = (NxGrid){.titles = TITLES, .columns = G_N_ELEMENTS(TITLES), .cell = cell, .data = manage, .widest = 60, .sorted = -1};
  nx_input_init(&manage->filter, "");
  manage->filter.placeholder = "Filter (press / to focus)...";
}

static void finish(NxManage *manage)
{
  nx_grid_clear(&manage->grid);
  nx_input_clear(&manage->filter);
  g_ptr_array_unref(manage->shown);
  g_ptr_array_unref(manage->instruments);
  nx_instrument_free(manage->undo_before);
  nx_instrument_free(manage->undo_after);
  g_free(manage->title);
  g_free(manage->read_only);
}

gboolean nx_tui_manage(const char *address, GError **err)
{
  NxManage manage = {0};
  start(&manage, address);
  gboolean good = nx_manage_load(&manage, NULL, err) && nx_screen_start(err);
  if (good) {
    may_change(&manage); /* says so when not */
    loop(&manage);
    nx_screen_end();
  }
  finish(&manage);
  return good;
}
