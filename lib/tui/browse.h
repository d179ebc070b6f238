/* browse.h — one page of a table at a time, read in a thread of its own, so that a key is never kept waiting by a million rows (tui §3). */
#ifndef NX_TUI_BROWSE_H
#define NX_TUI_BROWSE_H

#include "nx-base.h"

#define NX_PAGE_ROWS 1000

typedef struct {
  char *table;
  char *filter; /* kept rows hold it in any column, without regard to ASCII case; "" keeps all */
  char *sorted; /* a column, or NULL */
  gboolean descending;
  guint64 first; /* rows before the page */
} NxBrowseQuestion;

NxBrowseQuestion nx_browse_question_copy(const NxBrowseQuestion *question);
void nx_browse_question_clear(NxBrowseQuestion *question);

/* A row is shared by the pages and the answers that hold it; it does not change. */
typedef struct NxBrowseRow NxBrowseRow;

typedef struct {
  char **columns;
  guint column_count;
  GPtrArray *rows;   /* of NxBrowseRow*; at most NX_PAGE_ROWS */
  guint *widths;     /* cells of the widest text of each column, its name apart */
  gboolean is_whole; /* nothing more comes to this page */
  char *error;       /* why there is no page; or NULL */
} NxPage;

void nx_page_free(NxPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxPage, nx_page_free)
/* The text of a cell, NULL for SQL NULL; of a very long one only the start, and *is_cut is TRUE (it may be NULL). Borrowed. */
const char *nx_page_text(const NxPage *page, guint row, guint column, gboolean *is_cut);
/* The same, short and clean, for the grid. */
const char *nx_page_shown(const NxPage *page, guint row, guint column);

typedef struct NxBrowser NxBrowser;
/* Opens the database for reading only. */
NxBrowser *nx_browser_new(const char *address, GError **err);
void nx_browser_free(NxBrowser *browser);
/* Asks for a page; a question that is not yet answered is dropped. What is already known is used again: a longer filter goes on where the
 * shorter one was. */
void nx_browser_ask(NxBrowser *browser, const NxBrowseQuestion *question);
/* Questions that may come next, the likeliest first: answered beforehand while there is nothing else to do. */
void nx_browser_expect(NxBrowser *browser, const NxBrowseQuestion *questions, guint count);
/* Nothing is used again from now on: the database is read anew. */
void nx_browser_forget(NxBrowser *browser);

typedef enum {
  NX_PAGE_NOTHING,
  NX_PAGE_NEW,  /* *page answers the last question now; it may not be whole yet */
  NX_PAGE_MORE, /* rows were added to *page, or it is whole now */
} NxPageNews;
/* Brings *page (owned by the caller, may be NULL) up to date. Waits at most so many milliseconds for the page or a screenful of it. */
NxPageNews nx_browser_take(NxBrowser *browser, guint milliseconds, NxPage **page);
/* Rows that the filter of the last question keeps; -1: still being counted. */
gint64 nx_browser_total(NxBrowser *browser);
/* TRUE until the last question is answered, its total included. */
gboolean nx_browser_is_busy(NxBrowser *browser);

/* The whole text of a cell that is cut on its page, read now; NULL and *err when it cannot be read. `row` counts from the start of the
 * page. */
char *nx_browse_whole_cell(const char *address, const NxBrowseQuestion *question, const NxPage *page, guint row, guint column,
                           GError **err);

#endif
