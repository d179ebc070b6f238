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

typedef struct {
  char **columns;
  guint column_count, row_count;
  GPtrArray *texts; /* row after row: whole text, NULL is SQL NULL */
  GPtrArray *shown; /* the same, short and clean, for the grid */
  char *error;      /* why there is no page; or NULL */
} NxPage;

void nx_page_free(NxPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxPage, nx_page_free)
const char *nx_page_text(const NxPage *page, guint row, guint column);

/* `%`, `_` and `\` made literal for LIKE … ESCAPE '\', with a % on both sides. */
char *nx_browse_pattern(const char *filter);
/* The statement for a page, or with `counts` for the number of rows; its parameter $1 is the pattern when there is a filter. */
char *nx_browse_sql(const NxBrowseQuestion *question, const char *const *columns, gboolean counts);

typedef struct NxBrowser NxBrowser;
/* Opens the database for reading only. */
NxBrowser *nx_browser_new(const char *address, GError **err);
void nx_browser_free(NxBrowser *browser);
/* Asks for a page; a question that is not yet answered is dropped. */
void nx_browser_ask(NxBrowser *browser, const NxBrowseQuestion *question);
/* The page, when it is there after at most so many milliseconds; each page once. */
NxPage *nx_browser_take(NxBrowser *browser, guint milliseconds);
/* Rows that the filter of the last question keeps; -1: still being counted. */
gint64 nx_browser_total(NxBrowser *browser);
/* TRUE until the last question is answered, its total included. */
gboolean nx_browser_is_busy(NxBrowser *browser);

#endif
