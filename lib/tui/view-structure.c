/* view-structure.c — the tab `Database Structure`: a tree of tables, columns, keys, indexes and statements (tui §3). */
#include "view.h"

#include "box.h"
#include "nx-db.h"

#include <curses.h>

typedef struct {
  guint table; /* which one folds it away; its heading has depth 0 */
  guint depth;
  char *name, *facts;
  char *statement; /* shown by Enter; NULL: the facts are, which a narrow screen cuts */
} Line;

struct NxStructure {
  GPtrArray *lines;  /* of Line* */
  GArray *folded;    /* gboolean of each table */
  GArray *visible;   /* guint: which lines are shown */
  guint cursor, top;
  int first_line, shown_lines;
};

static void free_line(gpointer data)
{
  Line *line = data;
  g_free(line->name);
  g_free(line->facts);
  g_free(line->statement);
  g_free(line);
}

void nx_structure_free(NxStructure *structure)
{
  if (!structure)
    return;
  g_ptr_array_unref(structure->lines);
  g_array_unref(structure->folded);
  g_array_unref(structure->visible);
  g_free(structure);
}

static Line *add(NxStructure *structure, guint depth, const char *name, char *facts)
{
  Line *line = g_new0(Line, 1);
  line->table = structure->folded->len - 1;
  line->depth = depth;
  line->name = nx_text_utf8(name ? name : "", -1);
  line->facts = facts;
  g_ptr_array_add(structure->lines, line);
  return line;
}

static void start_group(NxStructure *structure, const char *name, char *facts)
{
  gboolean folded = FALSE;
  g_array_append_val(structure->folded, folded);
  add(structure, 0, name, facts);
}

/* --------------------------------------------------------------------------------------------------------- reading */

static gboolean add_columns(NxStructure *structure, NxDb *db, const char *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_catalogue(db, NX_CATALOGUE_COLUMNS), "s", table);
  while (rows && nx_rows_next(rows)) {
    const char *fallback = nx_rows_text(rows, 3);
    add(structure, 1, nx_rows_text(rows, 0),
        g_strdup_printf("%s%s%s%s%s", nx_rows_text(rows, 1), nx_rows_int(rows, 2) ? "  NOT NULL" : "", fallback ? "  DEFAULT " : "",
                        fallback ? fallback : "", nx_rows_int(rows, 4) ? "  PRIMARY KEY" : ""));
  }
  return rows && nx_rows_finish(rows, err);
}

static gboolean add_foreign_keys(NxStructure *structure, NxDb *db, const char *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_catalogue(db, NX_CATALOGUE_FOREIGN_KEYS), "s", table);
  while (rows && nx_rows_next(rows)) {
    const char *to = nx_rows_text(rows, 2);
    add(structure, 1, nx_rows_text(rows, 0),
        g_strdup_printf("FOREIGN KEY → %s(%s)  ON DELETE %s", nx_rows_text(rows, 1), to ? to : "primary key", nx_rows_text(rows, 3)));
  }
  return rows && nx_rows_finish(rows, err);
}

static gboolean add_indexes(NxStructure *structure, NxDb *db, const char *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_catalogue(db, NX_CATALOGUE_INDEXES), "s", table);
  while (rows && nx_rows_next(rows)) {
    const char *columns = nx_rows_text(rows, 2);
    add(structure, 1, nx_rows_text(rows, 0), g_strdup_printf("%sINDEX (%s)", nx_rows_int(rows, 1) ? "UNIQUE " : "", columns ? columns : "expression"));
  }
  return rows && nx_rows_finish(rows, err);
}

static gboolean add_statement(NxStructure *structure, NxDb *db, const char *name, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_catalogue(db, NX_CATALOGUE_STATEMENT), "s", name);
  if (rows && nx_rows_next(rows) && nx_rows_text(rows, 0)) {
    Line *line = add(structure, 1, "CREATE statement", g_strdup("Enter shows it"));
    line->statement = nx_text_utf8(nx_rows_text(rows, 0), -1);
  }
  return rows && nx_rows_finish(rows, err);
}

static gboolean add_table(NxStructure *structure, NxDb *db, const char *table, GError **err)
{
  start_group(structure, table, g_strdup("table"));
  return add_columns(structure, db, table, err) && add_foreign_keys(structure, db, table, err) && add_indexes(structure, db, table, err) &&
         add_statement(structure, db, table, err);
}

static gboolean add_others(NxStructure *structure, NxDb *db, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_catalogue(db, NX_CATALOGUE_OTHERS), NULL);
  while (rows && nx_rows_next(rows)) {
    gboolean is_trigger = g_strcmp0(nx_rows_text(rows, 1), "trigger") == 0;
    start_group(structure, nx_rows_text(rows, 0), is_trigger ? g_strdup_printf("trigger on %s", nx_rows_text(rows, 2)) : g_strdup("view"));
    Line *line = add(structure, 1, "CREATE statement", g_strdup("Enter shows it"));
    line->statement = nx_text_utf8(nx_rows_text(rows, 3), -1);
  }
  return rows && nx_rows_finish(rows, err);
}

static void choose_visible(NxStructure *structure)
{
  g_array_set_size(structure->visible, 0);
  for (guint i = 0; i < structure->lines->len; i++) {
    const Line *line = structure->lines->pdata[i];
    if (line->depth == 0 || !g_array_index(structure->folded, gboolean, line->table))
      g_array_append_val(structure->visible, i);
  }
}

NxStructure *nx_structure_read(const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  g_auto(GStrv) tables = db ? nx_db_tables(db, err) : NULL;
  if (!tables)
    return NULL;
  g_autoptr(NxStructure) structure = g_new0(NxStructure, 1);
  structure->lines = g_ptr_array_new_with_free_func(free_line);
  structure->folded = g_array_new(FALSE, FALSE, sizeof(gboolean));
  structure->visible = g_array_new(FALSE, FALSE, sizeof(guint));
  for (char **table = tables; *table; table++)
    if (!add_table(structure, db, *table, err))
      return NULL;
  if (!add_others(structure, db, err))
    return NULL;
  choose_visible(structure);
  return g_steal_pointer(&structure);
}

/* ---------------------------------------------------------------------------------------------------------- screen */

static void draw_line(const NxStructure *structure, int row, guint number)
{
  const Line *line = structure->lines->pdata[g_array_index(structure->visible, guint, number)];
  gboolean selected = number == structure->cursor;
  int width = nx_screen_columns(), name_width = MIN(36, width / 2), indent = line->depth ? 5 : 1;
  const char *mark = line->depth ? "" : g_array_index(structure->folded, gboolean, line->table) ? "▸ " : "▾ ";
  g_autofree char *name = g_strconcat(mark, line->name, NULL);
  nx_draw(row, 0, width, selected ? NX_ROLE_SELECTED : NX_ROLE_TEXT, "");
  nx_draw(row, indent, name_width, selected ? NX_ROLE_SELECTED : line->depth ? NX_ROLE_TEXT : NX_ROLE_LABEL, name);
  nx_draw(row, indent + name_width + 1, width - indent - name_width - 1, selected ? NX_ROLE_SELECTED : NX_ROLE_MUTED, line->facts);
}

void nx_structure_draw(NxStructure *structure, int row, int lines)
{
  structure->first_line = row;
  structure->shown_lines = lines;
  if (structure->cursor < structure->top)
    structure->top = structure->cursor;
  if (lines > 0 && structure->cursor >= structure->top + (guint)lines)
    structure->top = structure->cursor - (guint)lines + 1;
  for (int i = 0; i < lines && structure->top + (guint)i < structure->visible->len; i++)
    draw_line(structure, row + i, structure->top + (guint)i);
}

static void open_line(NxStructure *structure)
{
  const Line *line = structure->lines->pdata[g_array_index(structure->visible, guint, structure->cursor)];
  gboolean *folded = &g_array_index(structure->folded, gboolean, line->table);
  if (line->depth == 0)
    *folded = !*folded;
  else
    nx_box_read(line->name, line->statement ? line->statement : line->facts);
  choose_visible(structure);
}

static gboolean move_by(NxStructure *structure, int by)
{
  structure->cursor = (guint)CLAMP((gint64)structure->cursor + by, 0, (gint64)structure->visible->len - 1);
  return TRUE;
}

static gboolean click(NxStructure *structure)
{
  const NxMouse *mouse = nx_screen_mouse();
  int line = mouse->row - structure->first_line;
  if (mouse->wheel)
    return move_by(structure, mouse->wheel * 3);
  if (line < 0 || line >= structure->shown_lines || structure->top + (guint)line >= structure->visible->len)
    return FALSE;
  structure->cursor = structure->top + (guint)line;
  if (mouse->is_double)
    open_line(structure);
  return TRUE;
}

gboolean nx_structure_key(NxStructure *structure, int key)
{
  int page = MAX(structure->shown_lines - 1, 1);
  if (!structure->visible->len)
    return FALSE;
  switch (key) {
  case NX_KEY(KEY_UP):
    return move_by(structure, -1);
  case NX_KEY(KEY_DOWN):
    return move_by(structure, 1);
  case NX_KEY(KEY_PPAGE):
    return move_by(structure, -page);
  case NX_KEY(KEY_NPAGE):
    return move_by(structure, page);
  case NX_KEY(KEY_HOME):
    return move_by(structure, -(int)structure->visible->len);
  case NX_KEY(KEY_END):
    return move_by(structure, (int)structure->visible->len);
  case NX_KEY_ENTER:
  case ' ':
    open_line(structure);
    return TRUE;
  case NX_KEY_MOUSE:
    return click(structure);
  default:
    return FALSE;
  }
}
