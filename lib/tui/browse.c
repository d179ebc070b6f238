/* browse.c — the thread that answers questions about tables (tui §3). The connection is the thread's; the screen only asks, takes and
 * cancels, all under one lock. */
#include "browse-parts.h"

#define SCREENFUL 64       /* rows that are worth showing before the page is whole */
#define PATIENCE_US 500000 /* how long the end waits for the thread */
#define MOST_EXPECTED 3

struct NxBrowser {
  GThread *thread;
  NxAnswerer answerer; /* the thread's own, its connection apart, which may be cancelled from outside */
  GMutex lock;
  GCond asked, answered;
  gboolean is_asked, working, stopping, stopped, forgets;
  NxBrowseQuestion question; /* the next one, when `is_asked` */
  NxBrowseQuestion expected[MOST_EXPECTED];
  guint expected_count, expected_done;
  gboolean is_preparing; /* what the thread does now is for later */
  NxPage *fresh;         /* rows not yet taken */
  gboolean fresh_is_new; /* they begin another page */
  guint published;       /* rows of the page handed over so far */
  gint64 total;          /* -1: not yet known */
};

/* ------------------------------------------------------------------------------------------------------------ thread */

static gboolean is_outdated(const NxBrowser *browser)
{
  return browser->is_asked || browser->stopping;
}

static gboolean is_wanted(gpointer data)
{
  NxBrowser *browser = data;
  g_mutex_lock(&browser->lock);
  gboolean wanted = !is_outdated(browser);
  g_mutex_unlock(&browser->lock);
  return wanted;
}

static void hand_over(const NxAnswer *answer, gpointer data)
{
  NxBrowser *browser = data;
  const NxBrowseTable *table = browser->answerer.table;
  g_mutex_lock(&browser->lock);
  if (!is_outdated(browser) && !browser->is_preparing) {
    if (!browser->fresh)
      browser->fresh = nx_page_new(table ? table->columns : NULL);
    for (; browser->published < answer->rows->len; browser->published++)
      nx_page_add(browser->fresh, answer->rows->pdata[browser->published]);
    browser->fresh->is_whole = answer->is_whole;
    browser->fresh->error = g_strdup(answer->error);
    browser->total = answer->total;
    if (answer->is_whole || browser->published >= SCREENFUL)
      g_cond_signal(&browser->answered);
  }
  g_mutex_unlock(&browser->lock);
}

/* Under the lock, which is given back meanwhile. FALSE: there is nothing to do. */
static gboolean do_next(NxBrowser *browser)
{
  NxBrowseQuestion question = {0};
  gboolean is_asked = browser->is_asked, forgets = browser->forgets;
  if (is_asked) {
    question = browser->question;
    browser->question = (NxBrowseQuestion){0};
    browser->is_asked = FALSE;
  } else if (browser->expected_done < browser->expected_count)
    question = nx_browse_question_copy(&browser->expected[browser->expected_done++]);
  else
    return FALSE;
  browser->is_preparing = !is_asked;
  browser->forgets = FALSE;
  g_mutex_unlock(&browser->lock);
  if (forgets)
    nx_answerer_forget(&browser->answerer);
  if (is_asked)
    nx_answerer_answer(&browser->answerer, &question);
  else
    nx_answerer_prepare(&browser->answerer, &question);
  nx_browse_question_clear(&question);
  g_mutex_lock(&browser->lock);
  browser->working = browser->is_asked;
  return TRUE;
}

static gpointer work(gpointer data)
{
  NxBrowser *browser = data;
  g_mutex_lock(&browser->lock);
  while (!browser->stopping) {
    if (do_next(browser))
      continue;
    g_cond_signal(&browser->answered);
    g_cond_wait(&browser->asked, &browser->lock);
  }
  browser->stopped = TRUE;
  g_cond_signal(&browser->answered);
  g_mutex_unlock(&browser->lock);
  return NULL;
}

/* ------------------------------------------------------------------------------------------------- beginning and end */

NxBrowser *nx_browser_new(const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  gboolean is_sqlite = db && g_str_equal(nx_db_insertion_order(db), "rowid");
  if (!db || (is_sqlite && !nx_db_run(db, err, "PRAGMA query_only=ON", NULL)))
    return NULL;
  NxBrowser *browser = g_new0(NxBrowser, 1);
  browser->answerer =
      (NxAnswerer){.db = g_steal_pointer(&db), .has_versions = is_sqlite, .is_wanted = is_wanted, .hand_over = hand_over, .data = browser};
  browser->total = -1;
  g_mutex_init(&browser->lock);
  g_cond_init(&browser->asked);
  g_cond_init(&browser->answered);
  browser->thread = g_thread_try_new("browse", work, browser, err);
  if (browser->thread)
    return browser;
  nx_browser_free(browser);
  return NULL;
}

/* FALSE: the thread waits for a lock that another program holds, and may do so for half a minute more. */
static gboolean stop_thread(NxBrowser *browser)
{
  gint64 end = g_get_monotonic_time() + PATIENCE_US;
  g_mutex_lock(&browser->lock);
  browser->stopping = TRUE;
  nx_db_cancel(browser->answerer.db);
  g_cond_signal(&browser->asked);
  while (!browser->stopped && g_cond_wait_until(&browser->answered, &browser->lock, end))
    ;
  gboolean stopped = browser->stopped;
  g_mutex_unlock(&browser->lock);
  return stopped;
}

static void forget_expected(NxBrowser *browser)
{
  for (guint i = 0; i < browser->expected_count; i++)
    nx_browse_question_clear(&browser->expected[i]);
  browser->expected_count = browser->expected_done = 0;
}

void nx_browser_free(NxBrowser *browser)
{
  /* A thread that only reads may end with the process. */
  if (!browser || (browser->thread && !stop_thread(browser)))
    return;
  if (browser->thread)
    g_thread_join(browser->thread);
  nx_answerer_forget(&browser->answerer);
  nx_db_close(browser->answerer.db);
  nx_browse_question_clear(&browser->question);
  forget_expected(browser);
  nx_page_free(browser->fresh);
  g_mutex_clear(&browser->lock);
  g_cond_clear(&browser->asked);
  g_cond_clear(&browser->answered);
  g_free(browser);
}

/* ------------------------------------------------------------------------------------------------------------ screen */

/* What the thread does now is no longer wanted. */
static void cancel(NxBrowser *browser)
{
  if (browser->working || browser->is_preparing)
    nx_db_cancel(browser->answerer.db);
}

void nx_browser_ask(NxBrowser *browser, const NxBrowseQuestion *question)
{
  g_mutex_lock(&browser->lock);
  cancel(browser);
  nx_browse_question_clear(&browser->question);
  browser->question = nx_browse_question_copy(question);
  browser->is_asked = browser->working = TRUE;
  forget_expected(browser);
  g_clear_pointer(&browser->fresh, nx_page_free);
  browser->fresh_is_new = TRUE;
  browser->published = 0;
  browser->total = -1;
  g_cond_signal(&browser->asked);
  g_mutex_unlock(&browser->lock);
}

static gboolean is_same(const NxBrowseQuestion *a, const NxBrowseQuestion *b)
{
  return g_str_equal(a->table, b->table) && g_str_equal(a->filter, b->filter) && g_strcmp0(a->sorted, b->sorted) == 0 &&
         a->descending == b->descending && a->first == b->first;
}

void nx_browser_expect(NxBrowser *browser, const NxBrowseQuestion *questions, guint count)
{
  count = MIN(count, MOST_EXPECTED);
  g_mutex_lock(&browser->lock);
  gboolean same = count == browser->expected_count;
  for (guint i = 0; same && i < count; i++)
    same = is_same(&browser->expected[i], &questions[i]);
  if (!same) {
    forget_expected(browser);
    for (guint i = 0; i < count; i++)
      browser->expected[i] = nx_browse_question_copy(&questions[i]);
    browser->expected_count = count;
    g_cond_signal(&browser->asked);
  }
  g_mutex_unlock(&browser->lock);
}

void nx_browser_forget(NxBrowser *browser)
{
  g_mutex_lock(&browser->lock);
  browser->forgets = TRUE;
  g_mutex_unlock(&browser->lock);
}

/* Under the lock. */
static gboolean is_worth_showing(const NxBrowser *browser)
{
  return browser->fresh && (browser->fresh->is_whole || browser->published >= SCREENFUL);
}

static void append(NxPage *page, NxPage *more)
{
  for (guint i = 0; i < more->rows->len; i++)
    nx_page_add(page, more->rows->pdata[i]);
  page->is_whole = more->is_whole;
  if (more->error && !page->error)
    page->error = g_steal_pointer(&more->error);
  nx_page_free(more);
}

NxPageNews nx_browser_take(NxBrowser *browser, guint milliseconds, NxPage **page)
{
  gint64 end = g_get_monotonic_time() + milliseconds * 1000;
  g_mutex_lock(&browser->lock);
  /* The cancellation may have come between two statements: once more. */
  if (browser->is_asked)
    cancel(browser);
  while (milliseconds && browser->working && !is_worth_showing(browser) && g_cond_wait_until(&browser->answered, &browser->lock, end))
    ;
  gboolean is_new = browser->fresh_is_new;
  /* Nothing found yet: what is on the screen is better than nothing. */
  NxPage *fresh =
      is_new && browser->fresh && !browser->fresh->rows->len && !browser->fresh->is_whole ? NULL : g_steal_pointer(&browser->fresh);
  if (fresh)
    browser->fresh_is_new = FALSE;
  g_mutex_unlock(&browser->lock);
  if (!fresh)
    return NX_PAGE_NOTHING;
  if (!is_new && *page) {
    append(*page, fresh);
    return NX_PAGE_MORE;
  }
  nx_page_free(*page);
  *page = fresh;
  return NX_PAGE_NEW;
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
  gboolean busy = browser->working || browser->fresh;
  g_mutex_unlock(&browser->lock);
  return busy;
}
