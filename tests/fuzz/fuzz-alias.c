/* fuzz-alias.c — libFuzzer target for alias dictionaries: one whose header is good may hold anything, and a search of it ends. The text that is
 * searched are its own last bytes, where a dictionary keeps its names. */
#include "alias-file.h"

#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a maker of such a file would do: sums can be made for anything. */
static GBytes *with_good_header(const uint8_t *data, size_t size)
{
  AliasHeader header;
  guint8 *bytes = g_memdup2(data, size);
  memcpy(&header, bytes, sizeof header);
  memcpy(header.magic, ALIAS_MAGIC, sizeof header.magic);
  header.format = NX_ALIAS_FORMAT;
  header.size = size;
  header.header_crc = 0;
  header.header_crc = (guint32)crc32_z(0, (const Bytef *)&header, sizeof header);
  memcpy(bytes, &header, sizeof header);
  return g_bytes_new_take(bytes, size);
}

static char *names_in_a_row(const uint8_t *data, size_t size)
{
  const size_t length = MIN(size, 1024);
  char *text = g_malloc0(length + 1);
  for (size_t i = 0; i < length; i++)
    text[i] = data[size - length + i] ? (char)data[size - length + i] : ' ';
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < sizeof(AliasHeader))
    return 0;
  g_autoptr(GBytes) bytes = with_good_header(data, size);
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
  if (!aliases)
    return 0;
  g_autofree char *text = names_in_a_row(data, size);
  g_autoptr(json_object) own = nx_aliases_scan(aliases, text, -1, NX_ALIAS_ALL);
  g_autoptr(json_object) matches = nx_aliases_scan(aliases, "Lead, lead acetate; IL-6", -1, NX_ALIAS_SMART);
  g_autoptr(json_object) found = nx_aliases_lookup(aliases, "lead", -1);
  nx_aliases_check(aliases, NULL);
  return 0;
}
