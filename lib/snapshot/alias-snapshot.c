/* alias-snapshot.c — the aliases of an IGEM snapshot: entity_aliases joined with entity_types (igem-db §9.2). */
#include "nx-alias.h"

#include <string.h>

typedef struct {
  char *name, *domain;
} Type;

static void free_type(gpointer data)
{
  Type *type = data;
  g_free(type->name);
  g_free(type->domain);
  g_free(type);
}

/* Places of the wanted columns; NX_ERROR_FORMAT names one that is missing. */
static gboolean find_columns(const GArray *fields, const char *const *names, guint n, guint *places, GError **err)
{
  for (guint i = 0; i < n; i++) {
    for (places[i] = 0; places[i] < fields->len; places[i]++)
      if (g_str_equal(g_array_index(fields, NxField, places[i]).name, names[i]))
        break;
    if (places[i] == fields->len) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the column %s is missing", names[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* Rows of a table, the wanted columns in the wanted order. */
typedef struct {
  const char *const *names;
  guint n;
  guint places[16];
  const GArray *fields;
  gboolean (*take)(gpointer user_data, const NxField *const *fields, const NxDatum *const *cells);
  gpointer user_data;
} Picker;

static gboolean pick_open(gpointer database, const char *table, const GArray *fields, GError **err)
{
  Picker *picker = database;
  picker->fields = fields;
  if (find_columns(fields, picker->names, picker->n, picker->places, err))
    return TRUE;
  g_prefix_error(err, "table %s: ", table);
  return FALSE;
}

static gboolean pick_row(gpointer database, const NxDatum *row, GError **err)
{
  Picker *picker = database;
  const NxField *fields[16];
  const NxDatum *cells[16];
  (void)err;
  for (guint i = 0; i < picker->n; i++) {
    fields[i] = &g_array_index(picker->fields, NxField, picker->places[i]);
    cells[i] = &row[picker->places[i]];
  }
  return picker->take(picker->user_data, fields, cells);
}

/* Integers as they are, or as the doubles that the upstream exporter makes of integers with NULLs. */
static gint64 number(const NxField *field, const NxDatum *cell)
{
  if (field->type == NX_FIELD_REAL)
    return cell->real > -9e15 && cell->real < 9e15 ? (gint64)cell->real : 0;
  return cell->integer;
}

static gboolean is_true(const NxField *field, const NxDatum *cell)
{
  return !cell->is_null && number(field, cell) == 1;
}

static char *text(const NxField *field, const NxDatum *cell)
{
  return nx_datum_text(field, cell);
}

static const char *const TYPE_COLUMNS[] = {"id", "name", "domain"};

static gboolean take_type(gpointer user_data, const NxField *const *fields, const NxDatum *const *cells)
{
  Type *type = g_new0(Type, 1);
  gint64 id = number(fields[0], cells[0]);
  type->name = text(fields[1], cells[1]);
  type->domain = text(fields[2], cells[2]);
  g_hash_table_replace(user_data, g_memdup2(&id, sizeof id), type);
  return TRUE;
}

enum { ID, ENTITY_ID, TYPE_ID, VALUE, KIND, SOURCE, PRIMARY, ACTIVE, NORM };
static const char *const ALIAS_COLUMNS[] = {"id",          "entity_id",  "type_id",   "alias_value", "alias_type",
                                            "xref_source", "is_primary", "is_active", "alias_norm"};

typedef struct {
  GHashTable *types;
  GPtrArray *aliases; /* NxAlias with texts of their own */
} Aliases;

static void free_alias(gpointer data)
{
  NxAlias *alias = data;
  g_free((char *)alias->value);
  g_free((char *)alias->norm);
  g_free((char *)alias->kind);
  g_free((char *)alias->source);
  g_free(alias);
}

static gboolean take_alias(gpointer user_data, const NxField *const *fields, const NxDatum *const *cells)
{
  Aliases *all = user_data;
  gint64 type_id = number(fields[TYPE_ID], cells[TYPE_ID]);
  const Type *type = cells[TYPE_ID]->is_null ? NULL : g_hash_table_lookup(all->types, &type_id);
  if (!type || !is_true(fields[ACTIVE], cells[ACTIVE]) || cells[NORM]->is_null || cells[VALUE]->is_null)
    return TRUE;
  NxAlias *alias = g_new0(NxAlias, 1);
  alias->alias_id = number(fields[ID], cells[ID]);
  alias->entity_id = number(fields[ENTITY_ID], cells[ENTITY_ID]);
  alias->type_id = (gint32)type_id;
  alias->value = text(fields[VALUE], cells[VALUE]);
  alias->norm = text(fields[NORM], cells[NORM]);
  alias->kind = cells[KIND]->is_null ? g_strdup("") : text(fields[KIND], cells[KIND]);
  alias->source = text(fields[SOURCE], cells[SOURCE]);
  alias->type_name = type->name;
  alias->domain = type->domain;
  alias->is_primary = is_true(fields[PRIMARY], cells[PRIMARY]);
  g_ptr_array_add(all->aliases, alias);
  return TRUE;
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
  const NxAlias *left = *(NxAlias *const *)a, *right = *(NxAlias *const *)b;
  return (left->alias_id > right->alias_id) - (left->alias_id < right->alias_id);
}

GBytes *nx_alias_build_snapshot(const NxSnapshot *snapshot, NxAliasCounts *counts, GError **err)
{
  g_autoptr(GHashTable) types = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_type);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_alias);
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  Aliases aliases = {.types = types, .aliases = list};
  Picker pick_types = {.names = TYPE_COLUMNS, .n = G_N_ELEMENTS(TYPE_COLUMNS), .take = take_type, .user_data = types};
  Picker pick_aliases = {.names = ALIAS_COLUMNS, .n = G_N_ELEMENTS(ALIAS_COLUMNS), .take = take_alias, .user_data = &aliases};
  NxRowTarget to_types = {.open = pick_open, .add = pick_row, .database = &pick_types};
  NxRowTarget to_aliases = {.open = pick_open, .add = pick_row, .database = &pick_aliases};
  gint64 rows;
  if (!nx_snapshot_read(snapshot, "entity_types", &to_types, &rows, err) || !nx_snapshot_read(snapshot, "entity_aliases", &to_aliases, &rows, err))
    return NULL;
  g_ptr_array_sort(list, compare_ids);
  for (guint i = 0; i < list->len; i++)
    nx_alias_builder_add(builder, list->pdata[i]);
  return nx_alias_builder_finish(builder, counts);
}
