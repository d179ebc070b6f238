/* fuzz-texts.c — libFuzzer target for the texts that stand in pictures and beside them: INI, XML, .hdr, .txt, .mdoc, numbers with units. */
#include "target.h"

#include "decimal.h"
#include "fei-text.h"
#include "ini.h"
#include "input.h"
#include "mrc-mdoc.h"
#include "tescan-text.h"
#include "written-quantity.h"
#include "xml-object.h"

#include <string.h>
#include <unistd.h>

/* A picture of one grey pixel. */
static const guint8 TIFF[] = {
    'I', 'I', 42, 0, 10, 0, 0, 0, 77, 0, 5,    0, 0, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0,    0, 1, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 1,
    3,   0,   1,  0, 0,  0, 8, 0, 0,  0, 0x11, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0x17, 1, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
};

/* The picture with the text beside it, as the parent opens them. */
static void read_beside(const NxFormat *format, const char *folder, const char *suffix, const uint8_t *data, size_t size)
{
  g_autofree char *path = g_strconcat(folder, "/fuzz.tif", NULL), *beside = g_strconcat(folder, "/fuzz", suffix, NULL);
  g_autoptr(json_object) line = json_object_new_object();
  if (!nx_file_write_fast(beside, data, size, 0600, NULL))
    return;
  g_autoptr(NxOpened) opened = nx_opened_new(line, path, NX_LINKS_FOLLOWED, NULL, NULL);
  NxInput *in = nx_opened_input(opened);
  if (nx_opened_is_readable(opened) && format->sniff(in)) {
    g_autoptr(GPtrArray) signals = read_as(format, in);
    for (guint i = 0; i < signals->len; i++)
      check_meta(signals->pdata[i]);
  }
  unlink(beside);
}

static const char *pictures_folder(void)
{
  static char *folder;
  if (!folder) {
    folder = g_strdup_printf("/dev/shm/fuzz-texts-%d", (int)getpid());
    g_autofree char *path = g_strconcat(folder, "/fuzz.tif", NULL);
    if (!nx_file_write_fast(path, TIFF, sizeof TIFF, 0600, NULL))
      abort();
  }
  return folder;
}

static void check_json(json_object *value)
{
  g_autofree char *text = nx_json_text(value, NX_JSON_LINE);
  if (!g_utf8_validate(text, -1, NULL))
    abort();
}

static void read_ini(const char *text)
{
  g_autofree char *note = NULL, *named = nx_fei_text_name_gases(text);
  g_autoptr(json_object) ini = nx_ini_parse(named, &note);
  check_json(ini);
}

static void read_xml(const char *text)
{
  g_autoptr(xmlDoc) xml = nx_xml_parse(text, NULL);
  if (!xml)
    return;
  g_autoptr(json_object) object = nx_xml_object(xmlDocGetRootElement(xml));
  check_json(object);
}

static void read_mdoc(NxBytes *bytes)
{
  g_autoptr(json_object) mdoc = nx_mdoc_parse(bytes), nx_meta = json_object_new_object();
  if (!mdoc)
    return;
  nx_mdoc_add_fields(mdoc, nx_meta);
  nx_mdoc_pixel_size(mdoc);
  check_json(nx_meta);
}

static void read_quantity(const char *text)
{
  g_autoptr(json_object) with = nx_written_quantity(text, NULL);
  double value;
  if (nx_decimal_parse(text, 9, &value, NULL) && !(value - value == 0))
    abort();
  check_json(with);
  json_object_put(nx_written_quantity(text, "nanometer"));
  json_object_put(nx_written_number(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *valid = nx_text_utf8((const char *)data, (gssize)size), *written = nx_written_text(data, size);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  g_autoptr(GBytes) blob = g_bytes_new_static(data, size);
  g_autofree char *embedded = nx_tescan_embedded_text(blob), *sidecar = nx_tescan_sidecar_text(bytes);
  read_ini(valid);
  read_ini(embedded ? embedded : "");
  read_ini(sidecar ? sidecar : "");
  read_xml(valid);
  read_mdoc(bytes);
  read_quantity(written);
  read_beside(&nx_format_tescan_tiff, pictures_folder(), ".hdr", data, size);
  read_beside(&nx_format_jeol_tiff, pictures_folder(), ".txt", data, size);
  return 0;
}
