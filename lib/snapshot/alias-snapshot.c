/* alias-snapshot.c — the aliases of a snapshot: of IGEM entity_aliases joined with entity_types (igem-db §9.2), of NexusLIMS the columns that its
 * schema.json names as sources (§12.4), which are read from a database too. */
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

/* Places of the wanted columns; NX_ERROR_FORMAT names one that is missing, or cannot be read. */
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
    if (g_array_index(fields, NxField, places[i]).type == NX_FIELD_NESTED) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the column %s is nested, which cannot be read: it has to be one value a row", names[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* Where the tables are: in a snapshot, or, when that is NULL, those named in `tables` at `rows`. */
typedef struct {
  const NxSnapshot *snapshot;
  const NxRowSource *rows;
  const char *const *tables;
} Place;

static gboolean has_table(const Place *place, const char *table)
{
  return place->snapshot ? nx_snapshot_has_table(place->snapshot, table) : g_strv_contains(place->tables, table);
}

static gboolean pour(const NxRowSource *from, const GArray *fields, const NxRowTarget *target, GError **err)
{
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  for (gboolean more = TRUE;;) {
    if (nx_interrupted()) {
      g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "Aborted!");
      return FALSE;
    }
    if (!from->next(from->database, row, &more, err))
      return FALSE;
    if (!more)
      return TRUE;
    if (!target->add(target->database, row, err))
      return FALSE;
  }
}

static gboolean open_table(const Place *place, const char *table, GArray *fields, const NxRowTarget *target, GError **err)
{
  if (!place->rows->open(place->rows->database, table, fields, err))
    return FALSE;
  if (target->open(target->database, table, fields, err))
    return TRUE;
  g_prefix_error(err, "it is of another revision, or not of NexusLIMS ('nexuslims db check' tells): ");
  return FALSE;
}

static gboolean read_table(const Place *place, const char *table, const NxRowTarget *target, GError **err)
{
  gint64 rows;
  if (place->snapshot)
    return nx_snapshot_read(place->snapshot, table, target, &rows, err);
  g_autoptr(GArray) fields = nx_fields_new();
  return open_table(place, table, fields, target, err) && pour(place->rows, fields, target, err);
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

/* Other programs write text as bytes that nothing marks as text (parquet §5). */
static char *text(const NxField *field, const NxDatum *cell)
{
  if (field->type == NX_FIELD_BYTES && !cell->is_null && nx_text_is_utf8(cell->bytes, cell->length))
    return g_strndup(cell->bytes, cell->length);
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

static GBytes *build_from_aliases(const NxSnapshot *snapshot, NxAliasCounts *counts, GError **err)
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
  for (guint i = 0; i < list->len && !nx_interrupted(); i++)
    nx_alias_builder_add(builder, list->pdata[i]);
  return nx_alias_builder_finish(builder, counts, err);
}

/* ------------------------------------------------------------------------------------------------------- sources of names */

#define FACTS_MAX (1u << 20)
#define COLUMNS_MAX 8u

/* A table whose rows are things with names: the first of `columns` is the id, which is what a thing is called. Several rows may be of one thing. */
typedef struct {
  NxAliasBuilder *builder;
  const char *table, *type;
  const char *columns[COLUMNS_MAX], *parts[COLUMNS_MAX];
  guint n, n_tables; /* columns of this table; tables that were there so far */
  gint64 *alias_id, *entity_id; /* the greatest so far */
  GHashTable *entities;         /* id → gint64 *, of this table */
  GHashTable *given;            /* names, with thing and column */
} Source;

static char *part_of(const char *part, const char *value)
{
  if (g_strcmp0(part, "before @") == 0)
    return g_strndup(value, strcspn(value, "@"));
  if (g_strcmp0(part, "last component") != 0)
    return g_strdup(value);
  const char *last = value;
  for (const char *at = value; *at; at++)
    if ((*at == '/' || *at == '\\') && at[1])
      last = at + 1;
  return g_strndup(last, strcspn(last, "/\\"));
}

static gint64 entity_of(Source *source, const char *id)
{
  const gint64 *known = id ? g_hash_table_lookup(source->entities, id) : NULL;
  if (known)
    return *known;
  ++*source->entity_id;
  if (id)
    g_hash_table_insert(source->entities, g_strdup(id), g_memdup2(source->entity_id, sizeof *source->entity_id));
  return *source->entity_id;
}

static gboolean is_new(Source *source, gint64 entity_id, guint column, const char *name)
{
  return g_hash_table_add(source->given, g_strdup_printf("%" G_GINT64_FORMAT " %u %s", entity_id, column, name));
}

static gboolean take_named(gpointer user_data, const NxField *const *fields, const NxDatum *const *cells)
{
  Source *source = user_data;
  g_autofree char *id = text(fields[0], cells[0]);
  gint64 entity_id = entity_of(source, id);
  for (guint i = 0; i < source->n; i++) {
    g_autofree char *value = text(fields[i], cells[i]), *name = value ? part_of(source->parts[i], value) : NULL;
    g_autofree char *origin = g_strdup_printf("%s.%s", source->table, source->columns[i]);
    if (name && *name && is_new(source, entity_id, i, name))
      nx_alias_builder_add(source->builder, &(NxAlias){.alias_id = ++*source->alias_id,
                                                       .entity_id = entity_id,
                                                       .value = name,
                                                       .norm = "",
                                                       .kind = i == 0 ? "preferred" : "synonym",
                                                       .source = origin,
                                                       .type_name = source->type,
                                                       .is_primary = i == 0});
  }
  return TRUE;
}

static void add_column(Source *source, const char *column, const char *part)
{
  gboolean is_id = source->n > 0 && g_strcmp0(column, source->columns[0]) == 0;
  if (!column || is_id || source->n == COLUMNS_MAX)
    return;
  source->columns[source->n] = column;
  source->parts[source->n++] = part;
}

static gboolean add_source(const Place *place, json_object *about, Source *source, GError **err)
{
  json_object *columns = nx_json_get(about, "columns");
  source->table = nx_json_get_string(about, "table");
  source->type = nx_json_get_string(about, "type");
  source->n = 0;
  if (!source->table || !has_table(place, source->table))
    return TRUE;
  source->n_tables++;
  g_hash_table_remove_all(source->entities);
  g_hash_table_remove_all(source->given);
  add_column(source, nx_json_get_string(about, "id"), NULL);
  for (gsize i = 0; json_object_is_type(columns, json_type_array) && i < json_object_array_length(columns); i++) {
    json_object *column = json_object_array_get_idx(columns, i);
    add_column(source, nx_json_get_string(column, "column"), nx_json_get_string(column, "part"));
  }
  Picker picker = {.names = source->columns, .n = source->n, .take = take_named, .user_data = source};
  NxRowTarget target = {.open = pick_open, .add = pick_row, .database = &picker};
  return read_table(place, source->table, &target, err);
}

static GBytes *build_from_sources(const Place *place, NxAliasCounts *counts, GError **err)
{
  g_autofree char *path = nx_share_path("migrations/nexuslims/schema.json");
  g_autoptr(json_object) facts = nx_json_read_file(path, FACTS_MAX, err);
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  json_object *sources = nx_json_get(facts, "aliases");
  gint64 alias_id = 0, entity_id = 0;
  g_autoptr(GHashTable) entities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GHashTable) given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Source source = {.builder = builder, .alias_id = &alias_id, .entity_id = &entity_id, .entities = entities, .given = given};
  if (!facts)
    return NULL;
  for (gsize i = 0; json_object_is_type(sources, json_type_array) && i < json_object_array_length(sources); i++)
    if (!add_source(place, json_object_array_get_idx(sources, i), &source, err))
      return NULL;
  if (!place->snapshot && source.n_tables == 0) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA,
                        "it is not of NexusLIMS: no table that holds names is there (names of IGEM are found in a snapshot: igem-server db export)");
    return NULL;
  }
  return nx_alias_builder_finish(builder, counts, err);
}

GBytes *nx_alias_build_snapshot(const NxSnapshot *snapshot, NxAliasCounts *counts, GError **err)
{
  const char *schema = nx_json_get_string(nx_snapshot_manifest(snapshot), "schema");
  Place place = {.snapshot = snapshot};
  return g_strcmp0(schema, "nexuslims") == 0 ? build_from_sources(&place, counts, err) : build_from_aliases(snapshot, counts, err);
}

GBytes *nx_alias_build_rows(const NxRowSource *rows, const char *const *tables, NxAliasCounts *counts, GError **err)
{
  Place place = {.rows = rows, .tables = tables};
  return build_from_sources(&place, counts, err);
}
