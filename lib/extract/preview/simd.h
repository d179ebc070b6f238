/* simd.h — what the inner loops of the previews are compiled with. Private to preview/.
 * A hot loop is built twice, for every x86-64 and for those with 256-bit registers; the right one is chosen when the program starts.
 * Lanes never mix and nothing is contracted, so both give the same bits. For static functions: clang does not export one that is built twice. */
#ifndef NX_PREVIEW_SIMD_H
#define NX_PREVIEW_SIMD_H

#include <glib.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__)
#define NX_HOT __attribute__((optimize("O3"), target_clones("avx2", "default")))
#else
#define NX_HOT
#endif

/* Eight floats at any float's address; arrays that are walked with it are padded to a multiple of eight. */
#define NX_LANES 8u
typedef float NxFloats __attribute__((vector_size(NX_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float NxPixel __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

static inline gsize nx_lanes(gsize count)
{
  return (count + NX_LANES - 1) / NX_LANES * NX_LANES;
}

#endif
