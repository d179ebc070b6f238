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

/* Takes the entry into records.js (in place of one of the same name) and makes feed.atom anew. Call with the site locked. */
gboolean nx_site_index_add(const char *site, json_object *entry, GError **err);

/* The whole record as JSON: elements become members, repeated ones arrays; `param` and `meta` keep name, value, unit, warning. */
json_object *nx_site_record_json(xmlNode *element);

#endif
