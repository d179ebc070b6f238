/* bruker-bcf-container.c — see bruker-bcf-container.h. Little-endian. The file is 0x118 bytes and then chunks of one size, each with a
 * header of 32 bytes that begins with the number of the next chunk of a list. Header: "AAMVHFSS", chunk size at 0x128, first chunk and
 * number of entries of the tree at 0x140. An entry has 512 bytes: first chunk of its list of chunk numbers (0), size (4), index of its
 * folder or -1 (40), whether it is a folder (220), name (224). A file that begins with "AACS" is packed: number of blocks at 12, from
 * 0x80 on blocks of 16 bytes (first the packed length) and zlib data. Source of the facts: the description of the container in
 * RosettaSciIO's Bruker reader (P. Jokubauskas) and its user guide. */
#include "bruker-bcf-container.h"

#include <string.h>
#include <zlib.h>

#define MAGIC "AAMVHFSS"
#define CHUNKS_AT 0x118u
#define CHUNK_HEADER 32u
#define ENTRY_BYTES 512u
#define ENTRIES_MAX 20000u
#define CHUNK_MIN 1024u
#define CHUNK_MAX (16u << 20)
#define BLOCK_HEADER 16u
#define PACKED_HEADER 0x80u

typedef struct {
  NxBytes *bytes;
  guint32 chunk;  /* bytes of one, header included */
  guint32 usable; /* without it */
  guint32 tree, n_entries;
} Container;

typedef struct {
  guint32 list;
  guint64 size;
  gint32 parent;
  gboolean is_folder;
  char name[257];
} Entry;

static guint32 u32_at(const guint8 *at)
{
  return (guint32)at[0] | (guint32)at[1] << 8 | (guint32)at[2] << 16 | (guint32)at[3] << 24;
}

static void set_damaged(GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the container is damaged: %s", what);
}

/* ---------------------------------------------------------------------------------------------------------------- chunks */

static guint64 chunk_at(const Container *container, guint32 number)
{
  return (guint64)container->chunk * number + CHUNKS_AT;
}

/* `length` bytes from a list of chunks that name their followers, `per_chunk` of each. */
static GByteArray *read_list(const Container *container, guint32 first, gsize length, gsize per_chunk, GError **err)
{
  g_autoptr(GByteArray) list = g_byte_array_new();
  for (guint32 number = first; list->len < length;) {
    gsize piece = MIN(per_chunk, length - list->len);
    const guint8 *at = nx_bytes_at(container->bytes, chunk_at(container, number), CHUNK_HEADER + piece, err);
    if (!at)
      return NULL;
    number = u32_at(at);
    g_byte_array_append(list, at + CHUNK_HEADER, (guint)piece);
  }
  return g_steal_pointer(&list);
}

static gboolean open_container(NxBytes *bytes, Container *container, GError **err)
{
  const guint8 *at = nx_bytes_at(bytes, 0, 0x14c, err);
  if (!at)
    return FALSE;
  *container = (Container){ bytes, u32_at(at + 0x128), 0, u32_at(at + 0x140), u32_at(at + 0x144) };
  if (memcmp(at, MAGIC, 8) != 0 || container->chunk < CHUNK_MIN || container->chunk > CHUNK_MAX || container->n_entries < 1 ||
      container->n_entries > ENTRIES_MAX) {
    set_damaged(err, "its header");
    return FALSE;
  }
  container->usable = container->chunk - CHUNK_HEADER;
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- entries */

static Entry entry_at(const GByteArray *tree, guint32 index)
{
  const guint8 *at = tree->data + (gsize)index * ENTRY_BYTES;
  Entry entry = { u32_at(at), (guint64)u32_at(at + 8) << 32 | u32_at(at + 4), (gint32)u32_at(at + 40), at[220] != 0, { 0 } };
  memcpy(entry.name, at + 224, 256);
  return entry;
}

static gboolean find_entry(const Container *container, const char *folder, const char *name, Entry *found, GError **err)
{
  g_autoptr(GByteArray) tree =
      read_list(container, container->tree, (gsize)container->n_entries * ENTRY_BYTES, container->usable / ENTRY_BYTES * ENTRY_BYTES, err);
  if (!tree)
    return FALSE;
  for (guint32 i = 0; i < container->n_entries; i++) {
    *found = entry_at(tree, i);
    if (found->is_folder || strcmp(found->name, name) != 0 || found->parent < 0 || (guint32)found->parent >= container->n_entries)
      continue;
    Entry parent = entry_at(tree, (guint32)found->parent);
    if (parent.is_folder && strcmp(parent.name, folder) == 0 && parent.parent == -1)
      return TRUE;
  }
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the container holds no file %s/%s", folder, name);
  return FALSE;
}

/* The numbers of the chunks of a file that is no longer than all bytes. */
static GByteArray *read_numbers(const Container *container, const Entry *entry, GError **err)
{
  gsize n_chunks = (gsize)((entry->size + container->usable - 1) / container->usable);
  return read_list(container, entry->list, n_chunks * 4, container->usable / 4 * 4, err);
}

/* As stored. */
static GByteArray *read_entry(const Container *container, const Entry *entry, GError **err)
{
  g_autoptr(GByteArray) numbers = read_numbers(container, entry, err);
  g_autoptr(GByteArray) stored = g_byte_array_new();
  for (gsize i = 0; numbers && i < numbers->len / 4; i++) {
    gsize piece = MIN(container->usable, (gsize)entry->size - stored->len);
    const guint8 *at = nx_bytes_at(container->bytes, chunk_at(container, u32_at(numbers->data + 4 * i)) + CHUNK_HEADER, piece, err);
    if (!at)
      return NULL;
    g_byte_array_append(stored, at, (guint)piece);
  }
  return numbers ? g_steal_pointer(&stored) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------- unpacking */

/* Appends what the zlib data hold, as long as all is within `limit`. */
static gboolean inflate_block(const guint8 *data, gsize length, gsize limit, GByteArray *to)
{
  guint8 piece[16384];
  z_stream stream = { .next_in = (Bytef *)(gpointer)data, .avail_in = (uInt)length };
  int status = inflateInit(&stream);
  while (status == Z_OK) {
    stream.next_out = piece;
    stream.avail_out = sizeof piece;
    status = inflate(&stream, Z_NO_FLUSH);
    if ((status != Z_OK && status != Z_STREAM_END) || to->len + (sizeof piece - stream.avail_out) > limit)
      break;
    g_byte_array_append(to, piece, (guint)(sizeof piece - stream.avail_out));
    if (status == Z_STREAM_END) {
      inflateEnd(&stream);
      return TRUE;
    }
  }
  inflateEnd(&stream);
  return FALSE;
}

static GBytes *unpack(const GByteArray *stored, gsize limit, GError **err)
{
  g_autoptr(GByteArray) contents = g_byte_array_new();
  guint32 n_blocks = stored->len >= PACKED_HEADER ? u32_at(stored->data + 12) : 0;
  gsize at = PACKED_HEADER;
  for (guint32 i = 0; i < n_blocks; i++) {
    gsize left = stored->len - at;
    guint32 length = left >= BLOCK_HEADER ? u32_at(stored->data + at) : G_MAXUINT32;
    if (left < BLOCK_HEADER || length > left - BLOCK_HEADER || !inflate_block(stored->data + at + BLOCK_HEADER, length, limit, contents)) {
      set_damaged(err, "a packed block cannot be unpacked");
      return NULL;
    }
    at += BLOCK_HEADER + length;
  }
  if (contents->len == 0) {
    set_damaged(err, "a packed file without blocks");
    return NULL;
  }
  return g_byte_array_free_to_bytes(g_steal_pointer(&contents));
}

gboolean nx_bcf_is_container(NxBytes *bytes)
{
  const guint8 *at = nx_bytes_at(bytes, 0, 8, NULL);
  return at && memcmp(at, MAGIC, 8) == 0;
}

GBytes *nx_bcf_file(NxBytes *bytes, const char *folder, const char *name, gsize limit, GError **err)
{
  Container container;
  Entry entry;
  if (!open_container(bytes, &container, err) || !find_entry(&container, folder, name, &entry, err))
    return NULL;
  if (entry.size > limit || entry.size > nx_bytes_size(bytes)) {
    set_damaged(err, "a file is longer than it can be");
    return NULL;
  }
  g_autoptr(GByteArray) stored = read_entry(&container, &entry, err);
  if (!stored)
    return NULL;
  if (stored->len >= 4 && memcmp(stored->data, "AACS", 4) == 0)
    return unpack(stored, limit, err);
  return g_byte_array_free_to_bytes(g_steal_pointer(&stored));
}

gboolean nx_bcf_file_is_whole(NxBytes *bytes, const char *folder, const char *name)
{
  Container container;
  Entry entry;
  if (!open_container(bytes, &container, NULL) || !find_entry(&container, folder, name, &entry, NULL))
    return TRUE;
  g_autoptr(GByteArray) numbers = entry.size <= nx_bytes_size(bytes) ? read_numbers(&container, &entry, NULL) : NULL;
  guint64 left = entry.size;
  for (gsize i = 0; numbers && i < numbers->len / 4; i++) {
    const guint64 piece = MIN(container.usable, left);
    if (chunk_at(&container, u32_at(numbers->data + 4 * i)) + CHUNK_HEADER + piece > nx_bytes_size(bytes))
      return FALSE;
    left -= piece;
  }
  return numbers != NULL;
}
