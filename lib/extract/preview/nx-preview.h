/* nx-preview.h — draws the 500 × 500 picture of a signal and encodes it as PNG. Private to lib/extract. */
#ifndef NX_PREVIEW_H
#define NX_PREVIEW_H

#include "../nx-extract.h"

#define NX_PREVIEW_SIZE 500

/* The PNG of one signal (`index` of `count`, for the title). Whatever cannot be drawn becomes the placeholder with a logged warning; NULL only when
 * the signal wants no preview (NX_VIEW_NONE), with *err unset, or when even the placeholder fails. Memory does not grow with the file. */
GBytes *nx_preview_png(const NxInput *in, const NxSignal *signal, guint index, guint count, GError **err);
/* The placeholder of an unreadable file. */
GBytes *nx_preview_placeholder(GError **err);

/* The first member of a figure: draws it as PNG. Its data is read only now, so a run without previews does not pay for them. */
struct NxFigure {
  GBytes *(*png)(const NxFigure *figure, GError **err);
  void (*free)(NxFigure *figure);
};

/* width × height RGBA (8-bit, not premultiplied), `stride` bytes a row → PNG. */
GBytes *nx_png_encode(const guint8 *rgba, guint width, guint height, gsize stride, GError **err);

/* Loads what makes the first drawing slow (fonts) so that forked children find it warm. Call once in the parent. */
void nx_preview_warm_up(void);

#endif
