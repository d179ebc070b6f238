/* session-page.h — what an electronic lab notebook shows of a session: an HTML fragment, built as a tree, written byte for byte as export §7.2
 * and §8.6 show it. Text of users is text in it, whatever it holds. Private to lib/export. */
#ifndef NX_EXPORT_SESSION_PAGE_H
#define NX_EXPORT_SESSION_PAGE_H

#include "nx-base.h"

#include <libxml/tree.h>

/* An empty page; freed with nx_page_free. */
xmlNode *nx_page_new(void);
void nx_page_free(xmlNode *page);
#define NX_PAGE_TITLE "NexusLIMS Microscopy Session"
/* Heading (NX_PAGE_TITLE), particulars and related records of the session (export §7.2). */
void nx_page_add_session(xmlNode *page, json_object *context);
/* An element behind the last one of `parent`; text NULL: none yet. Borrowed. */
xmlNode *nx_page_add(xmlNode *parent, const char *name, const char *text);
void nx_page_set(xmlNode *element, const char *attribute, const char *value);
/* The page, or the one element, as text. */
char *nx_page_text(const xmlNode *node);

/* An instant as people are shown it: `YYYY-MM-DDTHH:MM:SS[.ffffff]±HH:MM`, without offset when it has none; any other text as it is. */
char *nx_page_time(const char *text);
/* The address of the record in CDCS when that export succeeded; NULL otherwise. Borrowed. */
const char *nx_page_cdcs_link(json_object *context);

#endif
