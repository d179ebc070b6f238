/* postgres-table.c — a table of a PostgreSQL database as data, from the catalogue. Texts are the server's own. */
#include "postgres.h"

#include <string.h>

static gboolean read_columns(NxDb *db, NxTable *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(
      db, err,
      "SELECT a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attidentity = '' THEN pg_get_expr(d.adbin, d.adrelid) END, "
      "a.attnotnull::int FROM pg_catalog.pg_attribute a "
      "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
      "WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      "s", table->name);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    nx_table_add_column(table, nx_rows_text(rows, 0), nx_rows_text(rows, 1), nx_rows_text(rows, 2), nx_rows_int(rows, 3) != 0);
  return nx_rows_finish(rows, err);
}

static NxConstraintKind kind_of(const char *type)
{
  switch (*type) {
  case 'p':
    return NX_CONSTRAINT_PRIMARY_KEY;
  case 'u':
    return NX_CONSTRAINT_UNIQUE;
  case 'f':
    return NX_CONSTRAINT_FOREIGN_KEY;
  default:
    return NX_CONSTRAINT_CHECK;
  }
}

/* Whether a foreign key has been checked for old rows is no part of what it demands. */
static char *without_validity(const char *text)
{
  static const char ENDING[] = " NOT VALID";
  return g_str_has_suffix(text, ENDING) ? g_strndup(text, strlen(text) - strlen(ENDING)) : g_strdup(text);
}

static gboolean read_constraints(NxDb *db, NxTable *table, GError **err)
{
  g_autoptr(NxRows) rows =
      nx_db_select(db, err,
                   "SELECT c.contype, c.conname, pg_get_constraintdef(c.oid, true), (SELECT string_agg(a.attname, chr(9) ORDER BY k.place) "
                   "FROM unnest(c.conkey) WITH ORDINALITY AS k(number, place) "
                   "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) "
                   "FROM pg_catalog.pg_constraint c WHERE c.conrelid = to_regclass(quote_ident($1)) AND c.contype IN ('p', 'u', 'c', 'f') "
                   "ORDER BY c.oid",
                   "s", table->name);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    NxConstraint *constraint = g_new0(NxConstraint, 1);
    constraint->kind = kind_of(nx_rows_text(rows, 0));
    constraint->name = g_strdup(nx_rows_text(rows, 1));
    constraint->text = without_validity(nx_rows_text(rows, 2));
    if (constraint->kind != NX_CONSTRAINT_CHECK)
      constraint->columns = g_strsplit(nx_rows_text(rows, 3), "\t", -1);
    g_ptr_array_add(table->constraints, constraint);
  }
  return nx_rows_finish(rows, err);
}

static gboolean read_indexes(NxDb *db, NxTable *table, GError **err)
{
  g_autoptr(NxRows) rows =
      nx_db_select(db, err,
                   "SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_catalog.pg_index i "
                   "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
                   "WHERE i.indrelid = to_regclass(quote_ident($1)) AND NOT EXISTS "
                   "(SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY c.relname COLLATE \"C\"",
                   "s", table->name);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    g_ptr_array_add(table->indexes, g_strdup(nx_rows_text(rows, 0)));
  return nx_rows_finish(rows, err);
}

NxTable *nx_postgres_table_read(NxDb *db, const char *name, GError **err)
{
  g_autoptr(NxTable) table = nx_table_new(name);
  if (!read_columns(db, table, err))
    return NULL;
  if (table->columns->len == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "no such table: %s", name);
    return NULL;
  }
  return read_constraints(db, table, err) && read_indexes(db, table, err) ? g_steal_pointer(&table) : NULL;
}
