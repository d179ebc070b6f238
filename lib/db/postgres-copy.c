/* postgres-copy.c — many rows at once: out of a query as binary COPY, into a table as text COPY. Formats:
 * postgresql.org/docs/15/sql-copy.html, "Binary Format" and "Text Format". */
#include "postgres.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------ out */

typedef struct {
  char *bytes; /* NULL: SQL NULL */
  gsize length;
  char shown[NX_POSTGRES_TIMESTAMP_SIZE]; /* a number or a time as text */
} Cell;

struct NxPostgresCopy {
  NxPostgres *postgres;
  char *sql;
  PGresult *titles; /* names and types of the columns */
  NxCellType *types;
  Cell *cells;
  guint n;
  char *row; /* bytes of the present row, the library's */
  gboolean has_begun, has_ended;
};

enum {
  BOOL = 16,
  BYTEA = 17,
  INT8 = 20,
  INT2 = 21,
  TEXT = 25,
  OID = 26,
  INT4 = 23,
  JSON = 114,
  FLOAT4 = 700,
  FLOAT8 = 701,
  BPCHAR = 1042,
  VARCHAR = 1043,
  TIMESTAMP = 1114,
  TIMESTAMPTZ = 1184
};

static gboolean is_timestamp(Oid type)
{
  return type == TIMESTAMP || type == TIMESTAMPTZ;
}

/* Types whose bytes are read here; every other one is asked for as text. */
static gboolean is_read_here(Oid type)
{
  return is_timestamp(type) || type == TEXT || type == VARCHAR || type == BPCHAR || type == JSON || nx_postgres_cell_type(type) != NX_CELL_TEXT;
}

static PGresult *describe(NxPostgres *postgres, const char *sql, GError **err)
{
  nx_postgres_make_free(postgres);
  if (!nx_pq.sendPrepare(postgres->connection, "", sql, 0, NULL) || !nx_postgres_check(postgres, nx_postgres_wait(postgres), err)) {
    nx_postgres_drain(postgres);
    return NULL;
  }
  nx_postgres_drain(postgres);
  if (!nx_pq.sendDescribePrepared(postgres->connection, "")) {
    nx_postgres_error(postgres, NULL, err);
    return NULL;
  }
  PGresult *titles = nx_postgres_wait(postgres);
  nx_postgres_drain(postgres);
  if (titles && nx_pq.resultStatus(titles) == PGRES_COMMAND_OK)
    return titles;
  nx_postgres_check(postgres, titles, err);
  return NULL;
}

/* The query itself, or one around it that turns the types which are not read here into text. */
static char *copy_statement(const PGresult *titles, const char *sql)
{
  g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
  gboolean all_read_here = TRUE;
  for (int i = 0; i < nx_pq.nfields(titles); i++) {
    gboolean here = is_read_here(nx_pq.ftype(titles, i));
    all_read_here = all_read_here && here;
    g_string_append_printf(names, "%sc%d", i ? ", " : "", i);
    g_string_append_printf(values, "%sc%d%s", i ? ", " : "", i, here ? "" : "::text");
  }
  if (all_read_here)
    return g_strdup_printf("COPY (%s) TO STDOUT (FORMAT binary)", sql);
  return g_strdup_printf("COPY (SELECT %s FROM (%s) AS q (%s)) TO STDOUT (FORMAT binary)", values->str, sql, names->str);
}

NxPostgresCopy *nx_postgres_copy_new(NxPostgres *postgres, const char *sql, GError **err)
{
  PGresult *titles = describe(postgres, sql, err);
  if (!titles)
    return NULL;
  NxPostgresCopy *copy = g_new0(NxPostgresCopy, 1);
  copy->postgres = postgres;
  copy->titles = titles;
  copy->n = (guint)nx_pq.nfields(titles);
  copy->sql = copy_statement(titles, sql);
  copy->types = g_new(NxCellType, copy->n);
  copy->cells = g_new0(Cell, copy->n);
  for (guint i = 0; i < copy->n; i++)
    copy->types[i] = nx_postgres_cell_type(nx_pq.ftype(titles, (int)i));
  return copy;
}

const PGresult *nx_postgres_copy_titles(const NxPostgresCopy *copy)
{
  return copy->titles;
}

static void forget_row(NxPostgresCopy *copy)
{
  nx_pq.freemem(g_steal_pointer(&copy->row));
  for (guint i = 0; i < copy->n; i++)
    copy->cells[i].bytes = NULL;
}

void nx_postgres_copy_free(NxPostgresCopy *copy)
{
  char reason[256];
  forget_row(copy);
  if (copy->has_begun && !copy->has_ended) {
    nx_pq.cancel(copy->postgres->cancel, reason, sizeof reason);
    for (char *bytes = NULL; nx_pq.getCopyData(copy->postgres->connection, &bytes, FALSE) > 0;)
      nx_pq.freemem(bytes);
    nx_postgres_drain(copy->postgres);
  }
  nx_pq.clear(copy->titles);
  g_free(copy->types);
  g_free(copy->cells);
  g_free(copy->sql);
  g_free(copy);
}

static gboolean begin(NxPostgresCopy *copy, GError **err)
{
  NxPostgres *postgres = copy->postgres;
  nx_postgres_make_free(postgres);
  copy->has_begun = TRUE;
  PGresult *result = nx_pq.sendQuery(postgres->connection, copy->sql) ? nx_postgres_wait(postgres) : NULL;
  if (result && nx_pq.resultStatus(result) == PGRES_COPY_OUT) {
    nx_pq.clear(result);
    return TRUE;
  }
  copy->has_ended = TRUE;
  nx_postgres_check(postgres, result, err);
  nx_postgres_drain(postgres);
  return FALSE;
}

static guint32 big_endian_32(const char *bytes)
{
  guint32 value = 0;
  memcpy(&value, bytes, sizeof value);
  return GUINT32_FROM_BE(value);
}

static guint16 big_endian_16(const char *bytes)
{
  guint16 value = 0;
  memcpy(&value, bytes, sizeof value);
  return GUINT16_FROM_BE(value);
}

static guint64 big_endian_64(const char *bytes)
{
  guint64 value = 0;
  memcpy(&value, bytes, sizeof value);
  return GUINT64_FROM_BE(value);
}

#define SIGNATURE_LENGTH 11
#define COLUMNS_END 0xffff
#define NULL_LENGTH 0xffffffffu

/* The first message begins with the signature, flags and an extension: *position moves past them. */
static gboolean skip_header(const char *bytes, gsize length, gsize *position)
{
  static const char SIGNATURE[SIGNATURE_LENGTH] = "PGCOPY\n\377\r\n\0";
  if (length < SIGNATURE_LENGTH || memcmp(bytes, SIGNATURE, SIGNATURE_LENGTH) != 0)
    return TRUE;
  if (length < SIGNATURE_LENGTH + 8)
    return FALSE;
  guint32 extension = big_endian_32(bytes + SIGNATURE_LENGTH + 4);
  *position = SIGNATURE_LENGTH + 8;
  if (extension > length - *position)
    return FALSE;
  *position += extension;
  return TRUE;
}

/* Cuts a message into cells. *row is FALSE for the trailer. The byte after a cell belongs to the length of the next one, which has been
 * read by then, or is the zero that the library puts at the end: it becomes the zero that ends the cell's text. */
static gboolean read_row(NxPostgresCopy *copy, gsize length, gboolean *row)
{
  gsize position = 0;
  *row = FALSE;
  if (!skip_header(copy->row, length, &position) || length - position < 2)
    return position == length;
  guint16 columns = big_endian_16(copy->row + position);
  position += 2;
  if (columns == COLUMNS_END)
    return TRUE;
  if (columns != copy->n)
    return FALSE;
  for (guint i = 0; i < copy->n; i++) {
    if (length - position < 4)
      return FALSE;
    guint32 size = big_endian_32(copy->row + position);
    position += 4;
    if (size == NULL_LENGTH)
      continue;
    if (size > length - position)
      return FALSE;
    copy->cells[i].bytes = copy->row + position;
    copy->cells[i].length = size;
    position += size;
  }
  for (guint i = 0; i < copy->n; i++)
    if (copy->cells[i].bytes)
      copy->cells[i].bytes[copy->cells[i].length] = '\0';
  *row = TRUE;
  return TRUE;
}

static gboolean end(NxPostgresCopy *copy, GError **err)
{
  copy->has_ended = TRUE;
  gboolean good = nx_postgres_check(copy->postgres, nx_postgres_wait(copy->postgres), err);
  nx_postgres_drain(copy->postgres);
  return good;
}

/* The next message into copy->row; its length, -1 at the end, -2 on an error. */
static int receive(NxPostgresCopy *copy)
{
  NxPostgres *postgres = copy->postgres;
  int length = 0;
  while ((length = nx_pq.getCopyData(postgres->connection, &copy->row, TRUE)) == 0) {
    nx_postgres_poll(postgres, FALSE);
    if (!nx_pq.consumeInput(postgres->connection))
      return -2;
  }
  return length;
}

gboolean nx_postgres_copy_step(NxPostgresCopy *copy, gboolean *row, GError **err)
{
  *row = FALSE;
  if (copy->has_ended || (!copy->has_begun && !begin(copy, err)))
    return copy->has_ended && !(err && *err);
  while (!*row) {
    forget_row(copy);
    int length = receive(copy);
    if (length < 0)
      return end(copy, err);
    if (!read_row(copy, (gsize)length, row)) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the PostgreSQL server at %s sent a row that cannot be read", copy->postgres->place);
      return FALSE;
    }
  }
  return TRUE;
}

NxCellType nx_postgres_copy_type(const NxPostgresCopy *copy, guint column)
{
  return copy->cells[column].bytes ? copy->types[column] : NX_CELL_NULL;
}

gint64 nx_postgres_copy_integer(const NxPostgresCopy *copy, guint column)
{
  const Cell *cell = &copy->cells[column];
  if (!cell->bytes || copy->types[column] == NX_CELL_REAL)
    return cell->bytes ? (gint64)nx_postgres_copy_real(copy, column) : 0;
  if (copy->types[column] != NX_CELL_INTEGER)
    return g_ascii_strtoll(cell->bytes, NULL, 10);
  switch (cell->length) {
  case 1:
    return *cell->bytes != 0;
  case 2:
    return (gint16)big_endian_16(cell->bytes);
  case 4:
    return nx_pq.ftype(copy->titles, (int)column) == OID ? (gint64)big_endian_32(cell->bytes) : (gint32)big_endian_32(cell->bytes);
  case 8:
    return (gint64)big_endian_64(cell->bytes);
  default:
    return 0;
  }
}

double nx_postgres_copy_real(const NxPostgresCopy *copy, guint column)
{
  const Cell *cell = &copy->cells[column];
  if (!cell->bytes || copy->types[column] == NX_CELL_INTEGER)
    return (double)nx_postgres_copy_integer(copy, column);
  if (copy->types[column] != NX_CELL_REAL)
    return g_ascii_strtod(cell->bytes, NULL);
  if (cell->length == sizeof(float)) {
    guint32 bits = big_endian_32(cell->bytes);
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
  }
  guint64 bits = cell->length == sizeof(double) ? big_endian_64(cell->bytes) : 0;
  double value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The bytes of a cell as the text that the server would have made of them. */
static const char *show(const NxPostgresCopy *copy, guint column, gsize *length)
{
  Cell *cell = &copy->cells[column];
  const Oid type = nx_pq.ftype(copy->titles, (int)column);
  if (is_timestamp(type))
    nx_postgres_timestamp_text((gint64)big_endian_64(cell->bytes), type == TIMESTAMPTZ, cell->shown);
  else if (copy->types[column] == NX_CELL_INTEGER)
    g_snprintf(cell->shown, sizeof cell->shown, "%" G_GINT64_FORMAT, nx_postgres_copy_integer(copy, column));
  else {
    g_autofree char *text = nx_text_from_double(nx_postgres_copy_real(copy, column));
    g_strlcpy(cell->shown, text, sizeof cell->shown);
  }
  *length = strlen(cell->shown);
  return cell->shown;
}

const char *nx_postgres_copy_text(NxPostgresCopy *copy, guint column, gsize *length)
{
  const Cell *cell = &copy->cells[column];
  *length = cell->bytes ? cell->length : 0;
  if (!cell->bytes || copy->types[column] == NX_CELL_BYTES)
    return cell->bytes;
  if (copy->types[column] == NX_CELL_TEXT && !(is_timestamp(nx_pq.ftype(copy->titles, (int)column)) && cell->length == sizeof(gint64)))
    return cell->bytes;
  return show(copy, column, length);
}

/* ------------------------------------------------------------------------------------------------------------------- in */

#define LOAD_BUFFER (64 * 1024)

typedef struct {
  NxPostgres *postgres;
  char *table;
  char **columns;
  GString *text;   /* rows that have not been sent */
  guint column;    /* of the present row */
  guint64 row;     /* from 1 */
  GError *problem; /* of the present row */
} Load;

static char *load_statement(NxPostgres *postgres, const char *table, const char *const *columns)
{
  g_autofree char *name = nx_postgres_identifier(postgres, table);
  g_autoptr(GString) sql = g_string_new(NULL);
  g_string_printf(sql, "COPY %s (", name);
  for (guint i = 0; columns[i]; i++) {
    g_autofree char *column = nx_postgres_identifier(postgres, columns[i]);
    g_string_append_printf(sql, "%s%s", i ? ", " : "", column);
  }
  g_string_append(sql, ") FROM STDIN");
  return g_string_free(g_steal_pointer(&sql), FALSE);
}

static void load_free(Load *load)
{
  g_free(load->table);
  g_strfreev(load->columns);
  g_string_free(load->text, TRUE);
  g_clear_error(&load->problem);
  g_free(load);
}

gpointer nx_postgres_load_start(gpointer connection, const char *table, const char *const *columns, GError **err)
{
  NxPostgres *postgres = connection;
  nx_postgres_make_free(postgres);
  g_autofree char *sql = load_statement(postgres, table, columns);
  PGresult *result = nx_pq.sendQuery(postgres->connection, sql) ? nx_postgres_wait(postgres) : NULL;
  if (!result || nx_pq.resultStatus(result) != PGRES_COPY_IN) {
    nx_postgres_check(postgres, result, err);
    nx_postgres_drain(postgres);
    return NULL;
  }
  nx_pq.clear(result);
  Load *load = g_new0(Load, 1);
  load->postgres = postgres;
  load->table = g_strdup(table);
  load->columns = g_strdupv((char **)columns);
  load->text = g_string_sized_new(LOAD_BUFFER + 4096);
  load->row = 1;
  return load;
}

static void append_separator(Load *load)
{
  if (load->column++ > 0)
    g_string_append_c(load->text, '\t');
}

void nx_postgres_load_null(gpointer data)
{
  Load *load = data;
  append_separator(load);
  g_string_append(load->text, "\\N");
}

void nx_postgres_load_text(gpointer data, const char *text, gsize length)
{
  Load *load = data;
  append_separator(load);
  if (memchr(text, '\0', length) && !load->problem)
    g_set_error(&load->problem, NX_ERROR, NX_ERROR_DATA,
                "table %s, row %" G_GUINT64_FORMAT ", column %s: PostgreSQL cannot store a text with a NUL character", load->table,
                load->row, load->column <= g_strv_length(load->columns) ? load->columns[load->column - 1] : "?");
  for (const char *end = text + length; text < end; text++) {
    const char *escape = *text == '\\' ? "\\\\" : *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : *text == '\r' ? "\\r" : NULL;
    if (escape)
      g_string_append(load->text, escape);
    else
      g_string_append_c(load->text, *text);
  }
}

void nx_postgres_load_integer(gpointer data, gint64 value)
{
  Load *load = data;
  append_separator(load);
  g_string_append_printf(load->text, "%" G_GINT64_FORMAT, value);
}

void nx_postgres_load_real(gpointer data, double value)
{
  Load *load = data;
  g_autofree char *text = nx_text_from_double(value);
  append_separator(load);
  g_string_append(load->text, text);
}

void nx_postgres_load_bytes(gpointer data, const void *bytes, gsize length)
{
  Load *load = data;
  append_separator(load);
  g_string_append(load->text, "\\\\x");
  for (gsize i = 0; i < length; i++)
    g_string_append_printf(load->text, "%02x", ((const guint8 *)bytes)[i]);
}

static gboolean send(Load *load, GError **err)
{
  gboolean sent = nx_pq.putCopyData(load->postgres->connection, load->text->str, (int)load->text->len) == 1;
  g_string_truncate(load->text, 0);
  return sent || nx_postgres_error(load->postgres, NULL, err);
}

gboolean nx_postgres_load_next(gpointer data, GError **err)
{
  Load *load = data;
  if (load->problem) {
    g_propagate_error(err, g_steal_pointer(&load->problem));
    return FALSE;
  }
  g_string_append_c(load->text, '\n');
  load->column = 0;
  load->row++;
  return load->text->len < LOAD_BUFFER || send(load, err);
}

/* Ids that are given out from now on come after those that were loaded. */
static gboolean move_sequences(Load *load, GError **err)
{
  g_autofree char *name = nx_postgres_identifier(load->postgres, load->table);
  g_autofree char *table = nx_postgres_literal(load->postgres, name);
  g_autofree char *sql = g_strdup_printf(
      "DO $do$ DECLARE c name; BEGIN FOR c IN SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = %s::regclass "
      "AND attidentity <> '' AND NOT attisdropped LOOP "
      "EXECUTE format('SELECT setval(pg_get_serial_sequence(%%L, %%L), greatest(max(%%I), 1), max(%%I) IS NOT NULL) FROM %%s', "
      "%s, c, c, c, %s); END LOOP; END $do$",
      table, table, table);
  return nx_postgres_script(load->postgres, sql, err);
}

gboolean nx_postgres_load_end(gpointer data, gboolean good, GError **err)
{
  Load *load = data;
  NxPostgres *postgres = load->postgres;
  gboolean sent = good && (load->text->len == 0 || send(load, err));
  gboolean ended = nx_pq.putCopyEnd(postgres->connection, sent ? NULL : "given up") == 1;
  GError *answer = NULL;
  gboolean stored = nx_postgres_check(postgres, ended ? nx_postgres_wait(postgres) : NULL, &answer) && sent;
  nx_postgres_drain(postgres);
  /* What the server says to a load that was given up is no news. */
  if (answer && good && !(err && *err))
    g_propagate_error(err, g_steal_pointer(&answer));
  g_clear_error(&answer);
  stored = stored && move_sequences(load, err);
  load_free(load);
  return stored;
}
