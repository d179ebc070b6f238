/* thrift.h — structs of the Thrift compact protocol, read and written by tables (parquet §2). */
#ifndef NX_SNAPSHOT_THRIFT_H
#define NX_SNAPSHOT_THRIFT_H

#include "nx-base.h"

typedef enum {
  NX_THRIFT_BOOL,         /* gboolean */
  NX_THRIFT_I8,           /* gint8 */
  NX_THRIFT_I16,          /* gint16 */
  NX_THRIFT_I32,          /* gint32 */
  NX_THRIFT_I64,          /* gint64 */
  NX_THRIFT_BINARY,       /* NxThriftBytes */
  NX_THRIFT_STRUCT,       /* the struct itself */
  NX_THRIFT_LIST_I32,     /* GArray * of gint32 */
  NX_THRIFT_LIST_BINARY,  /* GArray * of NxThriftBytes */
  NX_THRIFT_LIST_STRUCT,  /* GArray * of structs */
  NX_THRIFT_UNREAD,       /* only whether it is there */
} NxThriftKind;

typedef struct {
  const char *bytes; /* borrowed: of the buffer that was read, or of the writer */
  guint32 length;
} NxThriftBytes;

typedef struct NxThriftStruct NxThriftStruct;
typedef struct {
  guint8 id; /* 1..31, ascending within a struct */
  NxThriftKind kind;
  gboolean required;
  gsize offset;
  const NxThriftStruct *of; /* of NX_THRIFT_STRUCT and NX_THRIFT_LIST_STRUCT */
} NxThriftField;

/* Every struct begins with a guint32: bit `id` is set when that field is there. */
struct NxThriftStruct {
  const char *name;
  gsize size;
  const NxThriftField *fields; /* ends with id 0; NULL: no fields are known */
};

#define NX_THRIFT_HAS(object, id) (((object)->present & (1u << (id))) != 0)

/* Reads a struct from the beginning of `data` into the zeroed `object`; *used is what it took. Unknown fields are skipped; lengths are checked
 * against what is left before anything is allocated. `object` is to be cleared whatever the outcome. */
gboolean nx_thrift_read(const NxThriftStruct *type, gpointer object, const guint8 *data, gsize length, gsize *used, GError **err);
/* Appends the fields that are present. */
void nx_thrift_write(const NxThriftStruct *type, gconstpointer object, GByteArray *out);
/* Frees the lists within. */
void nx_thrift_clear(const NxThriftStruct *type, gpointer object);

/* Unsigned, low groups first, at most 10 bytes; *at moves on. FALSE when it runs over the end or 64 bits. */
gboolean nx_varint_read(const guint8 *data, gsize length, gsize *at, guint64 *value);
void nx_varint_write(GByteArray *out, guint64 value);
gint64 nx_zigzag_decode(guint64 value);
guint64 nx_zigzag_encode(gint64 value);

#endif
