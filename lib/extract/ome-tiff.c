/* ome-tiff.c — OME-TIFF (ome_tif_extractor): a TIFF whose ImageDescription (tag 270) is OME-XML. Image/Pixels has the sizes and
 * PhysicalSizeX/Y/Z (unit µm when none is named); Channel, Plane, Instrument and Objective say how it was taken. Of a set of files some may
 * hold only BinaryOnly, which names the file with the metadata of all. The text is UTF-8 whatever the tag's type promises. Source of the
 * facts: the OME-TIFF specification and the OME schema of June 2016 (its defaults of units). */
#include "decimal.h"
#include "formats.h"
#include "tiff-tags.h"
#include "written-quantity.h"
#include "xml-object.h"

#include <string.h>

#define TAG_DESCRIPTION 270
#define CHANNELS_MAX 100

typedef enum { TEXT, NUMBER, QUANTITY } Kind;

/* Attributes of the first element at `path` below Image; of its unit in the attribute of the same name and `Unit`. */
static const struct {
  const char *path, *attribute;
  Kind kind;
  const char *symbol, *unit; /* the symbol that stands for a missing …Unit; NULL: none does */
  const char *to, *member;
} FIELDS[] = {
  { "Pixels", "PhysicalSizeX", QUANTITY, "µm", "nanometer", "pixel_width", NULL },
  { "Pixels", "PhysicalSizeY", QUANTITY, "µm", "nanometer", "pixel_height", NULL },
  { "Pixels", "PhysicalSizeZ", QUANTITY, "µm", "nanometer", "Plane Distance", NULL },
  { "Pixels", "DimensionOrder", TEXT, NULL, NULL, "Dimension Order", NULL },
  { "Pixels", "Type", TEXT, NULL, NULL, "Pixel Type", NULL },
  { "Pixels", "SizeZ", NUMBER, NULL, NULL, "Planes", NULL },
  { "Pixels", "SizeC", NUMBER, NULL, NULL, "Number of Channels", NULL },
  { "Pixels", "SizeT", NUMBER, NULL, NULL, "Times", NULL },
  { "Pixels/Plane", "ExposureTime", QUANTITY, "s", "second", "Exposure Time", NULL },
  { "Pixels/Plane", "PositionX", QUANTITY, NULL, "micrometer", "stage_position", "x" },
  { "Pixels/Plane", "PositionY", QUANTITY, NULL, "micrometer", "stage_position", "y" },
  { "Pixels/Plane", "PositionZ", QUANTITY, NULL, "micrometer", "stage_position", "z" },
  { "ImagingEnvironment", "Temperature", QUANTITY, "°C", NULL, "Temperature", NULL },
  { "", "Name", TEXT, NULL, NULL, "Image Name", NULL },
};

/* The same below the first Instrument. */
static const struct {
  const char *element, *attribute, *to;
  gboolean is_number;
} INSTRUMENT[] = {
  { "Microscope", "Manufacturer", "Microscope Manufacturer", FALSE },
  { "Microscope", "Model", "Microscope Model", FALSE },
  { "Microscope", "SerialNumber", "Microscope Serial Number", FALSE },
  { "Objective", "Model", "Objective Model", FALSE },
  { "Objective", "NominalMagnification", "magnification", TRUE },
  { "Objective", "LensNA", "Numerical Aperture", TRUE },
  { "Objective", "Immersion", "Immersion", FALSE },
  { "Detector", "Model", "acquisition_device", FALSE },
  { "Detector", "Type", "detector_type", FALSE },
};

static char *attribute(const xmlNode *element, const char *name)
{
  xmlChar *value = element ? xmlGetNoNsProp(element, (const xmlChar *)name) : NULL;
  char *text = value && *value ? g_strdup((const char *)value) : NULL;
  xmlFree(value);
  return text;
}

/* The first element at a path of names parted by slashes; NULL when there is none. */
static const xmlNode *at_path(const xmlNode *from, const char *path)
{
  g_auto(GStrv) names = g_strsplit(path, "/", -1);
  for (char **name = names; from && *name; name++)
    from = **name ? nx_xml_child(from, *name) : from;
  return from;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static json_object *quantity_of(const xmlNode *element, const char *name, const char *number, const char *symbol, const char *unit)
{
  g_autofree char *unit_name = g_strconcat(name, "Unit", NULL);
  g_autofree char *written = attribute(element, unit_name);
  const char *known = written ? written : symbol;
  return known ? nx_quantity_of(number, known, unit) : NULL;
}

static void add_fields(const xmlNode *image, json_object *nx_meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const xmlNode *element = at_path(image, FIELDS[i].path);
    g_autofree char *text = attribute(element, FIELDS[i].attribute);
    json_object *value = NULL;
    if (!text)
      continue;
    if (FIELDS[i].kind == QUANTITY)
      value = quantity_of(element, FIELDS[i].attribute, text, FIELDS[i].symbol, FIELDS[i].unit);
    else
      value = FIELDS[i].kind == NUMBER ? nx_written_number(text) : json_object_new_string(text);
    nx_meta_put(nx_meta, FIELDS[i].to, FIELDS[i].member, value);
  }
}

static void add_instrument(const xmlNode *root, json_object *nx_meta)
{
  const xmlNode *instrument = nx_xml_child(root, "Instrument");
  for (gsize i = 0; instrument && i < G_N_ELEMENTS(INSTRUMENT); i++) {
    g_autofree char *text = attribute(nx_xml_child(instrument, INSTRUMENT[i].element), INSTRUMENT[i].attribute);
    if (text)
      nx_meta_put(nx_meta, INSTRUMENT[i].to, NULL, INSTRUMENT[i].is_number ? nx_written_number(text) : json_object_new_string(text));
  }
}

static void add_element_text(const xmlNode *image, const char *name, const char *to, json_object *nx_meta)
{
  const xmlNode *element = nx_xml_child(image, name);
  g_autofree char *text = element ? nx_xml_text(element) : NULL;
  if (text && *g_strstrip(text))
    nx_meta_put(nx_meta, to, NULL, json_object_new_string(text));
}

static void add_channels(const xmlNode *pixels, json_object *nx_meta)
{
  json_object *names = json_object_new_array();
  const xmlNode *child = pixels ? pixels->children : NULL;
  for (; child && json_object_array_length(names) < CHANNELS_MAX; child = child->next) {
    gboolean is_channel = child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, "Channel") == 0;
    g_autofree char *name = is_channel ? attribute(child, "Name") : NULL;
    if (name)
      json_object_array_add(names, json_object_new_string(name));
  }
  if (json_object_array_length(names) > 0)
    nx_meta_put(nx_meta, "Channels", NULL, names);
  else
    json_object_put(names);
}

static gboolean written_sizes(const xmlNode *pixels, gint64 *columns, gint64 *rows)
{
  g_autofree char *width = attribute(pixels, "SizeX"), *height = attribute(pixels, "SizeY");
  return width && height && g_ascii_string_to_signed(width, 10, 1, G_MAXINT32, columns, NULL) &&
         g_ascii_string_to_signed(height, 10, 1, G_MAXINT32, rows, NULL);
}

/* As written, else those of the TIFF itself. */
static void add_sizes(const NxInput *in, const xmlNode *pixels, json_object *nx_meta)
{
  gint64 columns, rows;
  guint32 width, height;
  if (!written_sizes(pixels, &columns, &rows)) {
    NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
    if (!tiff || !nx_tiff_dimensions(tiff, &width, &height))
      return;
    columns = width, rows = height;
  }
  g_autofree char *text = g_strdup_printf("(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", columns, rows);
  nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
}

/* Of a set of files one may have the metadata of all; BinaryOnly in the others names it. */
static void warn_of_other_file(const xmlNode *root, json_object *nx_meta)
{
  const xmlNode *binary_only = nx_xml_child(root, "BinaryOnly");
  g_autofree char *name = attribute(binary_only, "MetadataFile");
  g_autofree char *sentence = g_strdup_printf("The metadata of this picture are in %s, which was not read", name ? name : "another file");
  if (binary_only)
    nx_meta_warn(nx_meta, sentence);
}

static guint count_images(const xmlNode *root)
{
  guint n = 0;
  for (const xmlNode *child = root->children; child; child = child->next)
    n += child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, "Image") == 0;
  return n;
}

static json_object *make_meta(const NxInput *in, const xmlNode *root)
{
  json_object *nx_meta = nx_image_meta(in, "OME_Imaging");
  const xmlNode *image = nx_xml_child(root, "Image"), *pixels = image ? nx_xml_child(image, "Pixels") : NULL;
  g_autofree char *creator = attribute(root, "Creator");
  guint images = count_images(root);
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  if (creator)
    nx_meta_put(nx_meta, "Creator", NULL, json_object_new_string(creator));
  add_instrument(root, nx_meta);
  if (image) {
    add_fields(image, nx_meta);
    add_element_text(image, "AcquisitionDate", "Acquisition Date", nx_meta);
    add_element_text(image, "Description", "Description", nx_meta);
    add_channels(pixels, nx_meta);
  }
  add_sizes(in, pixels, nx_meta);
  warn_of_other_file(root, nx_meta);
  if (images > 1)
    nx_meta_put(nx_meta, "Images in File", NULL, json_object_new_int64(images));
  return nx_meta_sorted(nx_meta);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

/* NULL when the description is no OME-XML; `xml` (may be NULL) takes the text. */
static xmlDoc *find_ome(NxBytes *bytes, char **xml)
{
  NxTiff *tiff = nx_tiff_of(bytes, NULL);
  g_autoptr(GBytes) value = tiff ? nx_tiff_bytes(tiff, TAG_DESCRIPTION) : NULL;
  g_autofree char *text = value ? nx_written_text(g_bytes_get_data(value, NULL), g_bytes_get_size(value)) : NULL;
  if (!text || !strstr(text, "OME"))
    return NULL;
  g_autoptr(xmlDoc) document = nx_xml_parse(text, NULL);
  const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
  if (!root || strcmp((const char *)root->name, "OME") != 0)
    return NULL;
  if (xml)
    *xml = g_steal_pointer(&text);
  return g_steal_pointer(&document);
}

static gboolean sniff_ome(const NxInput *in)
{
  g_autoptr(xmlDoc) document = find_ome(in->bytes, NULL);
  return document != NULL;
}

static gboolean read_ome(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autofree char *xml = NULL;
  g_autoptr(xmlDoc) document = find_ome(in->bytes, &xml);
  if (!document) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the TIFF description holds no OME-XML");
    return FALSE;
  }
  NxSignal *signal = nx_signal_new();
  signal->view = NX_VIEW_PICTURE;
  signal->nx_meta = make_meta(in, xmlDocGetRootElement(document));
  signal->raw = json_object_new_object();
  nx_json_set_string(signal->raw, "OME_XML", xml);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };

const NxFormat nx_format_ome_tiff = {
  .name = "ome_tif",
  .extensions = EXTENSIONS,
  .priority = 110,
  .sniff = sniff_ome,
  .read = read_ome,
};
