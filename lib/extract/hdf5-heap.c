/* hdf5-heap.c — text of variable length in HDF5 files, read by us: libhdf5 1.10 follows a damaged index or size of a heap out of its
 * memory. An element is stored as its length (4 bytes), the address of a heap collection and an index there (4 bytes). A collection is
 * "GCOL", version 1, its size, then objects: index (2 bytes), references (2), 4 reserved, size, data; everything begins at a multiple of 8;
 * index 0 is free space to the end. HDF5 File Format Specification 3.0, "Global Heap"; the alignment is that of libhdf5 (H5HGpkg.h). */
#include "hdf5-heap.h"

#include <string.h>

#define SIGNATURE_SIZE 8u /* "GCOL", version, 3 reserved */
/* A collection has at most 65535 objects; a hostile file names one collection after the other. */
#define STEPS_MAX (16u * 1024u * 1024u)

typedef struct {
  guint64 offset, size;
} Object;

struct NxHeap {
  NxBytes *bytes;
  guint64 base; /* what addresses are relative to */
  guint address_size, length_size;
  guint64 collection; /* the one whose objects are known */
  gboolean is_known;
  GHashTable *objects; /* index → Object* */
  guint steps;
};

NxHeap *nx_heap_new(NxBytes *bytes, guint64 base, guint address_size, guint length_size)
{
  NxHeap *heap = g_new0(NxHeap, 1);
  *heap = (NxHeap){.bytes = bytes, .base = base, .address_size = address_size, .length_size = length_size};
  heap->objects = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  return heap;
}

void nx_heap_free(NxHeap *heap)
{
  if (!heap)
    return;
  g_hash_table_unref(heap->objects);
  g_free(heap);
}

gsize nx_heap_reference_size(const NxHeap *heap)
{
  return sizeof(guint32) + heap->address_size + sizeof(guint32);
}

static guint64 number_at(const guint8 *at, guint size)
{
  guint64 value = 0;
  for (guint i = MIN(size, 8); i-- > 0;)
    value = value << 8 | at[i];
  return value;
}

static guint64 aligned(guint64 size)
{
  return (size + 7) & ~(guint64)7;
}

static gboolean damaged(const NxHeap *heap, guint64 collection, const char *what, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the heap at byte %" G_GUINT64_FORMAT " is damaged: %s", heap->base + collection, what);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------- a collection */

/* Where the collection begins and ends in the file. */
static gboolean find_collection(NxHeap *heap, guint64 collection, guint64 *start, guint64 *end, GError **err)
{
  guint64 size = 0;
  const guint8 *head = g_uint64_checked_add(start, heap->base, collection)
                           ? nx_bytes_at(heap->bytes, *start, SIGNATURE_SIZE + heap->length_size, NULL)
                           : NULL;
  if (!head || memcmp(head, "GCOL\1", 5) != 0)
    return damaged(heap, collection, "it does not begin as a heap does", err);
  size = number_at(head + SIGNATURE_SIZE, heap->length_size);
  if (size < aligned(SIGNATURE_SIZE + heap->length_size) || size > nx_bytes_size(heap->bytes) - *start)
    return damaged(heap, collection, "it is longer than the file", err);
  *end = *start + size;
  return TRUE;
}

/* Learns the objects up to the first that does not fit; those before it can be read. */
static gboolean learn_collection(NxHeap *heap, guint64 collection, GError **err)
{
  const guint head_size = (guint)aligned(8 + heap->length_size);
  guint64 at, end;
  g_hash_table_remove_all(heap->objects);
  heap->is_known = FALSE;
  if (!find_collection(heap, collection, &at, &end, err))
    return FALSE;
  for (at += aligned(SIGNATURE_SIZE + heap->length_size); end - at >= head_size; heap->steps++) {
    const guint8 *head = heap->steps < STEPS_MAX ? nx_bytes_at(heap->bytes, at, head_size, NULL) : NULL;
    const guint index = head ? (guint)number_at(head, 2) : 0;
    const guint64 size = head ? number_at(head + 8, heap->length_size) : 0;
    if (index == 0 || size > end - at - head_size)
      break;
    if (!g_hash_table_contains(heap->objects, GUINT_TO_POINTER(index))) {
      Object *object = g_new(Object, 1);
      *object = (Object){at + head_size, size};
      g_hash_table_insert(heap->objects, GUINT_TO_POINTER(index), object);
    }
    at += MIN(head_size + aligned(size), end - at);
  }
  heap->collection = collection;
  heap->is_known = TRUE;
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- an element */

gboolean nx_heap_text(NxHeap *heap, const guint8 *reference, gsize limit, GBytes **text, GError **err)
{
  const guint32 length = (guint32)number_at(reference, 4), index = (guint32)number_at(reference + 4 + heap->address_size, 4);
  const guint64 collection = number_at(reference + 4, heap->address_size);
  const guint64 nowhere = heap->address_size >= 8 ? G_MAXUINT64 : (G_GUINT64_CONSTANT(1) << 8 * heap->address_size) - 1;
  *text = NULL;
  if (length == 0 || (collection == 0 && index == 0) || collection == nowhere) {
    *text = g_bytes_new(NULL, 0);
    return TRUE;
  }
  if (!(heap->is_known && heap->collection == collection) && !learn_collection(heap, collection, err))
    return FALSE;
  const Object *object = g_hash_table_lookup(heap->objects, GUINT_TO_POINTER(index));
  if (!object)
    return damaged(heap, collection, "an object that is referred to is not there", err);
  if (object->size < length)
    return damaged(heap, collection, "an object is shorter than what refers to it says", err);
  if (length > limit) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "a text of %u bytes is too long", length);
    return FALSE;
  }
  g_autofree guint8 *copy = g_malloc(length);
  if (!nx_bytes_copy(heap->bytes, object->offset, copy, length, err))
    return FALSE;
  *text = g_bytes_new_take(g_steal_pointer(&copy), length);
  return TRUE;
}
