/* alias-file.h — the dictionary's bytes, little-endian: a header of 64 bytes, then aliases, norms, names, nodes, edges and the pool of texts,
 * in this order, each from a multiple of 16 on. Texts are offsets into the pool, where each ends with a NUL. */
#ifndef NX_SNAPSHOT_ALIAS_FILE_H
#define NX_SNAPSHOT_ALIAS_FILE_H

#include "nx-alias.h"

#define ALIAS_MAGIC "NXADICT1"
#define ALIAS_NO_TEXT G_MAXUINT32
#define ALIAS_ALIGN(Size) (((Size) + 15) & ~(guint64)15)

typedef struct {
  char magic[8];
  guint32 format, flags;
  guint64 size;
  guint32 n_aliases, n_norms, n_names, n_nodes, n_edges, n_text;
  guint32 body_crc, header_crc; /* the latter with itself as 0 */
  guint64 reserved;
} AliasHeader;

typedef struct {
  gint64 alias_id, entity_id;
  guint32 value, kind, source, type_name, domain;
  gint32 type_id;
} AliasRecord;

/* Sorted by bytes; its aliases stand together, in the order in which they were added. */
typedef struct {
  guint32 text, length, n_characters, first_alias, n_aliases, reserved;
} AliasNorm;

/* Sorted by entity. */
typedef struct {
  gint64 entity_id;
  guint32 text, reserved;
} AliasName;

/* Node 0 is the root; every link leads to a lower node, every edge to a higher one. */
typedef struct {
  guint32 first_edge, n_edges; /* edges sorted by byte */
  guint32 failure;             /* the longest other beginning that ends here */
  guint32 output;              /* the next node on the way of failures that ends a norm; 0: none */
  guint32 norm;                /* + 1; 0: none ends here */
} AliasNode;

typedef struct {
  guint32 byte, node;
} AliasEdge;

G_STATIC_ASSERT(sizeof(AliasHeader) == 64);
G_STATIC_ASSERT(sizeof(AliasRecord) == 40);
G_STATIC_ASSERT(sizeof(AliasNorm) == 24);
G_STATIC_ASSERT(sizeof(AliasName) == 16);
G_STATIC_ASSERT(sizeof(AliasNode) == 20);
#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "the alias dictionary is mapped as it lies in the file: little-endian computers only"
#endif

#endif
