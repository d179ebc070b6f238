/* schema.c — is it a record? Read as a stream, so that a large one needs no tree in memory; without network,
 * without entities from outside. */
#include "nx-record.h"

#include <libxml/xmlreader.h>
#include <libxml/xmlschemas.h>

#define REASONS_MAX 5

struct NxSchema {
  xmlSchemaPtr schema;
};

/* The first reasons, one a line. */
typedef struct {
  GString *text;
  guint count;
} Reasons;

#if LIBXML_VERSION >= 21200
typedef const xmlError *ErrorPointer;
#else
typedef xmlErrorPtr ErrorPointer;
#endif

static void add_reason(void *data, ErrorPointer error)
{
  Reasons *reasons = data;
  if (reasons->count++ >= REASONS_MAX)
    return;
  g_autofree char *message = g_strchomp(nx_text_utf8(error->message ? error->message : "unknown", -1));
  g_string_append_printf(reasons->text, "%sline %d: %s", reasons->text->len ? "\n" : "", error->line, message);
}

NxSchema *nx_schema_new(const char *path, GError **err)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!nx_file_read(path, 16 * 1024 * 1024, &text, &length, err))
    return NULL;
  g_autoptr(GString) words = g_string_new(NULL);
  Reasons reasons = {words, 0};
  xmlSchemaParserCtxtPtr parser = xmlSchemaNewMemParserCtxt(text, (int)length);
  xmlSchemaSetParserStructuredErrors(parser, (xmlStructuredErrorFunc)add_reason, &reasons);
  xmlSchemaPtr parsed = xmlSchemaParse(parser);
  xmlSchemaFreeParserCtxt(parser);
  if (!parsed) {
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s is not an XML schema: %s", path, words->str);
    return NULL;
  }
  NxSchema *schema = g_new0(NxSchema, 1);
  schema->schema = parsed;
  return schema;
}

void nx_schema_free(NxSchema *schema)
{
  if (!schema)
    return;
  xmlSchemaFree(schema->schema);
  g_free(schema);
}

gboolean nx_schema_check(NxSchema *schema, const char *text, gsize length, GError **err)
{
  if (length > G_MAXINT) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the record is larger than 2 GiB");
    return FALSE;
  }
  g_autoptr(GString) words = g_string_new(NULL);
  Reasons reasons = {words, 0};
  xmlTextReaderPtr reader = xmlReaderForMemory(text, (int)length, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR);
  xmlSchemaValidCtxtPtr validity = xmlSchemaNewValidCtxt(schema->schema);
  xmlSchemaSetValidStructuredErrors(validity, (xmlStructuredErrorFunc)add_reason, &reasons);
  xmlTextReaderSchemaValidateCtxt(reader, validity, 0);
  int more;
  while ((more = xmlTextReaderRead(reader)) == 1)
    ;
  if (more < 0 && xmlGetLastError()) /* not XML: a handler of the reader itself crashes libxml2 2.9 when a schema is checked */
    add_reason(&reasons, xmlGetLastError());
  gboolean valid = more == 0 && xmlTextReaderIsValid(reader) == 1 && reasons.count == 0;
  xmlFreeTextReader(reader);
  xmlSchemaFreeValidCtxt(validity);
  if (!valid)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s", words->len ? words->str : "it is not an experiment record");
  return valid;
}
