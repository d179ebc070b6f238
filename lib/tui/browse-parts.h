/* browse-parts.h — what the browser is made of: its statements, its rows, and answers that grow. Private to browse*.c. */
#ifndef NX_TUI_BROWSE_PARTS_H
#define NX_TUI_BROWSE_PARTS_H

#include "browse.h"
#include "nx-db.h"

/* ------------------------------------------------------------------------------------------------------- statements */

/* A table as the browser walks it. `walks`: its rows have a _rowid_, by which it is read in pieces, in their natural order. */
typedef struct {
  char *name;
  char **columns;
  const char *like; /* the engine's word for it; NULL: LIKE */
  gboolean walks;
  gint64 lowest, highest; /* _rowid_; only when it walks and is not empty */
  gboolean is_empty;
} NxBrowseTable;

/* `%`, `_` and `\` made literal for LIKE … ESCAPE '\', with a % on both sides. */
char *nx_browse_pattern(const char *filter);
/* Every statement for rows answers the _rowid_ (0 when the table has none) and all columns; its parameter $1 is the pattern when there is a
 * filter. A page by its number: */
char *nx_browse_sql(const NxBrowseTable *table, const NxBrowseQuestion *question);
/* The rows of a piece in their natural order, `from` and `to` included. */
char *nx_browse_piece_sql(const NxBrowseTable *table, const char *filter, gint64 from, gint64 to, guint most);
/* The first page of rows that are known already, in the order of the question. */
char *nx_browse_known_sql(const NxBrowseTable *table, const NxBrowseQuestion *question, const GPtrArray *rows);
/* How many rows there are, of the whole table or (when it walks and `piece` is TRUE) between two _rowid_s. */
char *nx_browse_count_sql(const NxBrowseTable *table, const char *filter, gboolean piece, gint64 from, gint64 to);
/* $1 is the pattern when there is a filter. */
NxRows *nx_browse_select(NxDb *db, const char *sql, const char *filter, GError **err);

/* Columns, and whether and from where to where it can be walked. */
NxBrowseTable *nx_browse_table_read(NxDb *db, const char *name, GError **err);
/* The bounds again: rows may have come or gone. */
gboolean nx_browse_table_measure(NxDb *db, NxBrowseTable *table, GError **err);
void nx_browse_table_free(NxBrowseTable *table);

/* ------------------------------------------------------------------------------------------------------------- rows */

typedef struct {
  char *text;  /* NULL is SQL NULL */
  char *shown; /* may be the same bytes */
  guint width; /* cells of `shown` */
  gboolean is_cut;
} NxBrowseCell;

struct NxBrowseRow {
  gint64 id;
  guint columns;
  NxBrowseCell cells[];
};

/* The row at hand of a statement for rows. */
NxBrowseRow *nx_browse_row_read(NxRows *rows);
NxBrowseRow *nx_browse_row_ref(NxBrowseRow *row);
void nx_browse_row_unref(gpointer row);
/* As LIKE would decide; `can_tell` is FALSE when a cut cell might hold it. */
gboolean nx_browse_row_has(const NxBrowseRow *row, const char *filter, gboolean *can_tell);
/* `text` holds `part`, ASCII letters without regard to case. */
gboolean nx_browse_text_has(const char *text, const char *part);

NxPage *nx_page_new(char **columns);
/* Takes a reference. */
void nx_page_add(NxPage *page, NxBrowseRow *row);

/* ---------------------------------------------------------------------------------------------------------- answers */

typedef struct {
  NxBrowseQuestion question; /* owns its texts */
  GPtrArray *rows;
  gboolean is_whole;          /* the page is complete */
  gboolean is_all;            /* nothing comes after it */
  gint64 next;                /* when the table is walked: the first _rowid_ that was not looked at */
  gint64 total;               /* of rows that the filter keeps; -1: not known */
  gint64 counted, count_next; /* rows kept before count_next; -1: counting has not begun */
  gint64 made_us;
  char *error;
} NxAnswer;

/* Answers questions on one connection, in one thread, and keeps the last answers. */
typedef struct {
  NxDb *db;
  gboolean has_versions; /* the engine says when others have changed something */
  gint64 version;
  NxBrowseTable *table;
  GQueue answers;                                           /* of NxAnswer*, the newest first */
  gboolean (*is_wanted)(gpointer data);                     /* FALSE: stop as soon as possible */
  void (*hand_over)(const NxAnswer *answer, gpointer data); /* it has grown */
  gpointer data;
} NxAnswerer;

void nx_answerer_forget(NxAnswerer *answerer);
/* The page, then the total, both handed over as they come. */
void nx_answerer_answer(NxAnswerer *answerer, const NxBrowseQuestion *question);
/* The page only, kept for later; says nothing. */
void nx_answerer_prepare(NxAnswerer *answerer, const NxBrowseQuestion *question);

#endif
