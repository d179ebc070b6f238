/* xml-object.c — XML that instruments leave in their images, as JSON objects of text. */
#include "xml-object.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <string.h>

#define LENGTH_MAX (64u << 20)
#define DEPTH_MAX 256
#define NODES_MAX 524288 /* some 100 MB of them */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)

/* What a parse has met so far. */
typedef struct {
  guint64 n_nodes;
  const char *refused; /* why it was stopped, or NULL */
} Parse;

static void stop(xmlParserCtxt *parser, const char *why)
{
  Parse *parse = parser->_private;
  parse->refused = why;
  xmlStopParser(parser);
}

static void start_element(void *user_data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                          const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
  xmlParserCtxt *parser = user_data;
  Parse *parse = parser->_private;
  parse->n_nodes += 1 + (guint64)n_namespaces + (guint64)n_attributes;
  if (parser->nodeNr >= DEPTH_MAX)
    stop(parser, "the elements of the XML are nested more than " G_STRINGIFY(DEPTH_MAX) " deep");
  else if (parse->n_nodes > NODES_MAX)
    stop(parser, "the XML has more than " G_STRINGIFY(NODES_MAX) " elements and attributes");
  else
    xmlSAX2StartElementNs(parser, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted, attributes);
}

/* Comes before any entity is read: those in attributes are always expanded. */
static void start_document_type(void *user_data, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
  (void)name, (void)id, (void)system;
  stop(user_data, "XML with a document type is not read");
}

/* XML_PARSE_HUGE lifts all limits of libxml2, so that ours stand in their place. Comments and instructions make no nodes. */
static xmlDoc *parse_bounded(xmlParserCtxt *parser, const char *text, gsize length)
{
  static const int OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_HUGE;
  parser->sax->startElementNs = start_element;
  parser->sax->internalSubset = start_document_type;
  parser->sax->comment = NULL;
  parser->sax->processingInstruction = NULL;
  return xmlCtxtReadMemory(parser, text, (int)length, NULL, "UTF-8", OPTIONS);
}

xmlDoc *nx_xml_parse(const char *text, GError **err)
{
  gsize length = strlen(text);
  g_autoptr(xmlParserCtxt) parser = xmlNewParserCtxt();
  Parse parse = {.refused = length > LENGTH_MAX ? "XML of more than 64 MiB is not read" : NULL};
  if (parser)
    parser->_private = &parse;
  g_autoptr(xmlDoc) document = parser && !parse.refused ? parse_bounded(parser, text, length) : NULL;
  if (parse.refused) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, parse.refused);
    return NULL;
  }
  if (!document || !xmlDocGetRootElement(document)) {
    const xmlError *problem = parser ? xmlCtxtGetLastError(parser) : NULL;
    g_autofree char *reason = problem && problem->message ? g_strstrip(nx_text_utf8(problem->message, -1)) : g_strdup("no element");
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not well-formed XML: %s", reason);
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
