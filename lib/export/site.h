/* site.h — the parts of the local web catalogue. Private to lib/export. */
#ifndef NX_EXPORT_SITE_H
#define NX_EXPORT_SITE_H

#include "nx-export.h"

#include <libxml/tree.h>
#include <libxslt/xsltInternals.h>

/* Writes the page of a record into `folder` (which is there and empty): index.html, record.xml, record.json, entry.json and files/. The entry of
 * the index is returned, owned. */
json_object *nx_site_record_write(const NxSettings *settings, xsltStylesheet *sheet, NxExportJob *job, const char *name, const char *folder,
                                  GError **err);

/* Waits for the lock of the catalogue, whose folder is there; a descriptor to close, or -1. All below are called with it. */
int nx_site_lock(const char *site, GError **err);

/* A record's name; those that begin with a dot are the catalogue's own. */
gboolean nx_site_is_page_name(const char *name);

/* A page on its way to its place, and the folders that are there meanwhile. */
typedef struct {
  char *site;
  char *place;      /* records/NAME */
  char *unfinished; /* records/.unfinished */
  char *mark;       /* NAME in it */
  char *new_folder; /* in that: what becomes the page; the caller makes it and fills it */
  char *old_folder;
} NxSitePage;
void nx_site_page_init(NxSitePage *page, const char *site, const char *name);
void nx_site_page_clear(NxSitePage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxSitePage, nx_site_page_clear)
/* Puts it in its place and its entry into the list. After FALSE the old page is there, or the new one, which nx_site_mend lists. */
gboolean nx_site_page_finish(const NxSitePage *page, json_object *entry, GError **err);
/* Leaves everything as it was. */
void nx_site_page_abandon(const NxSitePage *page);
/* Brings to its end what others left: every page has its entry then. */
gboolean nx_site_mend(const char *site, GError **err);

/* Takes a page out of the catalogue, with its entry. One that is not there is no error; a name that cannot be a page's is not there. */
gboolean nx_site_withdraw(const char *site, const char *name, GError **err);

/* Takes the entry into the list (in place of one of the same name) and makes feed.atom anew. */
gboolean nx_site_index_add(const char *site, json_object *entry, GError **err);
gboolean nx_site_index_remove(const char *site, const char *name, GError **err);

/* The whole record as JSON: elements become members, repeated ones arrays; `param` and `meta` keep name, value, unit, warning. */
json_object *nx_site_record_json(xmlNode *element);

#endif
