/* wrap.h — lines of text cut into rows of a fixed number of characters. Private to preview/. */
#ifndef NX_PREVIEW_WRAP_H
#define NX_PREVIEW_WRAP_H

#include <glib.h>

/* Rows of at most `columns` characters (extractors-b 12.4): broken at blanks, which are dropped at a break, or behind a hyphen between two letters; a
 * longer word is cut. Blanks at the start of the first row stay. At most `most` rows. Text without a visible character gives no row. `text` is
 * UTF-8. Returns owned strings, freed with the array. */
GPtrArray *nx_wrap(const char *text, guint columns, guint most);

/* The rows of a text page (extractors-b 12.4): text with more than 18 line feeds is data, its first 17 lines are cut at 44 characters; anything
 * else is a note, wrapped at 44, blank lines kept, 18 rows. Line ends may be LF, CR or CRLF; tabs go to stops of 4. */
GPtrArray *nx_text_page_rows(const char *text);

/* Bytes → UTF-8: as UTF-16 when its byte-order mark is in front, else as UTF-8, else Windows-1250, else Windows-1252, each of the last three
 * strictly. NUL becomes a blank and a byte-order mark is dropped. `complete` FALSE: the bytes are the head of a longer text, whose last character
 * may be cut. NULL when none fits. */
char *nx_text_decode(const char *bytes, gsize length, gboolean complete);
void nx_text_decode_warm_up(void);

#endif
