/* dm-tags.c — reads the tag tree of DM3 and DM4 files, versions 3 and 4 of one format.
 * Structure integers are big-endian and signed, 4 bytes in DM3 and 8 in DM4, whatever the byte order of the values (extractors-a 2.1 to
 * 2.4). Everything is bounded: depth, number of tags, fields of a struct, bytes kept; a length is compared with the bytes left before it
 * is believed. */
#include "dm-tags.h"

#include <string.h>

#define DEPTH_MAX 64u
#define TAGS_MAX 2000000u
#define FIELDS_MAX 256u
#define KEPT_MAX 4096u                      /* bytes of a value that are worth keeping */
#define KEPT_TOTAL_MAX (16u * 1024u * 1024u) /* of all of them */

/* Codes of composite types in the information words of a data tag. */
enum { CODE_STRUCT = 15, CODE_STRING = 18, CODE_ARRAY = 20 };
/* Kinds of tag entries. */
enum { ENTRY_GROUP = 20, ENTRY_DATA = 21 };

struct DmTree {
  NxBytes *bytes;
  GArray *tags;        /* of DmTag; the root is the first */
  GStringChunk *store; /* names, fields and kept values */
  gsize stored;
  guint version;
  gboolean big_endian;
};

typedef struct {
  DmTree *tree;
  const char *name; /* of the file */
  guint64 offset;
  guint64 size;     /* of the file */
  gsize word;       /* bytes of a structure integer */
  gboolean sizes_wrong;
} Reader;

static const guint8 TYPE_SIZE[] = {
  [DM_I16] = 2,     [DM_I32] = 4, [DM_U16] = 2,   [DM_U32] = 4, [DM_F32] = 4, [DM_F64] = 8,
  [DM_BOOLEAN] = 1, [DM_I8] = 1,  [DM_OCTET] = 1, [DM_I64] = 8, [DM_U64] = 8,
};

gsize dm_type_size(guint64 type)
{
  return type < G_N_ELEMENTS(TYPE_SIZE) ? TYPE_SIZE[type] : 0;
}

/* ------------------------------------------------------------------------------------------------------ the byte stream */

static gboolean G_GNUC_PRINTF(3, 4) fail(const Reader *reader, GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *cause = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "DM%u file, byte %" G_GUINT64_FORMAT ": %s", reader->tree->version, reader->offset, cause);
  return FALSE;
}

static guint64 left(const Reader *reader)
{
  return reader->offset < reader->size ? reader->size - reader->offset : 0;
}

/* The next `length` bytes, which must be there; borrowed until the next call. */
static const guint8 *take(Reader *reader, gsize length, const char *what, GError **err)
{
  if (left(reader) < length) {
    fail(reader, err, "the file ends inside %s", what);
    return NULL;
  }
  const guint8 *at = nx_bytes_at(reader->tree->bytes, reader->offset, length, err);
  if (at)
    reader->offset += length;
  return at;
}

static guint64 big_endian_number(const guint8 *at, gsize length)
{
  guint64 value = 0;
  for (gsize i = 0; i < length; i++)
    value = value << 8 | at[i];
  return value;
}

/* One structure integer. */
static gboolean take_word(Reader *reader, const char *what, gint64 *value, GError **err)
{
  const guint8 *at = take(reader, reader->word, what, err);
  if (!at)
    return FALSE;
  guint64 bits = big_endian_number(at, reader->word);
  *value = reader->word == 4 ? (gint64)(gint32)(guint32)bits : (gint64)bits;
  return TRUE;
}

/* The size that a DM4 file writes before the body of an entry; DM3 has none. */
static gboolean take_size(Reader *reader, gint64 *size, GError **err)
{
  *size = -1;
  return reader->word == 4 || take_word(reader, "the size of a tag", size, err);
}

/* Sizes are written for the convenience of readers and some writers get them wrong: what was read decides. */
static void compare_size(Reader *reader, guint64 start, gint64 size)
{
  if (reader->word == 4 || (size >= 0 && (guint64)size == reader->offset - start))
    return;
  if (!reader->sizes_wrong)
    nx_log_warning("%s: DM4 tag at byte %" G_GUINT64_FORMAT " says it is %" G_GINT64_FORMAT " bytes long and is %" G_GUINT64_FORMAT,
                   reader->name, start, size, reader->offset - start);
  reader->sizes_wrong = TRUE;
}

/* ---------------------------------------------------------------------------------------------------------------- names */

static const char *store(DmTree *tree, const void *data, gsize length)
{
  tree->stored += length;
  return g_string_chunk_insert_len(tree->store, data, (gssize)length);
}

/* Name bytes are UTF-8 or, from older versions, Latin-1. Dots and NULs are dropped. */
static const char *store_name(DmTree *tree, const guint8 *bytes, gsize length)
{
  gboolean is_utf8 = g_utf8_validate_len((const char *)bytes, length, NULL);
  g_autoptr(GString) name = g_string_sized_new(length + 1);
  for (gsize i = 0; i < length; i++) {
    if (bytes[i] == '.' || bytes[i] == '\0')
      continue;
    if (is_utf8)
      g_string_append_c(name, (char)bytes[i]);
    else
      g_string_append_unichar(name, bytes[i]);
  }
  return store(tree, name->str, name->len);
}

/* Unnamed entries are numbered within their group, groups and data apart. */
static const char *store_number_name(DmTree *tree, gboolean is_group, guint number)
{
  char name[32];
  int length = g_snprintf(name, sizeof name, is_group ? "TagGroup%u" : "Data%u", number);
  return store(tree, name, (gsize)length);
}

/* ------------------------------------------------------------------------------------------------------------ data tags */

static gboolean check_type(const Reader *reader, gint64 type, GError **err)
{
  if (type < 0 || dm_type_size((guint64)type) == 0)
    return fail(reader, err, "unknown element type %" G_GINT64_FORMAT, type);
  return TRUE;
}

/* Sets count and length of an array of elements of `element_size` bytes; the array must fit into the rest of the file. */
static gboolean set_extent(const Reader *reader, DmTag *tag, gint64 count, gsize element_size, GError **err)
{
  if (count < 0 || !g_uint64_checked_mul(&tag->length, (guint64)count, element_size) || tag->length > left(reader))
    return fail(reader, err,
                "%s past end: %" G_GINT64_FORMAT " elements of %" G_GSIZE_FORMAT " bytes, %" G_GUINT64_FORMAT " bytes are left",
                tag->kind == DM_PIXELS ? "pixel data" : "array", count, element_size, left(reader));
  tag->count = (guint64)count;
  return TRUE;
}

static gboolean read_number(Reader *reader, DmTag *tag, GError **err)
{
  gint64 type;
  if (!take_word(reader, "tag information", &type, err) || !check_type(reader, type, err))
    return FALSE;
  tag->kind = DM_NUMBER;
  tag->type = (guint8)type;
  return set_extent(reader, tag, 1, dm_type_size((guint64)type), err);
}

static gboolean read_string(Reader *reader, DmTag *tag, GError **err)
{
  gint64 length;
  if (!take_word(reader, "tag information", &length, err))
    return FALSE;
  tag->kind = DM_TEXT;
  tag->type = DM_OCTET;
  return set_extent(reader, tag, length, 1, err);
}

static gboolean read_array(Reader *reader, DmTag *tag, gboolean is_pixels, GError **err)
{
  gint64 type, count;
  if (!take_word(reader, "tag information", &type, err) || !check_type(reader, type, err) ||
      !take_word(reader, "tag information", &count, err))
    return FALSE;
  tag->kind = is_pixels ? DM_PIXELS : type == DM_U16 ? DM_TEXT : DM_ARRAY;
  tag->type = (guint8)type;
  return set_extent(reader, tag, count, dm_type_size((guint64)type), err);
}

/* The types of a struct's `n_fields` fields; *size is the bytes of one struct. The lengths of field names carry nothing. */
static gboolean read_fields(Reader *reader, DmTag *tag, guint64 n_fields, gsize *size, GError **err)
{
  guint8 fields[FIELDS_MAX];
  gint64 name_length, announced, type;
  if (!take_word(reader, "a struct", &name_length, err) || !take_word(reader, "a struct", &announced, err))
    return FALSE;
  if (announced < 0 || (guint64)announced != n_fields)
    return fail(reader, err, "bad tag information: struct of %" G_GINT64_FORMAT " fields, %" G_GUINT64_FORMAT " described", announced,
                n_fields);
  *size = 0;
  for (guint64 i = 0; i < n_fields; i++) {
    if (!take_word(reader, "a struct", &name_length, err) || !take_word(reader, "a struct", &type, err) || !check_type(reader, type, err))
      return FALSE;
    fields[i] = (guint8)type;
    *size += dm_type_size((guint64)type);
  }
  tag->n_fields = (guint16)n_fields;
  tag->fields = (const guint8 *)store(reader->tree, fields, (gsize)n_fields);
  return TRUE;
}

static gboolean read_struct(Reader *reader, DmTag *tag, guint64 n_fields, GError **err)
{
  gsize size;
  tag->kind = DM_STRUCT;
  return read_fields(reader, tag, n_fields, &size, err) && set_extent(reader, tag, 1, size, err);
}

static gboolean read_structs(Reader *reader, DmTag *tag, gboolean is_pixels, guint64 n_fields, GError **err)
{
  gsize size;
  gint64 element, count;
  if (!take_word(reader, "tag information", &element, err) || !read_fields(reader, tag, n_fields, &size, err) ||
      !take_word(reader, "tag information", &count, err))
    return FALSE;
  tag->kind = is_pixels ? DM_PIXELS : DM_STRUCTS;
  return set_extent(reader, tag, count, size, err);
}

/* Arrays of strings or of arrays: DM4 says how long the entry is, DM3 leaves no way round it. */
static gboolean pass_over(Reader *reader, DmTag *tag, guint64 start, gint64 entry_size, GError **err)
{
  guint64 done = reader->offset - start;
  if (reader->word == 4 || entry_size < 0 || (guint64)entry_size < done || (guint64)entry_size - done > left(reader))
    return fail(reader, err, "bad tag information: an array of strings or arrays");
  tag->kind = DM_SKIPPED;
  tag->length = (guint64)entry_size - done;
  return TRUE;
}

static gboolean is_composite(gint64 code)
{
  return code == CODE_STRING || code == CODE_ARRAY;
}

/* The description in front of a value, of `n_info` words; which form it is follows from their number and the first two (extractors-a 2.4).
 */
static gboolean read_information(Reader *reader, DmTag *tag, gboolean is_pixels, gint64 n_info, guint64 start, gint64 entry_size,
                                 GError **err)
{
  gint64 code, element = 0;
  if (n_info == 1)
    return read_number(reader, tag, err);
  if (!take_word(reader, "tag information", &code, err))
    return FALSE;
  if (n_info == 2 && code == CODE_STRING)
    return read_string(reader, tag, err);
  if (n_info == 3 && code == CODE_ARRAY)
    return read_array(reader, tag, is_pixels, err);
  if (n_info >= 5 && n_info % 2 == 1 && code == CODE_STRUCT)
    return read_struct(reader, tag, (guint64)(n_info - 3) / 2, err);
  if (n_info > 3 && code == CODE_ARRAY) {
    const guint8 *at = left(reader) < reader->word ? NULL : nx_bytes_at(reader->tree->bytes, reader->offset, reader->word, NULL);
    element = at ? (gint64)big_endian_number(at, reader->word) : 0;
    if (element == CODE_STRUCT && n_info >= 7 && n_info % 2 == 1)
      return read_structs(reader, tag, is_pixels, (guint64)(n_info - 5) / 2, err);
    if (is_composite(element))
      return pass_over(reader, tag, start, entry_size, err);
  }
  return fail(reader, err, "bad tag information: %" G_GINT64_FORMAT " words beginning with %" G_GINT64_FORMAT, n_info, code);
}

/* Keeps the bytes of a short value, then steps over it. */
static gboolean keep_value(Reader *reader, DmTag *tag, GError **err)
{
  tag->offset = reader->offset;
  gboolean keep = tag->kind != DM_PIXELS && tag->kind != DM_SKIPPED && tag->length <= KEPT_MAX && reader->tree->stored < KEPT_TOTAL_MAX;
  if (keep) {
    const guint8 *at = take(reader, (gsize)tag->length, "a value", err);
    if (!at)
      return FALSE;
    tag->kept = (const guint8 *)store(reader->tree, at, (gsize)tag->length);
  } else {
    reader->offset += tag->length;
  }
  return TRUE;
}

static gboolean read_data_tag(Reader *reader, DmTag *tag, gboolean is_pixels, GError **err)
{
  gint64 entry_size, n_info;
  if (!take_size(reader, &entry_size, err))
    return FALSE;
  guint64 start = reader->offset;
  const guint8 *delimiter = take(reader, 4, "a tag", err);
  if (!delimiter)
    return FALSE;
  if (memcmp(delimiter, "%%%%", 4) != 0) {
    reader->offset -= 4;
    return fail(reader, err, "missing tag delimiter");
  }
  if (!take_word(reader, "tag information", &n_info, err))
    return FALSE;
  if (n_info < 1 || n_info > (gint64)(5 + 2 * FIELDS_MAX))
    return fail(reader, err, "bad tag information: %" G_GINT64_FORMAT " words", n_info);
  if (!read_information(reader, tag, is_pixels, n_info, start, entry_size, err) || !keep_value(reader, tag, err))
    return FALSE;
  compare_size(reader, start, entry_size);
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- groups */

static gboolean read_group(Reader *reader, guint32 group, guint depth, GError **err);

static DmTag *tag_at(const DmTree *tree, guint32 index)
{
  return &g_array_index(tree->tags, DmTag, index);
}

static gboolean read_sized_group(Reader *reader, guint32 group, guint depth, GError **err)
{
  gint64 size;
  if (!take_size(reader, &size, err))
    return FALSE;
  guint64 start = reader->offset;
  if (!read_group(reader, group, depth, err))
    return FALSE;
  compare_size(reader, start, size);
  return TRUE;
}

/* Kind and name of the next entry; `unnamed` counts the unnamed data tags [0] and groups [1] of this group. */
static gboolean read_entry_head(Reader *reader, DmTag *tag, guint unnamed[2], GError **err)
{
  const guint8 *head = take(reader, 3, "a tag", err);
  if (!head)
    return FALSE;
  guint8 kind = head[0];
  gsize name_length = (gsize)big_endian_number(head + 1, 2);
  if (kind != ENTRY_GROUP && kind != ENTRY_DATA) {
    reader->offset -= 3;
    return fail(reader, err, "unknown tag kind %u", kind);
  }
  const guint8 *name = take(reader, name_length, "the name of a tag", err);
  if (!name)
    return FALSE;
  gboolean is_group = kind == ENTRY_GROUP;
  tag->kind = is_group ? DM_GROUP : DM_SKIPPED;
  tag->name = name_length ? store_name(reader->tree, name, name_length) : store_number_name(reader->tree, is_group, unnamed[is_group]++);
  return TRUE;
}

/* One entry; its index in the table goes to *index. */
static gboolean read_entry(Reader *reader, gboolean in_image_data, guint depth, guint unnamed[2], guint32 *index, GError **err)
{
  DmTag tag = { 0 };
  GArray *tags = reader->tree->tags;
  if (tags->len > TAGS_MAX)
    return fail(reader, err, "more than %u tags", TAGS_MAX);
  if (!read_entry_head(reader, &tag, unnamed, err))
    return FALSE;
  *index = tags->len;
  if (tag.kind == DM_GROUP) {
    g_array_append_val(tags, tag);
    return read_sized_group(reader, *index, depth + 1, err);
  }
  if (!read_data_tag(reader, &tag, in_image_data && g_str_equal(tag.name, "Data"), err))
    return FALSE;
  g_array_append_val(tags, tag);
  return TRUE;
}

static gboolean read_group(Reader *reader, guint32 group, guint depth, GError **err)
{
  gint64 count;
  guint unnamed[2] = { 0, 0 };
  if (depth > DEPTH_MAX)
    return fail(reader, err, "groups are nested too deep (more than %u)", DEPTH_MAX);
  /* sorted and open, two flags that say how the tag window of the program was left */
  if (!take(reader, 2, "a tag group", err) || !take_word(reader, "a tag group", &count, err))
    return FALSE;
  const guint64 entry_min = reader->word == 4 ? 9 : 21;
  if (count < 0 || (guint64)count > left(reader) / entry_min)
    return fail(reader, err, "tag count %" G_GINT64_FORMAT " in %" G_GUINT64_FORMAT " bytes", count, left(reader));

  gboolean in_image_data = g_str_equal(tag_at(reader->tree, group)->name, "ImageData");
  guint32 previous = 0;
  for (gint64 i = 0; i < count; i++) {
    guint32 index = 0;
    if (!read_entry(reader, in_image_data, depth, unnamed, &index, err))
      return FALSE;
    if (previous)
      tag_at(reader->tree, previous)->next = index;
    else
      tag_at(reader->tree, group)->first = index;
    previous = index;
  }
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------------- files */

static gboolean read_header(Reader *reader, GError **err)
{
  gint64 root_length;
  if (reader->size < 12) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "shorter than header: %" G_GUINT64_FORMAT " bytes", reader->size);
    return FALSE;
  }
  const guint8 *at = take(reader, 4, "the header", err);
  if (!at)
    return FALSE;
  guint64 version = big_endian_number(at, 4);
  if (version != 3 && version != 4) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "unsupported version %" G_GUINT64_FORMAT " of the DM format (3 and 4 can be read)",
                version);
    return FALSE;
  }
  reader->tree->version = (guint)version;
  reader->word = version == 3 ? 4 : 8;
  if (!take_word(reader, "the header", &root_length, err) || !(at = take(reader, 4, "the header", err)))
    return FALSE;
  reader->tree->big_endian = big_endian_number(at, 4) == 0;
  return TRUE;
}

DmTree *dm_tree_read(NxBytes *bytes, const char *name, GError **err)
{
  g_autoptr(DmTree) tree = g_new0(DmTree, 1);
  tree->bytes = bytes;
  tree->tags = g_array_sized_new(FALSE, FALSE, sizeof(DmTag), 512);
  tree->store = g_string_chunk_new(32 * 1024);

  DmTag root = { .name = "", .kind = DM_GROUP };
  g_array_append_val(tree->tags, root);
  Reader reader = { .tree = tree, .name = name, .size = nx_bytes_size(bytes) };
  if (!read_header(&reader, err) || !read_group(&reader, 0, 0, err))
    return NULL;
  return g_steal_pointer(&tree);
}

void dm_tree_free(DmTree *tree)
{
  if (!tree)
    return;
  g_array_unref(tree->tags);
  g_string_chunk_free(tree->store);
  g_free(tree);
}

/* ----------------------------------------------------------------------------------------------------------- going round */

const DmTag *dm_tree_root(const DmTree *tree)
{
  return tag_at(tree, 0);
}

guint dm_tree_version(const DmTree *tree)
{
  return tree->version;
}

gboolean dm_tree_is_big_endian(const DmTree *tree)
{
  return tree->big_endian;
}

NxBytes *dm_tree_bytes(const DmTree *tree)
{
  return tree->bytes;
}

const DmTag *dm_tag_first(const DmTree *tree, const DmTag *group)
{
  return group && group->kind == DM_GROUP && group->first ? tag_at(tree, group->first) : NULL;
}

const DmTag *dm_tag_next(const DmTree *tree, const DmTag *tag)
{
  return tag && tag->next ? tag_at(tree, tag->next) : NULL;
}

static const DmTag *find_child(const DmTree *tree, const DmTag *group, const char *name, gsize length)
{
  const DmTag *found = NULL;
  for (const DmTag *tag = dm_tag_first(tree, group); tag; tag = dm_tag_next(tree, tag)) {
    if (strncmp(tag->name, name, length) == 0 && tag->name[length] == '\0')
      found = tag;
  }
  return found;
}

const DmTag *dm_tag_find(const DmTree *tree, const DmTag *group, const char *path)
{
  const DmTag *tag = group;
  while (tag) {
    gsize length = strcspn(path, ":");
    tag = find_child(tree, tag, path, length);
    if (path[length] == '\0')
      break;
    path += length + 1;
  }
  return tag;
}

gboolean dm_tag_is_group(const DmTag *tag)
{
  return tag && tag->kind == DM_GROUP;
}
