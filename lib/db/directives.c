/* directives.c — `--@` lines of a migration file that count rows, and compare a table with its copy before the old one goes
 * (database 2.9 and 8.1). */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

#include <string.h>

/* What a table holds: compared before and after a copy. */
typedef struct {
  gint64 rows;
  char *range;        /* "(first, last)" of the key; NULL when no key is watched */
  char *distribution; /* "{'COMPLETED': 3, 'ERROR': 1}"; NULL when no column is watched */
} Count;

/* `verify TABLE [as COPY | called NAME] [pk=COLUMN] [by=COLUMN]`: a table and its copy, or a table that stays and is spoken of as NAME. */
typedef struct {
  char *table, *copy, *name, *key, *by;
  Count before;
} Verification;

struct NxWatch {
  GPtrArray *verifications;
  gboolean is_silent; /* every watched table was empty */
};

static void count_clear(Count *count)
{
  g_free(count->range);
  g_free(count->distribution);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Count, count_clear)

static void verification_free(gpointer data)
{
  Verification *verification = data;
  g_free(verification->table);
  g_free(verification->copy);
  g_free(verification->name);
  g_free(verification->key);
  g_free(verification->by);
  count_clear(&verification->before);
  g_free(verification);
}

void nx_watch_free(NxWatch *watch)
{
  if (!watch)
    return;
  g_ptr_array_unref(watch->verifications);
  g_free(watch);
}

/* ---------------------------------------------------------------------------------------------------------- counting */

static gboolean count_rows(NxDb *db, const char *table, gint64 *rows, GError **err)
{
  g_autofree char *name = nx_sql_quoted(table);
  g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", name);
  return nx_db_number(db, rows, err, sql, NULL);
}

/* Each end by itself, since a key is found at either end without a walk. */
static gboolean count_range(NxDb *db, const char *table, const char *key, char **range, GError **err)
{
  g_autofree char *name = nx_sql_quoted(table);
  g_autofree char *sql = g_strdup_printf("SELECT (SELECT min(%s) FROM %s), (SELECT max(%s) FROM %s)", key, name, key, name);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  if (!rows || !nx_rows_next(rows))
    return rows && nx_rows_finish(rows, err);
  const char *first = nx_rows_text(rows, 0), *last = nx_rows_text(rows, 1);
  *range = g_strdup_printf("(%s, %s)", first ? first : "None", last ? last : "None");
  return TRUE;
}

/* Adds the groups of a table to `groups`: value as it is shown → gint64 *. */
static gboolean count_groups(NxDb *db, const char *table, const char *column, GHashTable *groups, GError **err)
{
  gboolean one_by_one = nx_db_driver(db)->sorts_to_group;
  g_autofree char *name = nx_sql_quoted(table);
  g_autofree char *sql = one_by_one ? g_strdup_printf("SELECT %s, 1 FROM %s", column, name)
                                    : g_strdup_printf("SELECT %s, count(*) FROM %s GROUP BY %s", column, name, column);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  g_autofree char *recent = NULL;
  gint64 *count = NULL;
  while (rows && nx_rows_next(rows)) {
    const char *value = nx_rows_text(rows, 0);
    if (!count || g_strcmp0(value, recent) != 0) {
      g_autofree char *shown = value ? g_strdup_printf("'%s'", value) : g_strdup("None");
      g_free(recent);
      recent = g_strdup(value);
      count = g_hash_table_lookup(groups, shown);
      if (!count)
        g_hash_table_insert(groups, g_steal_pointer(&shown), count = g_new0(gint64, 1));
    }
    *count += nx_rows_int(rows, 1);
  }
  return rows && nx_rows_finish(rows, err);
}

/* The rows too: each is in one of the groups. */
static gboolean count_distribution(NxDb *db, const char *table, const char *column, Count *count, GError **err)
{
  g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  if (!count_groups(db, table, column, groups, err))
    return FALSE;
  g_autoptr(GList) values = g_list_sort(g_hash_table_get_keys(groups), (GCompareFunc)strcmp);
  g_autoptr(GString) text = g_string_new("{");
  for (const GList *value = values; value; value = value->next) {
    gint64 rows = *(const gint64 *)g_hash_table_lookup(groups, value->data);
    g_string_append_printf(text, "%s%s: %" G_GINT64_FORMAT, text->len > 1 ? ", " : "", (const char *)value->data, rows);
    count->rows += rows;
  }
  g_string_append_c(text, '}');
  count->distribution = g_string_free(g_steal_pointer(&text), FALSE);
  return TRUE;
}

static gboolean count_table(NxDb *db, const char *table, const Verification *verification, Count *count, GError **err)
{
  gboolean counted =
      verification->by ? count_distribution(db, table, verification->by, count, err) : count_rows(db, table, &count->rows, err);
  return counted && (!verification->key || count_range(db, table, verification->key, &count->range, err));
}

/* --------------------------------------------------------------------------------------------------------- watching */

static Verification *parse_verification(const char *text)
{
  Verification *verification = g_new0(Verification, 1);
  g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
  verification->table = g_strdup(words[0]);
  for (guint i = 1; words[0] && words[i]; i++) {
    if (g_str_equal(words[i], "as") && words[i + 1])
      verification->copy = g_strdup(words[++i]);
    else if (g_str_equal(words[i], "called") && words[i + 1])
      verification->name = g_strdup(words[++i]);
    else if (g_str_has_prefix(words[i], "pk="))
      verification->key = nx_sql_identifier(words[i] + 3);
    else if (g_str_has_prefix(words[i], "by="))
      verification->by = nx_sql_identifier(words[i] + 3);
  }
  if (!verification->copy)
    verification->copy = g_strdup(verification->table);
  if (!verification->name)
    verification->name = g_strdup(verification->copy);
  return verification;
}

NxWatch *nx_watch_start(NxDb *db, GPtrArray *pieces, GError **err)
{
  g_autoptr(NxWatch) watch = g_new0(NxWatch, 1);
  watch->verifications = g_ptr_array_new_with_free_func(verification_free);
  watch->is_silent = TRUE;
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    const char *rest = NULL;
    g_autofree char *name = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
    if (!name || !g_str_equal(name, "verify"))
      continue;
    Verification *verification = parse_verification(rest);
    g_ptr_array_add(watch->verifications, verification);
    if (!count_table(db, verification->table, verification, &verification->before, err))
      return NULL;
    watch->is_silent = watch->is_silent && verification->before.rows == 0;
  }
  return g_steal_pointer(&watch);
}

static const Verification *find_verification(const NxWatch *watch, const char *table)
{
  for (guint i = 0; i < watch->verifications->len; i++) {
    const Verification *verification = watch->verifications->pdata[i];
    if (g_str_equal(verification->table, table))
      return verification;
  }
  return NULL;
}

const char *nx_watch_copy(const NxWatch *watch, const char *statement)
{
  for (guint i = 0; i < watch->verifications->len; i++) {
    const Verification *verification = watch->verifications->pdata[i];
    if (!g_str_equal(verification->table, verification->copy) && nx_copy_is_into(statement, verification->copy))
      return verification->copy;
  }
  return NULL;
}

/* ---------------------------------------------------------------------------------------------------------- running */

static gboolean mismatch(GError **err, const char *table, const char *what, const char *expected, const char *actual)
{
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Data integrity check FAILED for %s: %s Expected: %s, Actual: %s", table, what, expected,
              actual);
  return FALSE;
}

static gboolean compare(const Verification *verification, const Count *after, GError **err)
{
  const Count *before = &verification->before;
  if (before->rows != after->rows) {
    g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, before->rows);
    g_autofree char *actual = g_strdup_printf("%" G_GINT64_FORMAT, after->rows);
    return mismatch(err, verification->name, "Row count mismatch!", expected, actual);
  }
  if (g_strcmp0(before->range, after->range) != 0)
    return mismatch(err, verification->name, "Primary key range mismatch!", before->range, after->range);
  if (g_strcmp0(before->distribution, after->distribution) != 0) {
    g_autofree char *what = g_strdup_printf("Distribution mismatch in %s!", verification->by);
    return mismatch(err, verification->name, what, before->distribution, after->distribution);
  }
  return TRUE;
}

static gboolean run_verify(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err)
{
  g_auto(GStrv) words = g_strsplit_set(arguments, " \t", 2);
  for (guint i = 0; i < watch->verifications->len; i++) {
    const Verification *verification = watch->verifications->pdata[i];
    g_auto(Count) after = {0};
    if (!g_str_equal(verification->table, words[0]))
      continue;
    if (!count_table(db, verification->copy, verification, &after, err) || !compare(verification, &after, err))
      return FALSE;
    if (!watch->is_silent)
      fprintf(out, "✓ Data integrity verified for %s: %" G_GINT64_FORMAT " rows preserved\n", verification->name, after.rows);
  }
  return TRUE;
}

/* The text between the first and the last double quote. */
static char *quoted_text(const char *arguments)
{
  const char *open = strchr(arguments, '"'), *close = strrchr(arguments, '"');
  return open && close > open ? g_strndup(open + 1, (gsize)(close - open) - 1) : g_strdup(arguments);
}

static char *filled_in(const char *text, const char *name, gint64 value)
{
  g_autofree char *place = g_strdup_printf("{%s}", name);
  g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, value);
  g_auto(GStrv) parts = g_strsplit(text, place, -1);
  return g_strjoinv(number, parts);
}

/* `count TABLE "text with {n}"`: said when there are rows. */
static gboolean run_count(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err)
{
  const char *rest = NULL;
  g_autofree char *table = nx_directive_name(arguments, &rest);
  g_autofree char *text = quoted_text(rest);
  const Verification *verification = find_verification(watch, table);
  gint64 rows = verification ? verification->before.rows : 0;
  if (!verification && !count_rows(db, table, &rows, err))
    return FALSE;
  g_autofree char *line = filled_in(text, "n", rows);
  if (rows > 0)
    fprintf(out, "%s\n", line);
  return TRUE;
}

/* `summary "text with {table} …"`: the numbers that were verified. */
static gboolean run_summary(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err)
{
  (void)db;
  (void)err;
  g_autofree char *text = quoted_text(arguments);
  for (guint i = 0; i < watch->verifications->len; i++) {
    const Verification *verification = watch->verifications->pdata[i];
    char *filled = filled_in(text, verification->table, verification->before.rows);
    g_free(text);
    text = filled;
  }
  if (!watch->is_silent)
    fprintf(out, "%s\n", text);
  return TRUE;
}

static gboolean run_batch(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err)
{
  (void)watch;
  (void)out;
  return nx_batch_run(db, arguments, err);
}

static gboolean run_irreversible(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err)
{
  (void)db;
  (void)watch;
  (void)out;
  g_autofree char *reason = quoted_text(arguments);
  return nx_revision_error(err, "This step cannot be taken back: %s", reason);
}

static const struct {
  const char *name;
  gboolean (*run)(NxDb *db, NxWatch *watch, const char *arguments, FILE *out, GError **err);
} DIRECTIVES[] = {
    {"count", run_count}, {"verify", run_verify}, {"summary", run_summary}, {"batch", run_batch}, {"irreversible", run_irreversible},
};

gboolean nx_directive_run(NxDb *db, NxWatch *watch, const char *directive, FILE *out, GError **err)
{
  const char *rest = NULL;
  g_autofree char *name = nx_directive_name(directive, &rest);
  for (gsize i = 0; i < G_N_ELEMENTS(DIRECTIVES); i++)
    if (g_str_equal(DIRECTIVES[i].name, name))
      return DIRECTIVES[i].run(db, watch, rest, out, err);
  return nx_revision_error(err, "unknown directive --@ %s", name);
}

gboolean nx_directives_check(GPtrArray *pieces, GError **err)
{
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    const char *rest = NULL;
    gboolean known = !piece->is_directive;
    g_autofree char *name = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
    for (gsize j = 0; j < G_N_ELEMENTS(DIRECTIVES) && !known; j++)
      known = g_str_equal(DIRECTIVES[j].name, name);
    if (!known)
      return nx_revision_error(err, "line %u: unknown directive --@ %s", piece->line, name);
    if (name && g_str_equal(name, "irreversible"))
      return run_irreversible(NULL, NULL, rest, NULL, err);
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------- after a failure */

static gboolean drop_leftover(NxDb *db, const char *table, const char *copy, GError **err)
{
  gboolean has_table = FALSE, has_copy = FALSE;
  if (g_str_equal(table, copy))
    return TRUE;
  if (!nx_db_has_table(db, table, &has_table, err) || !nx_db_has_table(db, copy, &has_copy, err))
    return FALSE;
  if (!has_table || !has_copy)
    return TRUE;
  g_autofree char *name = nx_sql_quoted(copy);
  g_autofree char *sql = g_strdup_printf("DROP TABLE %s", name);
  nx_log_info("dropping %s, which a run that broke off left beside %s", copy, table);
  return nx_db_script(db, sql, err);
}

gboolean nx_leftovers_drop(NxDb *db, GPtrArray *pieces, GError **err)
{
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    const char *rest = NULL, *after = NULL;
    g_autofree char *name = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
    if (!name || !(g_str_equal(name, "verify") || g_str_equal(name, "batch")))
      continue;
    g_autofree char *table = nx_directive_name(rest, &after);
    Verification *verification = parse_verification(rest);
    g_autofree char *copy = g_str_equal(name, "batch") ? nx_batch_temporary(rest) : g_strdup(verification->copy);
    verification_free(verification);
    if (!drop_leftover(db, table, copy, err))
      return FALSE;
  }
  return TRUE;
}
