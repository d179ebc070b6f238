/* huffman.h — the codes of deflate (RFC 1951 §3.2.2). Private to preview/. */
#ifndef NX_HUFFMAN_H
#define NX_HUFFMAN_H

#include <glib.h>

#define NX_HUFFMAN_SYMBOLS 288u /* at the most */
#define NX_HUFFMAN_BITS 15u     /* of a code, at the most */

typedef struct {
  guint16 bits;  /* the first bit of the code is the lowest */
  guint16 count; /* of bits; 0: the symbol has no code */
} NxCode;

/* Shortest codes of at most `longest` bits for `symbols` symbols that occur `counts[symbol]` times. Two have a code even if fewer occur, so that the
 * code is complete, which some readers ask for. */
void nx_huffman_codes(const guint32 *counts, guint symbols, guint longest, NxCode *codes);

#endif
