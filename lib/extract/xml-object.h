/* xml-object.h — untrusted XML inside image files. Private to lib/extract. */
#ifndef NX_XML_OBJECT_H
#define NX_XML_OBJECT_H

#include "nx-base.h"

#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Parses UTF-8 text whatever encoding it declares: no network, no entities, no document type. At most 64 MiB of it, 256
 * elements within each other, and half a million elements and attributes. NX_ERROR_FORMAT otherwise. */
xmlDoc *nx_xml_parse(const char *text, GError **err);
/* The first child element of `parent` of that local name, or NULL. */
xmlNode *nx_xml_child(const xmlNode *parent, const char *name);
/* The text before the first child element, as written; NULL when there is none. */
char *nx_xml_text(const xmlNode *element);
/* The children of `element`: local name → text, or the object of their own children when they have no text; a repeated name becomes a list. */
json_object *nx_xml_object(const xmlNode *element);

#endif
