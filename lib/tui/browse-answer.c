/* browse-answer.c — answers that grow. A table with _rowid_s is walked in pieces, so that what was looked at for one filter need not be
 * looked at again for a longer one, and so that a new question never waits. What was answered is kept for a while (tui §3). */
#include "browse-parts.h"

#include <string.h>

#define KEPT_ANSWERS 8
#define OLDEST_US (20 * G_USEC_PER_SEC) /* an engine that does not say when something changed is asked again after so long */
#define PIECES 100                      /* of a large table */
#define SMALLEST_PIECE 5000             /* _rowid_s */

NxBrowseQuestion nx_browse_question_copy(const NxBrowseQuestion *question)
{
  return (NxBrowseQuestion){g_strdup(question->table), g_strdup(question->filter), g_strdup(question->sorted), question->descending,
                            question->first};
}

void nx_browse_question_clear(NxBrowseQuestion *question)
{
  g_free(question->table);
  g_free(question->filter);
  g_free(question->sorted);
  *question = (NxBrowseQuestion){0};
}

static void free_answer(gpointer data)
{
  NxAnswer *answer = data;
  nx_browse_question_clear(&answer->question);
  g_ptr_array_unref(answer->rows);
  g_free(answer->error);
  g_free(answer);
}

void nx_answerer_forget(NxAnswerer *answerer)
{
  g_queue_clear_full(&answerer->answers, free_answer);
  g_clear_pointer(&answerer->table, nx_browse_table_free);
}

/* ---------------------------------------------------------------------------------------------- what is known already */

static gboolean is_same_order(const NxBrowseQuestion *a, const NxBrowseQuestion *b)
{
  return g_strcmp0(a->sorted, b->sorted) == 0 && (!a->sorted || a->descending == b->descending);
}

static NxAnswer *find_answer(NxAnswerer *answerer, const NxBrowseQuestion *question)
{
  for (GList *at = answerer->answers.head; at; at = at->next) {
    NxAnswer *answer = at->data;
    if (is_same_order(&answer->question, question) && answer->question.first == question->first &&
        g_str_equal(answer->question.filter, question->filter))
      return answer;
  }
  return NULL;
}

/* The answer with the longest filter of which this one's rows are a part; NULL: there is none to go on from. */
static NxAnswer *find_base(NxAnswerer *answerer, const NxBrowseQuestion *question)
{
  NxAnswer *best = NULL;
  for (GList *at = answerer->answers.head; at && question->first == 0; at = at->next) {
    NxAnswer *answer = at->data;
    gboolean goes_on = answer->is_all || (!question->sorted && answerer->table->walks);
    if (goes_on && answer->question.first == 0 && is_same_order(&answer->question, question) &&
        nx_browse_text_has(question->filter, answer->question.filter) &&
        (!best || strlen(answer->question.filter) > strlen(best->question.filter)))
      best = answer;
  }
  return best;
}

/* All rows that the filter keeps, in whatever order; NULL when they are not known. */
static NxAnswer *find_known_rows(NxAnswerer *answerer, const char *filter)
{
  for (GList *at = answerer->answers.head; at && answerer->table->walks; at = at->next) {
    NxAnswer *answer = at->data;
    if (answer->is_all && answer->question.first == 0 && g_str_equal(answer->question.filter, filter))
      return answer;
  }
  return NULL;
}

static gint64 find_total(NxAnswerer *answerer, const char *filter)
{
  for (GList *at = answerer->answers.head; at; at = at->next) {
    const NxAnswer *answer = at->data;
    if (answer->total >= 0 && g_str_equal(answer->question.filter, filter))
      return answer->total;
  }
  return -1;
}

/* Where the page before ended; FALSE: it is not known. */
static gboolean find_start(NxAnswerer *answerer, const NxBrowseQuestion *question, gint64 *start)
{
  if (question->first < NX_PAGE_ROWS)
    return FALSE;
  NxBrowseQuestion before = *question;
  before.first -= NX_PAGE_ROWS;
  const NxAnswer *answer = find_answer(answerer, &before);
  if (!answer || !answer->is_whole || answer->is_all)
    return FALSE;
  *start = answer->next;
  return TRUE;
}

static void take_over(NxAnswer *answer, const NxAnswer *base)
{
  for (guint i = 0; i < base->rows->len; i++) {
    gboolean can_tell = TRUE;
    NxBrowseRow *row = base->rows->pdata[i];
    if (nx_browse_row_has(row, answer->question.filter, &can_tell))
      g_ptr_array_add(answer->rows, nx_browse_row_ref(row));
    else if (!can_tell) {
      g_ptr_array_set_size(answer->rows, 0);
      return;
    }
  }
  answer->next = base->next;
  answer->is_all = base->is_all;
  answer->is_whole = base->is_all || answer->rows->len == NX_PAGE_ROWS;
}

static NxAnswer *new_answer(NxAnswerer *answerer, const NxBrowseQuestion *question)
{
  NxAnswer *answer = g_new0(NxAnswer, 1);
  answer->question = nx_browse_question_copy(question);
  answer->rows = g_ptr_array_new_with_free_func(nx_browse_row_unref);
  answer->next = answerer->table->lowest;
  answer->count_next = answerer->table->lowest;
  answer->total = find_total(answerer, question->filter);
  answer->counted = -1;
  answer->made_us = g_get_monotonic_time();
  const NxAnswer *base = find_base(answerer, question);
  if (base)
    take_over(answer, base);
  g_queue_push_head(&answerer->answers, answer);
  while (answerer->answers.length > KEPT_ANSWERS)
    free_answer(g_queue_pop_tail(&answerer->answers));
  return answer;
}

/* ------------------------------------------------------------------------------------------------------- the next rows */

static gboolean is_done(const NxAnswer *answer)
{
  return answer->is_whole || answer->rows->len >= NX_PAGE_ROWS;
}

/* The last _rowid_ of the piece that begins at `from`. */
static gint64 end_of_piece(const NxBrowseTable *table, gint64 from)
{
  guint64 span = (guint64)table->highest - (guint64)table->lowest, step = MAX(span / PIECES, SMALLEST_PIECE);
  return (guint64)table->highest - (guint64)from <= step ? table->highest : from + (gint64)step;
}

/* A large page comes in parts too. */
static gboolean add_rows(NxAnswerer *answerer, NxAnswer *answer, const char *sql, const char *filter, GError **err)
{
  g_autoptr(NxRows) rows = nx_browse_select(answerer->db, sql, filter, err);
  while (rows && nx_rows_next(rows)) {
    g_ptr_array_add(answer->rows, nx_browse_row_read(rows));
    if (answer->rows->len % 64 == 0)
      answerer->hand_over(answer, answerer->data);
  }
  return rows && nx_rows_finish(rows, err);
}

/* Up to the end of the page, in the order of the _rowid_s. */
static gboolean walk(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  const NxBrowseTable *table = answerer->table;
  const char *filter = answer->question.filter;
  answer->is_all = table->is_empty || answer->next > table->highest;
  while (!answer->is_all && !is_done(answer) && answerer->is_wanted(answerer->data)) {
    gint64 end = *filter ? end_of_piece(table, answer->next) : table->highest;
    guint before = answer->rows->len;
    g_autofree char *sql = nx_browse_piece_sql(table, filter, answer->next, end, NX_PAGE_ROWS - before);
    gboolean good = add_rows(answerer, answer, sql, filter, err), grew = answer->rows->len > before;
    gint64 last = grew ? ((const NxBrowseRow *)answer->rows->pdata[answer->rows->len - 1])->id : answer->next;
    gboolean finished_piece = good && !is_done(answer);
    gint64 seen = finished_piece ? end : last;
    answer->is_all = seen == table->highest && (finished_piece || grew);
    if ((finished_piece || grew) && !answer->is_all)
      answer->next = seen + 1;
    if (!good)
      return FALSE;
    answerer->hand_over(answer, answerer->data);
  }
  answer->is_whole = answer->is_all || is_done(answer);
  return TRUE;
}

/* By one statement: sorted, or from a place that is known by its number only. */
static gboolean select_page(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  const NxAnswer *known = answer->question.first == 0 ? find_known_rows(answerer, answer->question.filter) : NULL;
  g_autofree char *sql =
      known ? nx_browse_known_sql(answerer->table, &answer->question, known->rows) : nx_browse_sql(answerer->table, &answer->question);
  if (!add_rows(answerer, answer, sql, known ? "" : answer->question.filter, err)) {
    g_ptr_array_set_size(answer->rows, 0);
    return FALSE;
  }
  answer->is_whole = TRUE;
  answer->is_all = answer->rows->len < NX_PAGE_ROWS;
  const NxBrowseRow *last = answer->rows->len ? answer->rows->pdata[answer->rows->len - 1] : NULL;
  if (last && answerer->table->walks && !answer->question.sorted) {
    answer->is_all = answer->is_all || last->id == answerer->table->highest;
    answer->next = answer->is_all ? last->id : last->id + 1;
  }
  return TRUE;
}

static gboolean fill(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  gboolean from_start = answer->question.first == 0;
  gboolean walks = !answer->question.sorted && answerer->table->walks &&
                   (from_start || answer->rows->len || find_start(answerer, &answer->question, &answer->next));
  if (!answer->is_whole && !(walks ? walk(answerer, answer, err) : select_page(answerer, answer, err)))
    return FALSE;
  /* A page behind the last row says nothing about how many there are. */
  if (answer->is_all && (answer->rows->len || from_start))
    answer->total = (gint64)answer->question.first + answer->rows->len;
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- total */

static gboolean count_all(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  g_autofree char *sql = nx_browse_count_sql(answerer->table, answer->question.filter, FALSE, 0, 0);
  g_autoptr(NxRows) rows = nx_browse_select(answerer->db, sql, answer->question.filter, err);
  if (rows && nx_rows_next(rows))
    answer->total = nx_rows_int(rows, 0);
  return rows && nx_rows_finish(rows, err);
}

static gboolean count_in_pieces(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  const NxBrowseTable *table = answerer->table;
  gboolean walked = !answer->question.sorted && answer->question.first == 0;
  if (answer->counted < 0) {
    answer->counted = walked ? answer->rows->len : 0;
    answer->count_next = walked ? answer->next : table->lowest;
  }
  while (answer->total < 0 && answerer->is_wanted(answerer->data)) {
    gint64 end = end_of_piece(table, answer->count_next), some = 0;
    g_autofree char *sql = nx_browse_count_sql(table, answer->question.filter, TRUE, answer->count_next, end);
    g_autoptr(NxRows) rows = nx_browse_select(answerer->db, sql, answer->question.filter, err);
    if (rows && nx_rows_next(rows))
      some = nx_rows_int(rows, 0);
    if (!rows || !nx_rows_finish(rows, err))
      return FALSE;
    answer->counted += some;
    if (end == table->highest)
      answer->total = answer->counted;
    else
      answer->count_next = end + 1;
  }
  return TRUE;
}

static gboolean count(NxAnswerer *answerer, NxAnswer *answer, GError **err)
{
  gboolean in_pieces = answerer->table->walks && !answerer->table->is_empty && *answer->question.filter;
  return in_pieces ? count_in_pieces(answerer, answer, err) : count_all(answerer, answer, err);
}

/* ------------------------------------------------------------------------------------------------------------ answer */

/* What another program has changed since makes everything that is known outdated. */
static gboolean renew(NxAnswerer *answerer, const char *table, GError **err)
{
  gint64 version = answerer->version;
  if (answerer->has_versions && !nx_db_number(answerer->db, &version, err, "PRAGMA data_version", NULL))
    return FALSE;
  const NxAnswer *newest = g_queue_peek_head(&answerer->answers);
  gboolean is_old = !answerer->has_versions && newest && g_get_monotonic_time() - newest->made_us > OLDEST_US;
  if (version != answerer->version || is_old || (answerer->table && !g_str_equal(answerer->table->name, table)))
    nx_answerer_forget(answerer);
  answerer->version = version;
  if (answerer->table)
    return TRUE;
  answerer->table = nx_browse_table_read(answerer->db, table, err);
  return answerer->table && nx_browse_table_measure(answerer->db, answerer->table, err);
}

/* An answer that was broken off is gone on with when it is asked for again; one that failed is not. */
static void fail(NxAnswerer *answerer, const NxBrowseQuestion *question, const GError *error)
{
  if (!answerer->is_wanted(answerer->data))
    return;
  NxAnswer answer = {.question = *question, .is_whole = TRUE, .total = 0, .error = error->message};
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  answer.rows = none;
  nx_answerer_forget(answerer);
  answerer->hand_over(&answer, answerer->data);
}

static NxAnswer *answer_page(NxAnswerer *answerer, const NxBrowseQuestion *question, GError **err)
{
  if (!renew(answerer, question->table, err))
    return NULL;
  NxAnswer *answer = find_answer(answerer, question);
  if (!answer)
    answer = new_answer(answerer, question);
  answerer->hand_over(answer, answerer->data);
  return fill(answerer, answer, err) ? answer : NULL;
}

void nx_answerer_answer(NxAnswerer *answerer, const NxBrowseQuestion *question)
{
  g_autoptr(GError) error = NULL;
  NxAnswer *answer = answer_page(answerer, question, &error);
  if (!answer) {
    fail(answerer, question, error);
    return;
  }
  answerer->hand_over(answer, answerer->data);
  if (answer->is_whole && answer->total < 0 && count(answerer, answer, &error))
    answerer->hand_over(answer, answerer->data);
}

void nx_answerer_prepare(NxAnswerer *answerer, const NxBrowseQuestion *question)
{
  g_autoptr(GError) error = NULL;
  answer_page(answerer, question, &error);
}
