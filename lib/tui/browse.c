/* browse.c — one page of a table at a time, read in a thread of its own (tui §3). The connection is the thread's; the screen only asks, takes
 * and cancels, all under one lock. */
#include "browse.h"

#include "cells.h"
#include "nx-db.h"

#include <string.h>

#define LARGEST_CELL (1024u * 1024u) /* bytes kept of one cell */
#define LARGEST_SHOWN 256u           /* of which so many are for the grid */
#define PATIENCE_US 500000           /* how long the end waits for the thread */

struct NxBrowser {
  NxDb *db;
  GThread *thread;
  GMutex lock;
  GCond asked, answered;
  NxBrowseQuestion *question; /* the next one; NULL: none */
  gboolean working, stopping, stopped;
  NxPage *page;     /* not yet taken */
  gint64 total;     /* -1: not yet known */
};

/* -------------------------------------------------------------------------------------------------------- statements */

char *nx_browse_pattern(const char *filter)
{
  GString *pattern = g_string_new("%");
  for (const char *p = filter; *p; p++) {
    if (strchr("%_\\", *p))
      g_string_append_c(pattern, '\\');
    g_string_append_c(pattern, *p);
  }
  g_string_append_c(pattern, '%');
  return g_string_free(pattern, FALSE);
}

static void append_name(GString *sql, const char *name)
{
  g_string_append_c(sql, '"');
  for (const char *p = name; *p; p++) {
    if (*p == '"')
      g_string_append_c(sql, '"');
    g_string_append_c(sql, *p);
  }
  g_string_append_c(sql, '"');
}

static void append_filter(GString *sql, const char *const *columns)
{
  for (guint i = 0; columns[i]; i++) {
    g_string_append(sql, i == 0 ? " WHERE " : " OR ");
    g_string_append(sql, "CAST(");
    append_name(sql, columns[i]);
    g_string_append(sql, " AS TEXT) LIKE $1 ESCAPE '\\'");
  }
}

char *nx_browse_sql(const NxBrowseQuestion *question, const char *const *columns, gboolean counts)
{
  GString *sql = g_string_new(counts ? "SELECT count(*) FROM " : "SELECT * FROM ");
  append_name(sql, question->table);
  if (*question->filter)
    append_filter(sql, columns);
  if (counts)
    return g_string_free(sql, FALSE);
  if (question->sorted) {
    g_string_append(sql, " ORDER BY ");
    append_name(sql, question->sorted);
    g_string_append(sql, question->descending ? " DESC" : " ASC");
  }
  g_string_append_printf(sql, " LIMIT %d OFFSET %" G_GUINT64_FORMAT, NX_PAGE_ROWS, question->first);
  return g_string_free(sql, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------- pages */

void nx_page_free(NxPage *page)
{
  if (!page)
    return;
  g_strfreev(page->columns);
  g_ptr_array_unref(page->texts);
  g_ptr_array_unref(page->shown);
  g_free(page->error);
  g_free(page);
}

const char *nx_page_text(const NxPage *page, guint row, guint column)
{
  return page->texts->pdata[row * page->column_count + column];
}

static NxPage *new_page(void)
{
  NxPage *page = g_new0(NxPage, 1);
  page->texts = g_ptr_array_new_with_free_func(g_free);
  page->shown = g_ptr_array_new_with_free_func(g_free);
  return page;
}

/* g_strndup alone would make room for the most there may be. */
static char *copy_start(const char *bytes, gsize most)
{
  return bytes ? g_strndup(bytes, strnlen(bytes, most)) : NULL;
}

static void add_row(NxPage *page, NxRows *rows)
{
  for (guint i = 0; i < page->column_count; i++) {
    const char *bytes = nx_rows_text(rows, i);
    g_autofree char *start = copy_start(bytes, LARGEST_SHOWN);
    g_ptr_array_add(page->texts, copy_start(bytes, LARGEST_CELL));
    g_ptr_array_add(page->shown, start ? nx_cells_clean(start) : NULL);
  }
  page->row_count++;
}

static NxRows *select_with_filter(NxDb *db, const char *sql, const char *filter, GError **err)
{
  if (!*filter)
    return nx_db_select(db, err, sql, NULL);
  g_autofree char *pattern = nx_browse_pattern(filter);
  return nx_db_select(db, err, sql, "s", pattern);
}

static char **read_columns(NxDb *db, const char *table, GError **err)
{
  g_autoptr(GString) sql = g_string_new("SELECT * FROM ");
  append_name(sql, table);
  g_string_append(sql, " LIMIT 0");
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql->str, NULL);
  if (!rows)
    return NULL;
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  for (guint i = 0; i < nx_rows_columns(rows); i++)
    g_strv_builder_add(names, nx_rows_name(rows, i));
  return g_strv_builder_end(names);
}

static gboolean fill_page(NxDb *db, NxPage *page, const NxBrowseQuestion *question, GError **err)
{
  page->columns = read_columns(db, question->table, err);
  if (!page->columns)
    return FALSE;
  page->column_count = g_strv_length(page->columns);
  g_autofree char *sql = nx_browse_sql(question, (const char *const *)page->columns, FALSE);
  g_autoptr(NxRows) rows = select_with_filter(db, sql, question->filter, err);
  while (rows && nx_rows_next(rows))
    add_row(page, rows);
  return rows && nx_rows_finish(rows, err);
}

static gboolean count(NxDb *db, const NxPage *page, const NxBrowseQuestion *question, gint64 *total, GError **err)
{
  g_autofree char *sql = nx_browse_sql(question, (const char *const *)page->columns, TRUE);
  g_autoptr(NxRows) rows = select_with_filter(db, sql, question->filter, err);
  if (!rows)
    return FALSE;
  *total = nx_rows_next(rows) ? nx_rows_int(rows, 0) : 0;
  return nx_rows_finish(rows, err);
}

/* ------------------------------------------------------------------------------------------------------------ thread */

static void free_question(NxBrowseQuestion *question)
{
  if (!question)
    return;
  g_free(question->table);
  g_free(question->filter);
  g_free(question->sorted);
  g_free(question);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxBrowseQuestion, free_question)

static gboolean is_outdated(NxBrowser *browser)
{
  return browser->question || browser->stopping;
}

/* Hands a page over; FALSE: nobody wants it any more. */
static gboolean hand_over(NxBrowser *browser, NxPage *page, gint64 total)
{
  g_mutex_lock(&browser->lock);
  gboolean wanted = !is_outdated(browser);
  if (wanted && page) {
    nx_page_free(browser->page);
    browser->page = page;
    page = NULL;
  }
  if (wanted)
    browser->total = total;
  g_cond_signal(&browser->answered);
  g_mutex_unlock(&browser->lock);
  nx_page_free(page);
  return wanted;
}

static void answer(NxBrowser *browser, const NxBrowseQuestion *question)
{
  g_autoptr(GError) error = NULL;
  NxPage *page = new_page();
  gint64 total = -1;
  if (!fill_page(browser->db, page, question, &error)) {
    page->error = g_strdup(error->message);
    hand_over(browser, page, 0);
    return;
  }
  /* A page that is not full tells how many there are. */
  if (page->row_count < NX_PAGE_ROWS && (page->row_count || !question->first))
    total = (gint64)(question->first + page->row_count);
  NxPage columns = {.columns = g_strdupv(page->columns)};
  if (hand_over(browser, page, total) && total < 0 && count(browser->db, &columns, question, &total, NULL))
    hand_over(browser, NULL, total);
  g_strfreev(columns.columns);
}

static gpointer work(gpointer data)
{
  NxBrowser *browser = data;
  g_mutex_lock(&browser->lock);
  while (!browser->stopping) {
    g_autoptr(NxBrowseQuestion) question = g_steal_pointer(&browser->question);
    browser->working = question != NULL;
    if (!question) {
      g_cond_signal(&browser->answered);
      g_cond_wait(&browser->asked, &browser->lock);
      continue;
    }
    g_mutex_unlock(&browser->lock);
    answer(browser, question);
    g_mutex_lock(&browser->lock);
  }
  browser->stopped = TRUE;
  g_cond_signal(&browser->answered);
  g_mutex_unlock(&browser->lock);
  return NULL;
}

NxBrowser *nx_browser_new(const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  if (!db || !nx_db_run(db, err, "PRAGMA query_only=ON", NULL))
    return NULL;
  NxBrowser *browser = g_new0(NxBrowser, 1);
  browser->db = g_steal_pointer(&db);
  browser->total = -1;
  g_mutex_init(&browser->lock);
  g_cond_init(&browser->asked);
  g_cond_init(&browser->answered);
  browser->thread = g_thread_new("browse", work, browser);
  return browser;
}

/* FALSE: the thread waits for a lock that another program holds, and may do so for half a minute more. */
static gboolean stop_thread(NxBrowser *browser)
{
  gint64 end = g_get_monotonic_time() + PATIENCE_US;
  g_mutex_lock(&browser->lock);
  browser->stopping = TRUE;
  nx_db_cancel(browser->db);
  g_cond_signal(&browser->asked);
  while (!browser->stopped && g_cond_wait_until(&browser->answered, &browser->lock, end))
    ;
  gboolean stopped = browser->stopped;
  g_mutex_unlock(&browser->lock);
  return stopped;
}

void nx_browser_free(NxBrowser *browser)
{
  /* A thread that only reads may end with the process. */
  if (!browser || !stop_thread(browser))
    return;
  g_thread_join(browser->thread);
  nx_db_close(browser->db);
  free_question(browser->question);
  nx_page_free(browser->page);
  g_mutex_clear(&browser->lock);
  g_cond_clear(&browser->asked);
  g_cond_clear(&browser->answered);
  g_free(browser);
}

void nx_browser_ask(NxBrowser *browser, const NxBrowseQuestion *question)
{
  NxBrowseQuestion *copy = g_new0(NxBrowseQuestion, 1);
  *copy = (NxBrowseQuestion){g_strdup(question->table), g_strdup(question->filter), g_strdup(question->sorted), question->descending, question->first};
  g_mutex_lock(&browser->lock);
  free_question(browser->question);
  browser->question = copy;
  g_clear_pointer(&browser->page, nx_page_free);
  browser->total = -1;
  if (browser->working)
    nx_db_cancel(browser->db);
  browser->working = TRUE;
  g_cond_signal(&browser->asked);
  g_mutex_unlock(&browser->lock);
}

NxPage *nx_browser_take(NxBrowser *browser, guint milliseconds)
{
  gint64 end = g_get_monotonic_time() + milliseconds * 1000;
  g_mutex_lock(&browser->lock);
  /* The cancellation may have come between two statements: once more. */
  if (browser->question && browser->working)
    nx_db_cancel(browser->db);
  while (milliseconds && browser->working && !browser->page && g_cond_wait_until(&browser->answered, &browser->lock, end))
    ;
  NxPage *page = g_steal_pointer(&browser->page);
  g_mutex_unlock(&browser->lock);
  return page;
}

gint64 nx_browser_total(NxBrowser *browser)
{
  g_mutex_lock(&browser->lock);
  gint64 total = browser->total;
  g_mutex_unlock(&browser->lock);
  return total;
}

gboolean nx_browser_is_busy(NxBrowser *browser)
{
  g_mutex_lock(&browser->lock);
  gboolean busy = browser->working;
  g_mutex_unlock(&browser->lock);
  return busy;
}
