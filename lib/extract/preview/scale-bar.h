/* scale-bar.h — the scale bar of a micrograph. Private to preview/. */
#ifndef NX_PREVIEW_SCALE_BAR_H
#define NX_PREVIEW_SCALE_BAR_H

#include "draw.h"

/* The largest d × 10^k (d = 1 … 9) not above a quarter of `width` (extractors-b 12.5); 0 when there is none. */
double nx_scale_bar_length(double width);
/* "50 nm". A length of metres or ångströms (or of one by them) that would need four digits or more than two decimals changes its prefix:
 * 2000 nm → "2 µm", 5e-08 m → "50 nm", 20000 Å → "2 µm". */
char *nx_scale_bar_label(double length, const char *unit);
/* In the lower left of the picture in (x, y, width, height), which is `columns` pixels of `axis` wide. Nothing when the axis is not calibrated. */
void nx_scale_bar_draw(NxCanvas *canvas, const NxAxis *axis, double columns, double x, double y, double width, double height, NxFont font);

#endif
