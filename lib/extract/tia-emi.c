/* tia-emi.c — an .emi file is a container of unknown layout; only the pieces of XML in it are used, each from <ObjectInfo> to
 * </ObjectInfo>, the j-th (from 0) for NAME_(j+1).ser. Facts: extractors-a 3.4 and 3.5, checked against corpus/tia. */
#include "tia-emi.h"

#include "decimal.h"
#include "xml-object.h"

#include <string.h>

#define CHUNK (256u * 1024u)
#define PIECE_MAX (16u * 1024u * 1024u)

static const char BEGIN[] = "<ObjectInfo>", END[] = "</ObjectInfo>";

char *tia_emi_path(const char *ser_path, guint64 *number)
{
  const char *slash = strrchr(ser_path, '/');
  const char *name = slash ? slash + 1 : ser_path;
  const char *dot = strrchr(name, '.');
  const char *underscore = dot ? g_strrstr_len(name, dot - name, "_") : NULL;
  if (!underscore || strspn(underscore + 1, "0123456789") != (gsize)(dot - underscore - 1) || dot == underscore + 1)
    return NULL;
  if (number)
    *number = g_ascii_strtoull(underscore + 1, NULL, 10);
  g_autofree char *stem = g_strndup(ser_path, (gsize)(underscore - ser_path));
  return g_strconcat(stem, ".emi", NULL);
}

/* Sets *found to the offset of the next `what` at or after `from`. FALSE when there is none. */
static gboolean find(NxBytes *bytes, guint64 from, const char *what, guint64 *found)
{
  const gsize length = strlen(what);
  const guint64 size = nx_bytes_size(bytes);
  while (from < size && size - from >= length) {
    gsize chunk = (gsize)MIN(CHUNK, size - from);
    const guint8 *at = nx_bytes_at(bytes, from, chunk, NULL);
    const guint8 *hit = at ? memmem(at, chunk, what, length) : NULL;
    if (hit) {
      *found = from + (guint64)(hit - at);
      return TRUE;
    }
    if (!at || chunk < CHUNK)
      return FALSE;
    from += chunk - (length - 1);
  }
  return FALSE;
}

/* ----------------------------------------------------------------------------------------------------------- XML → JSON */

/* Of a repeated name the last counts. */
static void keep_last(json_object *object)
{
  json_object_object_foreach(object, key, value)
  {
    if (json_object_is_type(value, json_type_array)) {
      value = json_object_array_get_idx(value, json_object_array_length(value) - 1);
      nx_json_set(object, key, json_object_get(value));
    }
    if (json_object_is_type(value, json_type_object))
      keep_last(value);
  }
}

/* Text with a unit is a number when it looks like one; no text is null. */
static json_object *described_value(const char *text, gboolean has_unit)
{
  double number;
  if (text && has_unit && nx_decimal_parse(text, 0, &number, NULL))
    return nx_json_double(number);
  return nx_json_string(text);
}

/* <Root><Data><Label>High tension</Label><Value>200</Value><Unit>kV</Unit></Data>… → {"High tension_kV":200.0, …} */
static json_object *description(const xmlNode *element)
{
  json_object *object = json_object_new_object();
  const xmlNode *root = nx_xml_child(element, "Root");
  for (const xmlNode *data = root ? root->children : NULL; data; data = data->next) {
    const xmlNode *label = data->type == XML_ELEMENT_NODE ? nx_xml_child(data, "Label") : NULL;
    const xmlNode *value = label ? nx_xml_child(data, "Value") : NULL;
    const xmlNode *unit = value ? nx_xml_child(data, "Unit") : NULL;
    if (!unit)
      continue;
    g_autofree char *label_text = nx_xml_text(label), *value_text = nx_xml_text(value), *unit_text = nx_xml_text(unit);
    g_autofree char *key = unit_text ? g_strconcat(label_text ? label_text : "", "_", unit_text, NULL) : g_strdup(label_text);
    if (key)
      json_object_object_add(object, key, described_value(value_text, unit_text != NULL));
  }
  return object;
}

/* A document within the document: <Root><Data><Index>5</Index><Value>1</Value></Data>… → {"5":1.0, …} */
static json_object *true_image_header(const xmlNode *element)
{
  json_object *object = json_object_new_object();
  g_autofree char *text = nx_xml_text(element);
  g_autoptr(xmlDoc) document = text ? nx_xml_parse(text, NULL) : NULL;
  const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
  for (const xmlNode *data = root ? root->children : NULL; data; data = data->next) {
    const xmlNode *index = data->type == XML_ELEMENT_NODE ? nx_xml_child(data, "Index") : NULL;
    const xmlNode *value = index ? nx_xml_child(data, "Value") : NULL;
    g_autofree char *index_text = index ? nx_xml_text(index) : NULL, *value_text = value ? nx_xml_text(value) : NULL;
    double number;
    if (index_text && value_text && nx_decimal_parse(value_text, 0, &number, NULL))
      nx_json_set(object, index_text, nx_json_double(number));
  }
  return object;
}

static json_object *object_info(const xmlNode *root)
{
  json_object *object = nx_xml_object(root);
  keep_last(object);
  for (const xmlNode *child = root->children; child; child = child->next) {
    if (child->type != XML_ELEMENT_NODE)
      continue;
    if (strcmp((const char *)child->name, "ExperimentalDescription") == 0)
      nx_json_set(object, "ExperimentalDescription", description(child));
    else if (strcmp((const char *)child->name, "TrueImageHeaderInfo") == 0)
      nx_json_set(object, "TrueImageHeaderInfo", true_image_header(child));
  }
  return object;
}

static json_object *parse_piece(NxBytes *bytes, guint64 begin, guint64 end, GError **err)
{
  if (end - begin > PIECE_MAX) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "EMI file, byte %" G_GUINT64_FORMAT ": a piece of XML longer than 16 MiB", begin);
    return NULL;
  }
  gsize length = (gsize)(end - begin);
  g_autofree char *text = g_malloc(length + 1);
  if (!nx_bytes_copy(bytes, begin, text, length, err))
    return NULL;
  text[length] = '\0';
  g_autoptr(xmlDoc) document = nx_xml_parse(text, err);
  if (!document) {
    g_prefix_error(err, "EMI file, byte %" G_GUINT64_FORMAT ": ", begin);
    return NULL;
  }
  return object_info(xmlDocGetRootElement(document));
}

gboolean tia_emi_object(NxBytes *bytes, guint64 index, json_object **object, GError **err)
{
  guint64 begin, end = 0;
  *object = NULL;
  for (guint64 i = 0; find(bytes, end, BEGIN, &begin); i++) {
    if (!find(bytes, begin, END, &end)) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "EMI file, byte %" G_GUINT64_FORMAT ": <ObjectInfo> does not end", begin);
      return FALSE;
    }
    end += strlen(END);
    if (i == index) {
      *object = parse_piece(bytes, begin, end, err);
      return *object != NULL;
    }
  }
  return TRUE;
}
