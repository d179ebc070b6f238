/* dm-tags.h — the tag tree of a DigitalMicrograph file, and the values in it. Private to lib/extract.
 *
 * Reading builds a table of tags and nothing else: a tag says where its value lies and of what type it is. Short values are kept, long ones
 * (images, spectra inside the metadata) are read again when somebody asks. Facts: extractors-a 2.1 to 2.4, checked against corpus/dm. */
#ifndef NX_DM_TAGS_H
#define NX_DM_TAGS_H

#include "nx-extract.h"

/* Simple types, with the numbers of the format. */
typedef enum {
  DM_I16 = 2,
  DM_I32 = 3,
  DM_U16 = 4,
  DM_U32 = 5,
  DM_F32 = 6,
  DM_F64 = 7,
  DM_BOOLEAN = 8,
  DM_I8 = 9,
  DM_OCTET = 10,
  DM_I64 = 11,
  DM_U64 = 12,
} DmType;

typedef enum {
  DM_GROUP,
  DM_NUMBER,  /* one value of a simple type */
  DM_TEXT,    /* type DM_U16: UTF-16, DM_OCTET: bytes */
  DM_ARRAY,   /* `count` values of a simple type */
  DM_STRUCT,  /* one value of each of `fields` */
  DM_STRUCTS, /* `count` structs */
  DM_PIXELS,  /* the Data of a group ImageData: never read here */
  DM_SKIPPED, /* arrays of strings or arrays: passed over */
} DmKind;

typedef struct {
  const char *name;      /* UTF-8 */
  const guint8 *kept;    /* a copy of the value's bytes; NULL: they are only in the file */
  const guint8 *fields;  /* DM_STRUCT, DM_STRUCTS: the DmType of each field */
  guint64 offset;        /* of the value in the file */
  guint64 length;        /* of the value in bytes */
  guint64 count;         /* elements; of DM_TEXT: code units */
  guint32 first;         /* DM_GROUP: index of its first tag in the table, 0 for none */
  guint32 next;          /* index of the next tag of the same group, 0 for none */
  guint16 n_fields;
  guint8 kind;           /* DmKind */
  guint8 type;           /* DmType */
} DmTag;

typedef struct DmTree DmTree;

/* Reads the tree. `bytes` is borrowed for the life of the tree, `name` (of the file) is for the log. NX_ERROR_FORMAT with the byte offset
 * when the file is no DM3 or DM4 file or is damaged. */
DmTree *dm_tree_read(NxBytes *bytes, const char *name, GError **err);
void dm_tree_free(DmTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DmTree, dm_tree_free)

/* All of these are NULL-safe for `tag`; what they return is borrowed from the tree. */
const DmTag *dm_tree_root(const DmTree *tree);
guint dm_tree_version(const DmTree *tree);
gboolean dm_tree_is_big_endian(const DmTree *tree);
NxBytes *dm_tree_bytes(const DmTree *tree);
/* The tags of a group in file order: first, then next until NULL. */
const DmTag *dm_tag_first(const DmTree *tree, const DmTag *group);
const DmTag *dm_tag_next(const DmTree *tree, const DmTag *tag);
/* The tag at `path`, names joined by ':' (no name holds one: DigitalMicrograph itself uses it so). Of equal names the last counts. */
const DmTag *dm_tag_find(const DmTree *tree, const DmTag *group, const char *path);

gboolean dm_tag_is_group(const DmTag *tag);
/* TRUE when there is no value: no tag, a group, an empty text or array, a tag that was passed over. */
gboolean dm_tag_is_missing(const DmTag *tag);
/* The element `index` of a number, array or struct; FALSE when there is none or the tag is of another kind. */
gboolean dm_tag_double(const DmTree *tree, const DmTag *tag, guint64 index, double *value);
/* The same for whole numbers; FALSE for reals and for what does not fit. */
gboolean dm_tag_integer(const DmTree *tree, const DmTag *tag, guint64 index, gint64 *value);
/* The text as UTF-8, what cannot be decoded as U+FFFD; NULL when the tag is no text or longer than 16 MiB. */
GString *dm_tag_text(const DmTree *tree, const DmTag *tag);

/* How much of a tree may become JSON: a bound for hostile files, far beyond real ones. */
typedef struct {
  guint64 values;     /* numbers, texts and groups still allowed */
  guint64 text_bytes; /* bytes of text still allowed */
} DmBudget;
#define DM_BUDGET_INIT { 1024u * 1024u, 16u * 1024u * 1024u }

/* The tag as JSON: groups are objects, structs and arrays are arrays; an array over the budget is {"_array_len": n}. NULL when it has no
 * JSON form (pixels, NaN, a tag passed over, budget spent). */
json_object *dm_tag_json(const DmTree *tree, const DmTag *tag, DmBudget *budget);

/* Bytes of one value of `type`; 0 when there is no such simple type. */
gsize dm_type_size(guint64 type);

#endif
