/* xml-object.c — XML that instruments leave in their images, as JSON objects of text. */
#include "xml-object.h"

#include <libxml/parser.h>
#include <string.h>

xmlDoc *nx_xml_parse(const char *text, GError **err)
{
  gsize length = strlen(text);
  g_autoptr(xmlDoc) document = length > G_MAXINT ? NULL
                             : xmlReadMemory(text, (int)length, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (!document || !xmlDocGetRootElement(document)) {
    const xmlError *problem = xmlGetLastError();
    g_autofree char *reason = problem && problem->message ? g_strstrip(nx_text_utf8(problem->message, -1)) : g_strdup("no element");
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not well-formed XML: %s", reason);
    return NULL;
  }
  if (document->intSubset) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "XML with a document type is not read");
    return NULL;
  }
  return g_steal_pointer(&document);
}

xmlNode *nx_xml_child(const xmlNode *parent, const char *name)
{
  for (xmlNode *child = parent->children; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, name) == 0)
      return child;
  }
  return NULL;
}

char *nx_xml_text(const xmlNode *element)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (const xmlNode *child = element->children; child && child->type != XML_ELEMENT_NODE; child = child->next) {
    if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content)
      g_string_append(text, (const char *)child->content);
  }
  return text->len ? g_strdup(text->str) : NULL;
}

static gboolean is_blank(const char *text)
{
  while (text && g_ascii_isspace(*text))
    text++;
  return !text || !*text;
}

static json_object *value_of(const xmlNode *element)
{
  g_autofree char *text = nx_xml_text(element);
  return is_blank(text) ? nx_xml_object(element) : json_object_new_string(text);
}

/* Adds `value` under `name`; the second of a name turns the first into a list. */
static void add_member(json_object *object, GHashTable *lists, const char *name, json_object *value)
{
  json_object *present;
  if (!json_object_object_get_ex(object, name, &present)) {
    json_object_object_add(object, name, value);
    return;
  }
  if (!g_hash_table_contains(lists, name)) {
    json_object *list = json_object_new_array();
    json_object_array_add(list, json_object_get(present));
    json_object_object_add(object, name, list);
    g_hash_table_add(lists, g_strdup(name));
    present = list;
  }
  json_object_array_add(present, value);
}

json_object *nx_xml_object(const xmlNode *element)
{
  json_object *object = json_object_new_object();
  g_autoptr(GHashTable) lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (const xmlNode *child = element->children; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE)
      add_member(object, lists, (const char *)child->name, value_of(child));
  }
  return object;
}
