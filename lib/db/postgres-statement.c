/* postgres-statement.c — statements with parameters, and their rows as they come over the connection, one at a time, so that memory does
 * not grow with a table. One statement's rows can come at a time: when another one starts, the rest of the first is kept in memory. */
#include "postgres.h"

#include <stdlib.h>
#include <string.h>

struct NxPostgresStatement {
  NxPostgres *postgres;
  char *sql;
  GPtrArray *values; /* text of each parameter, or NULL */
  enum { NOT_SENT, COMING, ENDED } state;
  GQueue parked;    /* PGresult* that came before they were asked for */
  PGresult *row;    /* where the values of the present row are */
  PGresult *titles; /* a result that tells the columns, when there is no row */
  char *bytes;      /* a decoded value of the present row */
  gboolean is_in_transaction;
  NxPostgresCopy *copy; /* of a bulk statement: the rows come from there */
};

/* Types by the object identifiers that PostgreSQL has fixed: pg_type.dat. */
enum { BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, OID = 26, FLOAT4 = 700, FLOAT8 = 701 };

NxCellType nx_postgres_cell_type(Oid type)
{
  switch (type) {
  case BOOL:
  case INT8:
  case INT2:
  case INT4:
  case OID:
    return NX_CELL_INTEGER;
  case FLOAT4:
  case FLOAT8:
    return NX_CELL_REAL;
  case BYTEA:
    return NX_CELL_BYTES;
  default:
    return NX_CELL_TEXT;
  }
}

gpointer nx_postgres_prepare(gpointer connection, const char *sql, GError **err)
{
  (void)err;
  NxPostgresStatement *statement = g_new0(NxPostgresStatement, 1);
  statement->postgres = connection;
  statement->sql = g_strdup(sql);
  statement->values = g_ptr_array_new_with_free_func(g_free);
  g_queue_init(&statement->parked);
  return statement;
}

gpointer nx_postgres_prepare_bulk(gpointer connection, const char *sql, GError **err)
{
  NxPostgresCopy *copy = nx_postgres_copy_new(connection, sql, err);
  if (!copy)
    return NULL;
  NxPostgresStatement *statement = nx_postgres_prepare(connection, sql, err);
  statement->copy = copy;
  statement->state = ENDED;
  return statement;
}

static gboolean bind(NxPostgresStatement *statement, guint number, char *text)
{
  while (statement->values->len < number)
    g_ptr_array_add(statement->values, NULL);
  g_free(statement->values->pdata[number - 1]);
  statement->values->pdata[number - 1] = text;
  return TRUE;
}

gboolean nx_postgres_bind_text(gpointer statement, guint number, const char *text)
{
  return bind(statement, number, g_strdup(text));
}

gboolean nx_postgres_bind_integer(gpointer statement, guint number, gint64 value)
{
  return bind(statement, number, g_strdup_printf("%" G_GINT64_FORMAT, value));
}

/* ---------------------------------------------------------------------------------------------------------------- rows */

static gboolean send(NxPostgresStatement *statement)
{
  NxPostgres *postgres = statement->postgres;
  nx_postgres_make_free(postgres);
  statement->is_in_transaction = nx_pq.transactionStatus(postgres->connection) == PQTRANS_INTRANS;
  statement->state = ENDED;
  if (!nx_pq.sendQueryParams(postgres->connection, statement->sql, (int)statement->values->len, NULL,
                             (const char *const *)statement->values->pdata, NULL, NULL, 0))
    return FALSE;
  nx_pq.setSingleRowMode(postgres->connection);
  statement->state = COMING;
  postgres->running = statement;
  return TRUE;
}

/* The next result, from memory or from the connection; NULL after the last. */
static PGresult *next_result(NxPostgresStatement *statement)
{
  if (!g_queue_is_empty(&statement->parked))
    return g_queue_pop_head(&statement->parked);
  if (statement->state != COMING)
    return NULL;
  PGresult *result = nx_postgres_wait(statement->postgres);
  if (result)
    return result;
  statement->state = ENDED;
  statement->postgres->running = NULL;
  return NULL;
}

void nx_postgres_park(NxPostgresStatement *statement)
{
  GQueue parked = G_QUEUE_INIT;
  for (PGresult *result = NULL; (result = next_result(statement));)
    g_queue_push_tail(&parked, result);
  statement->parked = parked;
}

static void forget_row(NxPostgresStatement *statement)
{
  nx_pq.clear(g_steal_pointer(&statement->row));
  g_clear_pointer(&statement->bytes, g_free);
}

/* A result that is no row: the end of them, a count, an error. */
static gboolean take_other(NxPostgresStatement *statement, PGresult *result, GError **err)
{
  NxPostgres *postgres = statement->postgres;
  const char *count = nx_pq.cmdTuples(result);
  postgres->changed = *count ? g_ascii_strtoll(count, NULL, 10) : 0;
  if (nx_pq.resultStatus(result) == PGRES_TUPLES_OK) {
    nx_pq.clear(statement->titles);
    statement->titles = result;
    return TRUE;
  }
  if (nx_postgres_check(postgres, result, err))
    return TRUE;
  for (PGresult *rest = NULL; (rest = next_result(statement));)
    nx_pq.clear(rest);
  return FALSE;
}

gboolean nx_postgres_step(gpointer connection, gpointer data, gboolean *row, GError **err)
{
  NxPostgresStatement *statement = data;
  if (statement->copy)
    return nx_postgres_copy_step(statement->copy, row, err);
  *row = FALSE;
  forget_row(statement);
  if (statement->state == NOT_SENT && !send(statement))
    return nx_postgres_error(connection, NULL, err);
  for (PGresult *result = NULL; (result = next_result(statement));) {
    if (nx_pq.resultStatus(result) == PGRES_SINGLE_TUPLE) {
      statement->row = result;
      *row = TRUE;
      return TRUE;
    }
    if (!take_other(statement, result, err))
      return FALSE;
  }
  return TRUE;
}

#define ROWS_NOT_WORTH_CANCELLING 256

/* Rows that nobody wants. Inside a transaction they are read to their end, because a cancelled statement would spoil it. */
static void abandon(NxPostgresStatement *statement)
{
  NxPostgres *postgres = statement->postgres;
  char reason[256];
  guint count = 0;
  for (PGresult *result = NULL; (result = next_result(statement)); nx_pq.clear(result))
    if (++count == ROWS_NOT_WORTH_CANCELLING && statement->state == COMING && !statement->is_in_transaction)
      nx_pq.cancel(postgres->cancel, reason, sizeof reason);
}

void nx_postgres_finish(gpointer data)
{
  NxPostgresStatement *statement = data;
  if (!statement)
    return;
  abandon(statement);
  forget_row(statement);
  nx_pq.clear(statement->titles);
  g_clear_pointer(&statement->copy, nx_postgres_copy_free);
  g_ptr_array_unref(statement->values);
  g_free(statement->sql);
  g_free(statement);
}

/* --------------------------------------------------------------------------------------------------------------- cells */

/* A result that tells the columns; NULL when there are none. Asked before the first row, the statement is sent. */
static const PGresult *titles_of(NxPostgresStatement *statement)
{
  if (statement->copy)
    return nx_postgres_copy_titles(statement->copy);
  if (statement->row)
    return statement->row;
  if (statement->state == NOT_SENT && send(statement)) {
    PGresult *first = next_result(statement);
    if (first)
      g_queue_push_head(&statement->parked, first);
  }
  return statement->titles ? statement->titles : g_queue_peek_head(&statement->parked);
}

guint nx_postgres_columns(gpointer statement)
{
  const PGresult *titles = titles_of(statement);
  return titles ? (guint)nx_pq.nfields(titles) : 0;
}

const char *nx_postgres_column_name(gpointer statement, guint column)
{
  const PGresult *titles = titles_of(statement);
  return titles ? nx_pq.fname(titles, (int)column) : NULL;
}

NxCellType nx_postgres_column_type(gpointer data, guint column)
{
  const NxPostgresStatement *statement = data;
  if (statement->copy)
    return nx_postgres_copy_type(statement->copy, column);
  if (!statement->row || nx_pq.getisnull(statement->row, 0, (int)column))
    return NX_CELL_NULL;
  return nx_postgres_cell_type(nx_pq.ftype(statement->row, (int)column));
}

/* `\x4e58` → the bytes */
static const char *decode_bytes(NxPostgresStatement *statement, const char *text, gsize *length)
{
  gsize n = strlen(text) / 2;
  *length = n > 0 ? n - 1 : 0;
  g_free(statement->bytes);
  statement->bytes = g_malloc0(n + 1);
  for (gsize i = 0; i < *length; i++)
    statement->bytes[i] = (char)(g_ascii_xdigit_value(text[2 * i + 2]) << 4 | g_ascii_xdigit_value(text[2 * i + 3]));
  return statement->bytes;
}

const char *nx_postgres_column_text(gpointer data, guint column, gsize *length)
{
  NxPostgresStatement *statement = data;
  if (statement->copy)
    return nx_postgres_copy_text(statement->copy, column, length);
  *length = 0;
  if (nx_postgres_column_type(statement, column) == NX_CELL_NULL)
    return NULL;
  const char *text = nx_pq.getvalue(statement->row, 0, (int)column);
  Oid type = nx_pq.ftype(statement->row, (int)column);
  if (type == BYTEA)
    return decode_bytes(statement, text, length);
  if (type == BOOL)
    text = *text == 't' ? "1" : "0";
  *length = type == BOOL ? 1 : (gsize)nx_pq.getlength(statement->row, 0, (int)column);
  return text;
}

gint64 nx_postgres_column_integer(gpointer data, guint column)
{
  gsize length = 0;
  NxPostgresStatement *statement = data;
  if (statement->copy)
    return nx_postgres_copy_integer(statement->copy, column);
  const char *text = nx_postgres_column_text(statement, column, &length);
  return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

double nx_postgres_column_real(gpointer data, guint column)
{
  gsize length = 0;
  NxPostgresStatement *statement = data;
  if (statement->copy)
    return nx_postgres_copy_real(statement->copy, column);
  const char *text = nx_postgres_column_text(statement, column, &length);
  return text ? g_ascii_strtod(text, NULL) : 0.0;
}
