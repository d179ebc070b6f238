/* hdf5-guard.c — see hdf5-guard.h. HDF5 File Format Specification 3.0: superblock II.A, facts of a driver II.B, local heaps III.D, object headers IV.A, messages of
 * them IV.A.2. Headers of version 2 carry checksums, which libhdf5 verifies; those of version 1 are looked at here. */
#include "hdf5-guard.h"

#include <string.h>

#define PREFIX_SIZE 16u /* of a header of version 1: version, messages, references, size, padding */
#define MESSAGE_HEAD 8u /* type, size, flags, reserved */
#define FLAG_SHARED 2u
#define DRIVER_HEAD 16u

#define TYPE_HEAD 8u /* class and version, flags, size */
#define INTEGER_TYPE 12u

enum { MESSAGE_NOTHING = 0x00, MESSAGE_TYPE = 0x03, MESSAGE_ATTRIBUTE = 0x0c, MESSAGE_CONTINUATION = 0x10 };
enum { CLASS_INTEGER = 0, CLASS_ENUMERATION = 8, CLASS_VARIABLE_LENGTH = 9 };

struct NxHdf5Guard {
  guint64 size; /* of the file */
  guint64 base; /* what addresses are relative to */
  guint address_size, length_size;
  GHashTable *continuations; /* addresses at which messages begin without a prefix */
};

/* A stretch of bytes that is used up from its beginning. */
typedef struct {
  const guint8 *at;
  gsize left;
} Stretch;

static guint64 number_at(const guint8 *at, guint size)
{
  guint64 value = 0;
  for (guint i = MIN(size, 8); i-- > 0;)
    value = value << 8 | at[i];
  return value;
}

/* The next `length` bytes, rounded up to a multiple of `unit`; NULL when they are not there. */
static const guint8 *take(Stretch *from, gsize length, gsize unit)
{
  const gsize whole = (length + unit - 1) / unit * unit;
  const guint8 *at = from->at;
  if (whole > from->left)
    return NULL;
  from->at += whole, from->left -= whole;
  return at;
}

/* ------------------------------------------------------------------------------------------------------------- the superblock */

static gboolean learn_sizes(NxHdf5Guard *guard, const guint8 *superblock)
{
  const gboolean is_old = superblock[8] < 2;
  guard->address_size = superblock[is_old ? 13 : 9];
  guard->length_size = superblock[is_old ? 14 : 10];
  return guard->address_size >= 2 && guard->address_size <= 8 && guard->length_size >= 2 && guard->length_size <= 8;
}

/* The facts of a file driver lie in the file: version, three reserved bytes, size, name, and so many bytes more. Only old superblocks have them. */
static gboolean driver_facts_fit(const NxHdf5Guard *guard, NxBytes *bytes, guint version)
{
  const gsize width = guard->address_size;
  const guint8 *field = version < 2 ? nx_bytes_at(bytes, guard->base + (version == 0 ? 24 : 28) + 3 * width, width, NULL) : NULL;
  const guint64 address = field ? number_at(field, guard->address_size) : G_MAXUINT64;
  if (version >= 2 || address == G_MAXUINT64 >> (64 - 8 * width))
    return TRUE;
  const guint8 *facts = address <= guard->size ? nx_bytes_at(bytes, guard->base + address, DRIVER_HEAD, NULL) : NULL;
  return facts && number_at(facts + 4, 4) <= guard->size - guard->base - address - DRIVER_HEAD;
}

NxHdf5Guard *nx_hdf5_guard_new(NxBytes *bytes)
{
  const guint64 size = nx_bytes_size(bytes);
  for (guint64 at = 0; at + 16 <= size; at = at ? 2 * at : 512) {
    const guint8 *superblock = nx_bytes_at(bytes, at, 16, NULL);
    if (!superblock || memcmp(superblock, "\x89HDF\r\n\x1a\n", 8) != 0)
      continue;
    NxHdf5Guard guard = {.size = size, .base = at};
    if (!learn_sizes(&guard, superblock) || !driver_facts_fit(&guard, bytes, superblock[8]))
      return NULL;
    guard.continuations = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return g_memdup2(&guard, sizeof guard);
  }
  return NULL;
}

void nx_hdf5_guard_free(NxHdf5Guard *guard)
{
  g_hash_table_unref(guard->continuations);
  g_free(guard);
}

/* ------------------------------------------------------------------------------------------------------------------- types */

/* One of integers of its own size, whose names and values lie inside the message. */
static gboolean is_bearable_enumeration(const guint8 *head, Stretch rest)
{
  const guint8 *base = take(&rest, INTEGER_TYPE, 1);
  if (!base || (base[0] & 15) != CLASS_INTEGER || memcmp(base + 4, head + 4, 4) != 0)
    return FALSE;
  const gsize unit = head[0] >> 4 < 3 ? 8 : 1, n = (gsize)number_at(head + 1, 2);
  for (gsize i = 0; i < n; i++) {
    const gsize name = strnlen((const char *)rest.at, rest.left);
    if (name == rest.left || !take(&rest, name + 1, unit))
      return FALSE;
  }
  return n * number_at(head + 4, 4) <= rest.left;
}

/* What is of variable length is stored as a length, an address and an index; other types are not judged. */
static gboolean is_bearable_type(const NxHdf5Guard *guard, const guint8 *type, gsize length)
{
  Stretch rest = {type, length};
  const guint8 *head = take(&rest, TYPE_HEAD, 1);
  switch (head ? head[0] & 15 : -1) {
  case -1:
    return FALSE;
  case CLASS_ENUMERATION:
    return is_bearable_enumeration(head, rest);
  case CLASS_VARIABLE_LENGTH:
    return number_at(head + 4, 4) == 4 + guard->address_size + 4;
  default:
    return TRUE;
  }
}

/* -------------------------------------------------------------------------------------------------------------- attributes */

/* How many elements a dataspace message has; FALSE when it does not hold its extents. */
static gboolean elements_of(const NxHdf5Guard *guard, const guint8 *space, gsize length, guint64 *n)
{
  const guint version = length >= 4 ? space[0] : 0, rank = length >= 4 ? space[1] : 0;
  const gsize head = version == 1 ? 8 : 4;
  if (version < 1 || version > 2 || length < head + rank * guard->length_size)
    return FALSE;
  *n = version == 2 && space[3] == 2 ? 0 : 1; /* 2: a null dataspace */
  for (guint dim = 0; dim < rank; dim++) {
    if (!g_uint64_checked_mul(n, *n, number_at(space + head + dim * guard->length_size, guard->length_size)))
      return FALSE;
  }
  return TRUE;
}

/* Name, type, dataspace and value lie inside the message. What the message shares with others (flags) is not here, and not judged. */
static gboolean is_whole_attribute(const NxHdf5Guard *guard, const guint8 *message, gsize length)
{
  Stretch rest = {message, length};
  const guint8 *head = take(&rest, 8, 1);
  const guint version = head ? head[0] : 0, flags = version >= 2 ? head[1] : 0;
  const gsize unit = version == 1 ? 8 : 1;
  if (version < 1 || version > 3 || (version == 3 && !take(&rest, 1, 1)))
    return FALSE;
  const gsize name_size = (gsize)number_at(head + 2, 2), type_size = (gsize)number_at(head + 4, 2),
              space_size = (gsize)number_at(head + 6, 2);
  const guint8 *name = take(&rest, name_size, unit), *type = name ? take(&rest, type_size, unit) : NULL;
  const guint8 *space = type ? take(&rest, space_size, unit) : NULL;
  guint64 bytes = 0;
  if (!space || name_size == 0 || name[name_size - 1] != '\0' || type_size < 8)
    return FALSE;
  return flags != 0 || (is_bearable_type(guard, type, type_size) && elements_of(guard, space, space_size, &bytes) &&
                        g_uint64_checked_mul(&bytes, bytes, number_at(type + 4, 4)) && bytes <= rest.left);
}

/* ----------------------------------------------------------------------------------------------------------------- headers */

/* Where the header goes on; FALSE when that is not in the file. */
static gboolean note_continuation(NxHdf5Guard *guard, const guint8 *message, gsize length)
{
  if (length < guard->address_size + guard->length_size)
    return FALSE;
  const guint64 start = number_at(message, guard->address_size), size = number_at(message + guard->address_size, guard->length_size);
  if (size > guard->size || start > guard->size - size)
    return FALSE;
  guint64 *address = g_new(guint64, 1);
  *address = guard->base + start;
  g_hash_table_add(guard->continuations, address);
  return TRUE;
}

/* A message that is shared lies elsewhere, and is not judged. */
static gboolean is_bearable(NxHdf5Guard *guard, guint type, guint flags, const guint8 *message, gsize length)
{
  switch (type) {
  case MESSAGE_CONTINUATION:
    return note_continuation(guard, message, length);
  case MESSAGE_TYPE:
    return flags & FLAG_SHARED || is_bearable_type(guard, message, length);
  case MESSAGE_ATTRIBUTE:
    return flags & FLAG_SHARED || is_whole_attribute(guard, message, length);
  default:
    return TRUE;
  }
}

void nx_hdf5_guard_header(NxHdf5Guard *guard, guint64 address, guint8 *data, gsize length)
{
  const gboolean is_continuation = g_hash_table_contains(guard->continuations, &address);
  const gsize start = is_continuation ? 0 : PREFIX_SIZE;
  if (length < start || (!is_continuation && data[0] != 1) || memcmp(data, "OCHK", MIN(length, 4)) == 0)
    return;
  const gsize end = is_continuation ? length : MIN(length, start + (gsize)number_at(data + 8, 4));
  for (gsize at = start; end - at >= MESSAGE_HEAD;) {
    const guint type = (guint)number_at(data + at, 2);
    const gsize size = (gsize)number_at(data + at + 2, 2);
    if (size > end - at - MESSAGE_HEAD)
      return;
    if (!is_bearable(guard, type, data[at + 4], data + at + MESSAGE_HEAD, size))
      data[at] = data[at + 1] = MESSAGE_NOTHING;
    at += MESSAGE_HEAD + size;
  }
}

/* ------------------------------------------------------------------------------------------------------------- local heaps */

gboolean nx_hdf5_guard_heap(const NxHdf5Guard *guard, const guint8 *data, gsize length)
{
  const gsize head = 8 + 2 * guard->length_size + guard->address_size;
  if (length < head || memcmp(data, "HEAP", 4) != 0)
    return TRUE;
  const guint64 size = number_at(data + 8, guard->length_size), address = number_at(data + 8 + 2 * guard->length_size, guard->address_size);
  return size <= guard->size && address <= guard->size - size;
}
