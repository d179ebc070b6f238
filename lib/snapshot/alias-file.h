/* alias-file.h — the dictionary's bytes, little-endian: a header of 64 bytes, then aliases, norms, names, slots, two filters and the pool
 * of texts, in this order, each from a multiple of 16 on. Texts are offsets into the pool, where each ends with a NUL.
 *
 * A text is cut into pieces: the longest runs of letters and digits, and single other characters. A name is found only where it begins and
 * ends beside no letter or digit, so it covers whole pieces. A beginning of a norm that ends with a piece is known by its hash. The filters
 * know of nearly every hash whether it is a norm, and whether a longer norm begins so; only what they take for a norm is looked up in the
 * slots, and compared. */
#ifndef NX_SNAPSHOT_ALIAS_FILE_H
#define NX_SNAPSHOT_ALIAS_FILE_H

#include "nx-alias.h"

#include <string.h>

#define ALIAS_MAGIC "NXADICT1"
#define ALIAS_NO_TEXT G_MAXUINT32
#define ALIAS_ALIGN(Size) (((Size) + 15) & ~(guint64)15)
#define ALIAS_PADDING 8 /* readable bytes behind a text whose pieces are hashed */

typedef struct {
  char magic[8];
  guint32 format, flags;
  guint64 size;
  guint32 n_aliases, n_norms, n_names, n_text;
  guint32 n_slots, n_first, n_further; /* powers of two; the latter are words of the filters */
  guint32 body_crc, header_crc;        /* the latter with itself as 0 */
  guint32 reserved;
} AliasHeader;

typedef struct {
  gint64 alias_id, entity_id;
  guint32 value, kind, source, type_name, domain;
  gint32 type_id;
} AliasRecord;

/* Sorted by bytes; its aliases stand together, in the order in which they were added. */
typedef struct {
  guint32 text, length, first_alias, n_aliases;
} AliasNorm;

/* Sorted by entity. */
typedef struct {
  gint64 entity_id;
  guint32 text, reserved;
} AliasName;

/* Where the low bits of a norm's hash say, or in the next one that is free. */
typedef struct {
  guint32 mark; /* the high half of the hash */
  guint32 norm; /* + 1; 0: free */
} AliasSlot;

G_STATIC_ASSERT(sizeof(AliasHeader) == 64);
G_STATIC_ASSERT(sizeof(AliasRecord) == 40);
G_STATIC_ASSERT(sizeof(AliasNorm) == 16);
G_STATIC_ASSERT(sizeof(AliasName) == 16);
#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "the alias dictionary is mapped as it lies in the file: little-endian computers only"
#endif

/* How many of the eight bytes at `at` are letters or digits of ASCII, up to the first that is not. The highest bit of a byte says what the
 * sums find: seven bits plus 0x80 − c reach it from c on. */
static inline guint alias_ascii_run(const char *at)
{
  const guint64 each = G_GUINT64_CONSTANT(0x0101010101010101), high = each << 7;
  guint64 word;
  memcpy(&word, at, sizeof word);
  guint64 low = word & ~high, small = low | each * 0x20;
  guint64 letter = (small + each * (0x80 - 'a')) & ~(small + each * (0x80 - 'z' - 1));
  guint64 digit = (low + each * (0x80 - '0')) & ~(low + each * (0x80 - '9' - 1));
  guint64 other = ~((letter | digit) & ~word) & high;
  return other ? (guint)__builtin_ctzll(other) / 8 : 8;
}

/* The end of the word at `at`; `at` itself when there is none. */
static inline const char *alias_word_end(const char *at)
{
  for (;;) {
    guint run = alias_ascii_run(at);
    at += run;
    if (G_LIKELY(run < 8 && (guint8)*at < 0x80))
      return at;
    if (run == 8)
      continue;
    if (!g_unichar_isalnum(g_utf8_get_char(at)))
      return at;
    at = g_utf8_next_char(at);
  }
}

/* The end of the piece that begins at `at`. */
static inline const char *alias_piece_end(const char *at, gboolean *is_word)
{
  const char *end = alias_word_end(at);
  *is_word = end > at;
  return *is_word || !*at ? end : g_utf8_next_char(at);
}

/* The same behind another piece: a blank and the word behind it are one. */
static inline const char *alias_further_end(const char *at, gboolean *is_word)
{
  const char *end = *at == ' ' ? alias_word_end(at + 1) : at;
  *is_word = end > at + 1;
  return *is_word ? end : alias_piece_end(at, is_word);
}

static inline guint64 alias_mix(guint64 hash, guint64 word)
{
  unsigned __int128 product = (unsigned __int128)(hash ^ word) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return (guint64)product ^ (guint64)(product >> 64);
}

static inline guint64 alias_hash(const char *piece, gsize length)
{
  guint64 word, hash = length;
  for (; length > 8; piece += 8, length -= 8) {
    memcpy(&word, piece, 8);
    hash = alias_mix(hash, word);
  }
  memcpy(&word, piece, 8);
  return alias_mix(hash, word & (~(guint64)0 >> (64 - 8 * length)));
}

/* Of a beginning and one more piece; of a blank and a word, that of the word counts. */
static inline guint64 alias_join(guint64 beginning, guint64 piece, gboolean after_blank)
{
  return alias_mix(beginning + after_blank, piece);
}

/* Of a beginning that goes on from `at` to `end`, where alias_further_end says. */
static inline guint64 alias_hash_further(guint64 beginning, const char *at, const char *end, gboolean is_word)
{
  gboolean after_blank = is_word && *at == ' ';
  at += after_blank;
  return alias_join(beginning, alias_hash(at, (gsize)(end - at)), after_blank);
}

/* Three bits of a word of a filter for hashes of norms; turned by half a word for those of beginnings of longer ones. */
static inline guint64 alias_norm_bits(guint64 hash)
{
  return (guint64)1 << (hash >> 58) | (guint64)1 << (hash >> 52 & 63) | (guint64)1 << (hash >> 46 & 63);
}

static inline guint64 alias_beginning_bits(guint64 hash)
{
  const guint64 bits = alias_norm_bits(hash);
  return bits << 32 | bits >> 32;
}

static inline guint32 alias_filter_word(guint64 hash, guint32 n_words)
{
  return (guint32)hash & (n_words - 1);
}

#endif
