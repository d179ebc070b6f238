/* orion-tiff.c — helium ion microscope .tif (orion_HIM_tif_extractor): XML of a Zeiss Orion in tag 65000, or of a Fibics scan generator in tag
 * 51023. The fields are in orion-fields.c. */
#include "decimal.h"
#include "formats.h"
#include "orion-fields.h"
#include "tiff-tags.h"
#include "xml-object.h"

#include <string.h>

typedef struct {
  guint32 tag;
  const char *root; /* the name of the root element contains it */
  const char *raw;  /* member of the metadata file that keeps the XML */
  const NxOrionField *fields;
  char *(*find)(const xmlNode *root, const NxOrionField *field); /* text of a field, or NULL */
} Variant;

/* `Key` as a whole is the name of a child; else its parts, between the dots, lead downwards. */
static char *find_zeiss(const xmlNode *root, const NxOrionField *field)
{
  const xmlNode *element = nx_xml_child(root, field->key);
  if (!element) {
    g_auto(GStrv) parts = g_strsplit(field->key, ".", -1);
    element = root;
    for (char **part = parts; element && *part; part++)
      element = nx_xml_child(element, *part);
  }
  const xmlNode *value = element ? nx_xml_child(element, "Value") : NULL;
  return value ? nx_xml_text(value) : NULL;
}

/* <item name="FIELD"> */
static const xmlNode *find_item(const xmlNode *section, const char *name)
{
  for (const xmlNode *child = section->children; child; child = child->next) {
    if (child->type != XML_ELEMENT_NODE || strcmp((const char *)child->name, "item") != 0)
      continue;
    xmlChar *own = xmlGetProp(child, (const xmlChar *)"name");
    gboolean is_it = g_strcmp0((const char *)own, name) == 0;
    xmlFree(own);
    if (is_it)
      return child;
  }
  return NULL;
}

static char *find_fibics(const xmlNode *root, const NxOrionField *field)
{
  const xmlNode *section = nx_xml_child(root, field->section);
  const xmlNode *element = section ? nx_xml_child(section, field->key) : NULL;
  if (section && !element)
    element = find_item(section, field->key);
  char *text = element ? nx_xml_text(element) : NULL;
  return text ? g_strstrip(text) : NULL;
}

static const Variant VARIANTS[] = {
  { 65000, "ImageTags", "Zeiss", nx_orion_zeiss_fields, find_zeiss },
  { 51023, "Fibics", "Fibics", nx_orion_fibics_fields, find_fibics },
};

/* The XML of a variant; NULL when the file has none. */
static xmlDoc *read_xml(NxTiff *tiff, const Variant *variant)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *text = nx_tiff_text(tiff, variant->tag);
  g_autoptr(xmlDoc) document = text && *text ? nx_xml_parse(text, &problem) : NULL;
  if (problem)
    nx_log_warning("tag %u: %s", variant->tag, problem->message);
  if (!document || !strstr((const char *)xmlDocGetRootElement(document)->name, variant->root))
    return NULL;
  return g_steal_pointer(&document);
}

static xmlDoc *find_variant(NxTiff *tiff, const Variant **variant)
{
  for (gsize i = 0; tiff && i < G_N_ELEMENTS(VARIANTS); i++) {
    xmlDoc *document = read_xml(tiff, &VARIANTS[i]);
    *variant = &VARIANTS[i];
    if (document)
      return document;
  }
  return NULL;
}

static gboolean sniff_orion(const NxInput *in)
{
  const Variant *variant;
  NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
  g_autoptr(xmlDoc) document = find_variant(tiff, &variant);
  return document != NULL;
}

/* "=500.0 V" → "500.0". */
static char *undress(char *text)
{
  char *start = g_strstrip(text + strspn(text, "="));
  char *word = g_strndup(start, strcspn(start, " \t"));
  g_free(text);
  return word;
}

static json_object *value_of(const NxOrionField *field, const char *text)
{
  double value;
  if (!nx_decimal_parse(text, field->exponent, &value, NULL))
    return json_object_new_string(text);
  return field->unit ? nx_meta_quantity(value, field->unit) : nx_json_double(value);
}

static void add_fields(const Variant *variant, const xmlNode *root, json_object *nx_meta)
{
  for (const NxOrionField *field = variant->fields; field->key; field++) {
    char *text = variant->find(root, field);
    g_autofree char *bare = text && field->is_dressed ? undress(text) : text;
    if (bare && *bare)
      nx_meta_put(nx_meta, field->to, field->member, value_of(field, bare));
  }
}

static void add_dimensions(NxTiff *tiff, json_object *nx_meta)
{
  guint32 width, height;
  if (!nx_tiff_dimensions(tiff, &width, &height))
    return;
  g_autofree char *text = g_strdup_printf("(%u, %u)", width, height);
  nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
}

static gboolean read_orion(const NxInput *in, GPtrArray *signals, GError **err)
{
  const Variant *variant;
  NxTiff *tiff = nx_tiff_of(in->bytes, err);
  if (!tiff)
    return FALSE;
  g_autoptr(xmlDoc) document = find_variant(tiff, &variant);
  NxSignal *signal = nx_signal_new();
  g_ptr_array_add(signals, signal);
  signal->view = NX_VIEW_PICTURE;
  if (!document) {
    signal->nx_meta = nx_image_meta(in, "Unknown");
    nx_meta_warn(signal->nx_meta, "Could not detect Zeiss/Fibics variant");
    return TRUE;
  }
  const xmlNode *root = xmlDocGetRootElement(document);
  json_object *nx_meta = nx_image_meta(in, "HIM_Imaging");
  add_fields(variant, root, nx_meta);
  add_dimensions(tiff, nx_meta);
  signal->nx_meta = nx_meta_sorted(nx_meta);
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, variant->raw, nx_xml_object(root));
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };

const NxFormat nx_format_orion_tiff = {
  .name = "orion_HIM_tif",
  .extensions = EXTENSIONS,
  .priority = 150,
  .sniff = sniff_orion,
  .read = read_orion,
};
