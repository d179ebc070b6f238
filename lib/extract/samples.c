/* samples.c — see samples.h. A micrograph as FEI software writes it (TIFF 6.0, little-endian, text in tag 34682 and XML in 34683), and an
 * image and a spectrum in DigitalMicrograph's third format (extractors-a §2.1). */
#include "samples.h"
#include "pipeline.h"

#include <string.h>

#define SIDE 64u

static void put(GByteArray *to, guint64 value, guint width, gboolean big_endian)
{
  for (guint i = 0; i < width; i++) {
    const guint8 byte = (guint8)(value >> (8 * (big_endian ? width - 1 - i : i)));
    g_byte_array_append(to, &byte, 1);
  }
}

static void put_pixels(GByteArray *to, guint count)
{
  for (guint i = 0; i < count; i++)
    put(to, i * 7 % 251, 1, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------------ TIFF */

/* Text that is not ASCII makes the converter of such texts stay. */
static const char FEI_TEXT[] =
    "[User]\r\nDate=01/01/2025\r\nTime=12:00:00\r\nUserText=\xb5\r\n\r\n[System]\r\nType=SEM\r\nSoftware=1.0\r\nBuildNr=1\r\n\r\n"
    "[Beam]\r\nHV=5000\r\nSpot=3.0\r\nBeam=EBeam\r\nScan=EScan\r\n\r\n[EBeam]\r\nHFW=1e-5\r\nVFW=8e-6\r\nWD=0.004\r\n"
    "StageX=0.001\r\nTiltCorrectionIsOn=no\r\nScanRotation=0.5\r\n\r\n[EScan]\r\nPixelWidth=1e-9\r\nDwell=1e-6\r\n\r\n"
    "[Vacuum]\r\nChPressure=1.5\r\nUserMode=High vacuum\r\n\r\n[Detectors]\r\nNumber=1\r\nName=ETD\r\n\r\n[ETD]\r\nContrast=50\r\n"
    "Signal=SE\r\n";
static const char FEI_XML[] = "<?xml version=\"1.0\"?><Metadata><Core><Guid>1</Guid></Core><Optics a=\"b\">2.5</Optics></Metadata>";

static void put_tag(GByteArray *to, guint16 tag, guint16 type, gsize count, gsize value)
{
  put(to, tag, 2, FALSE);
  put(to, type, 2, FALSE);
  put(to, count, 4, FALSE);
  put(to, value, 4, FALSE);
}

static GByteArray *make_tiff(void)
{
  enum { SHORT = 3, LONG = 4, ASCII = 2, N_TAGS = 10 };
  const gsize text_at = 8 + 2 + 12 * N_TAGS + 4, xml_at = text_at + sizeof FEI_TEXT, pixels_at = xml_at + sizeof FEI_XML;
  GByteArray *file = g_byte_array_new();
  g_byte_array_append(file, (const guint8 *)"II*\0", 4);
  put(file, 8, 4, FALSE);
  put(file, N_TAGS, 2, FALSE);
  put_tag(file, 256, SHORT, 1, SIDE);
  put_tag(file, 257, SHORT, 1, SIDE);
  put_tag(file, 258, SHORT, 1, 8);
  put_tag(file, 259, SHORT, 1, 1);
  put_tag(file, 262, SHORT, 1, 1);
  put_tag(file, 273, LONG, 1, pixels_at);
  put_tag(file, 278, SHORT, 1, SIDE);
  put_tag(file, 279, LONG, 1, SIDE * SIDE);
  put_tag(file, 34682, ASCII, sizeof FEI_TEXT, text_at);
  put_tag(file, 34683, ASCII, sizeof FEI_XML, xml_at);
  put(file, 0, 4, FALSE);
  g_byte_array_append(file, (const guint8 *)FEI_TEXT, sizeof FEI_TEXT);
  g_byte_array_append(file, (const guint8 *)FEI_XML, sizeof FEI_XML);
  put_pixels(file, SIDE * SIDE);
  return file;
}

/* ----------------------------------------------------------------------------------------------------- DigitalMicrograph */

enum { DM_VALUE = 21, DM_FOLDER = 20, DM_WORD = 4, DM_LONG = 3, DM_REAL = 6, DM_BYTE = 10, DM_LIST = 20, DM_UNSIGNED_BYTE = 6 };

static void put_name(GByteArray *to, guint8 kind, const char *name)
{
  put(to, kind, 1, TRUE);
  put(to, strlen(name), 2, TRUE);
  g_byte_array_append(to, (const guint8 *)name, (guint)strlen(name));
}

static void put_folder(GByteArray *to, const char *name, guint members)
{
  put_name(to, DM_FOLDER, name);
  put(to, 0, 2, TRUE);
  put(to, members, 4, TRUE);
}

static void put_number(GByteArray *to, const char *name, guint type, guint32 bits)
{
  put_name(to, DM_VALUE, name);
  g_byte_array_append(to, (const guint8 *)"%%%%", 4);
  put(to, 1, 4, TRUE);
  put(to, type, 4, TRUE);
  put(to, bits, 4, FALSE);
}

static void put_list_head(GByteArray *to, const char *name, guint type, guint count)
{
  put_name(to, DM_VALUE, name);
  g_byte_array_append(to, (const guint8 *)"%%%%", 4);
  put(to, 3, 4, TRUE);
  put(to, DM_LIST, 4, TRUE);
  put(to, type, 4, TRUE);
  put(to, count, 4, TRUE);
}

static void put_words(GByteArray *to, const char *name, const char *text)
{
  put_list_head(to, name, DM_WORD, (guint)strlen(text));
  for (; *text; text++)
    put(to, (guint8)*text, 2, FALSE);
}

static void put_real(GByteArray *to, const char *name, float value)
{
  guint32 bits;
  memcpy(&bits, &value, sizeof bits);
  put_number(to, name, DM_REAL, bits);
}

static void put_calibrations(GByteArray *to, guint n_dims)
{
  put_folder(to, "Calibrations", 1);
  put_folder(to, "Dimension", n_dims);
  for (guint i = 0; i < n_dims; i++) {
    put_folder(to, "", 3);
    put_real(to, "Origin", 0);
    put_real(to, "Scale", 0.5f);
    put_words(to, "Units", n_dims == 1 ? "eV" : "nm");
  }
}

static void put_microscope(GByteArray *to, gboolean is_spectrum)
{
  put_folder(to, "ImageTags", 2);
  put_folder(to, "Microscope Info", 3);
  put_real(to, "Voltage", 200000);
  put_words(to, "Illumination Mode", "STEM");
  put_real(to, "Indicated Magnification", 10000);
  put_folder(to, "Meta Data", 1);
  put_words(to, "Signal", is_spectrum ? "EELS" : "Image");
}

static GByteArray *make_dm3(guint n_dims)
{
  const guint count = n_dims == 1 ? SIDE : SIDE * SIDE;
  GByteArray *file = g_byte_array_new();
  put(file, 3, 4, TRUE);
  put(file, 0, 4, TRUE);
  put(file, 1, 4, TRUE);
  put(file, 0, 2, TRUE);
  put(file, 1, 4, TRUE);
  put_folder(file, "ImageList", 1);
  put_folder(file, "", 3);
  put_folder(file, "ImageData", 5);
  put_calibrations(file, n_dims);
  put_list_head(file, "Data", DM_BYTE, count);
  put_pixels(file, count);
  put_number(file, "DataType", DM_LONG, DM_UNSIGNED_BYTE);
  put_folder(file, "Dimensions", n_dims);
  for (guint i = 0; i < n_dims; i++)
    put_number(file, "", DM_LONG, SIDE);
  put_number(file, "PixelDepth", DM_LONG, 1);
  put_microscope(file, n_dims == 1);
  put_words(file, "Name", "sample");
  return file;
}

/* --------------------------------------------------------------------------------------------------------------- reading */

static void take_format(const NxFormat *format, gpointer unused)
{
  (void)format, (void)unused;
}

static void take_meta(guint index, json_object *nx_meta, gpointer unused)
{
  (void)index, (void)unused;
  g_autofree char *text = nx_json_text(nx_meta, NX_JSON_LINE);
}

static void take_document(guint index, const char *text, gsize length, gpointer unused)
{
  (void)index, (void)text, (void)length, (void)unused;
}

static void take_number(guint n_signals, gpointer unused)
{
  (void)n_signals, (void)unused;
}

static void take_preview(guint index, GBytes *png, gpointer unused)
{
  (void)index, (void)png, (void)unused;
}

static void read_sample(GByteArray *file, const char *name, const NxPipelineOptions *options)
{
  const NxPipelineSink sink = {take_format, take_meta, take_document, take_number, take_preview, NULL};
  g_autoptr(GByteArray) owned = file;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(file->data, file->len);
  NxInput in = {.path = name, .name = name, .below = name, .fd = -1, .bytes = bytes, .mtime = 1.7e9};
  nx_pipeline_run(&in, options, &sink);
}

void nx_samples_load_converters(void)
{
  static GIConv opened;
  if (!opened)
    opened = g_iconv_open("UTF-8", "WINDOWS-1252");
}

void nx_samples_read(gboolean with_document, gboolean with_preview)
{
  const NxPipelineOptions options = {.with_document = with_document, .with_preview = with_preview};
  read_sample(make_tiff(), "sample.tif", &options);
  read_sample(make_dm3(2), "sample.dm3", &options);
  read_sample(make_dm3(1), "sample.dm3", &options);
}
