/* column-dictionary.c — see column-dictionary.h. Open addressing; what does not pay is given up as soon as that shows. */
#include "column-dictionary.h"

#include "hybrid.h"

#define ENTRIES_MAX 65536u
#define DICTIONARY_MAX (1u << 20)
#define SLOTS_FIRST 1024u
#define TRIAL 4096u /* values after which a column of distinct ones shows */

typedef struct {
  guint32 mark;  /* of the hash */
  guint32 entry; /* + 1; 0: free */
} Slot;

typedef struct {
  ParquetEntries *entries;
  Slot *slots;
  guint32 mask;
  guint32 *starts; /* of the entries; ENTRIES_MAX + 1 */
} Builder;

static guint64 mix(guint64 hash, guint64 word)
{
  unsigned __int128 product = (unsigned __int128)(hash ^ word) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return (guint64)product ^ (guint64)(product >> 64);
}

/* Eight bytes at a time; only the speed of a run depends on it, never its bytes. */
static guint64 hash_of(const guint8 *bytes, gsize length)
{
  guint64 hash = length, word = 0;
  for (; length > 8; bytes += 8, length -= 8) {
    memcpy(&word, bytes, 8);
    hash = mix(hash, word);
  }
  word = 0;
  memcpy(&word, bytes, length);
  return mix(hash, word);
}

static Slot *find_slot(const Builder *builder, guint64 hash, const guint8 *value, gsize length)
{
  for (guint32 at = (guint32)hash & builder->mask;; at = (at + 1) & builder->mask) {
    Slot *slot = &builder->slots[at];
    if (!slot->entry)
      return slot;
    guint32 start = builder->starts[slot->entry - 1];
    if (slot->mark == (guint32)(hash >> 32) && builder->starts[slot->entry] - start == length &&
        memcmp(builder->entries->entries.data + start, value, length) == 0)
      return slot;
  }
}

static void grow(Builder *builder)
{
  guint32 n = (builder->mask + 1) * 2;
  g_free(builder->slots);
  builder->slots = g_new0(Slot, n);
  builder->mask = n - 1;
  for (guint32 entry = 0; entry < builder->entries->n; entry++) {
    const guint8 *value = builder->entries->entries.data + builder->starts[entry];
    guint64 hash = hash_of(value, builder->starts[entry + 1] - builder->starts[entry]);
    guint32 at = (guint32)hash & builder->mask;
    while (builder->slots[at].entry)
      at = (at + 1) & builder->mask;
    builder->slots[at] = (Slot){(guint32)(hash >> 32), entry + 1};
  }
}

/* FALSE: the dictionary is full. */
static gboolean add(Builder *builder, const guint8 *value, gsize length, guint32 *index)
{
  ParquetEntries *entries = builder->entries;
  guint64 hash = hash_of(value, length);
  Slot *slot = find_slot(builder, hash, value, length);
  if (slot->entry) {
    *index = slot->entry - 1;
    return TRUE;
  }
  if (entries->n >= ENTRIES_MAX || entries->entries.length + length > DICTIONARY_MAX)
    return FALSE;
  *slot = (Slot){(guint32)(hash >> 32), entries->n + 1};
  memcpy(parquet_bytes_add(&entries->entries, length), value, length);
  *index = entries->n++;
  builder->starts[entries->n] = (guint32)entries->entries.length;
  if (entries->n * 2 > builder->mask)
    grow(builder);
  return TRUE;
}

static gboolean pays(const ParquetEntries *entries, gsize n_values, gsize plain)
{
  gsize width = entries->n ? parquet_bit_width(entries->n - 1) : 0;
  return entries->entries.length + n_values * width / 8 < plain;
}

static gboolean add_all(Builder *builder, const ParquetBuffer *buffer)
{
  guint32 *indices = builder->entries->indices;
  gsize n = 0;
  for (gsize at = 0; at < buffer->plain.length; n++) {
    const guint8 *value = buffer->plain.data + at;
    gsize length = parquet_plain_length(buffer, value);
    if (!add(builder, value, length, &indices[n]))
      return FALSE;
    at += length;
    if (n + 1 == TRIAL && !pays(builder->entries, n + 1, at))
      return FALSE;
  }
  return pays(builder->entries, n, buffer->plain.length);
}

gboolean parquet_entries_make(const ParquetBuffer *buffer, ParquetEntries *entries)
{
  *entries = (ParquetEntries){0};
  if (buffer->type == PARQUET_BOOLEAN || buffer->plain.length == 0)
    return FALSE;
  Builder builder = {
      .entries = entries, .slots = g_new0(Slot, SLOTS_FIRST), .mask = SLOTS_FIRST - 1, .starts = g_new(guint32, ENTRIES_MAX + 1)};
  builder.starts[0] = 0;
  entries->indices = g_new(guint32, buffer->levels.length - buffer->n_null);
  gboolean done = add_all(&builder, buffer);
  g_free(builder.slots);
  g_free(builder.starts);
  if (!done)
    parquet_entries_clear(entries);
  return done;
}

void parquet_entries_clear(ParquetEntries *entries)
{
  g_free(entries->entries.data);
  g_free(entries->indices);
  *entries = (ParquetEntries){0};
}
