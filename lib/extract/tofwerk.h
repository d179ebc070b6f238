/* tofwerk.h — a Tofwerk fibTOF file: where things are in it, and the figure of its preview. Private to lib/extract. */
#ifndef NX_TOFWERK_H
#define NX_TOFWERK_H

#include "hdf5-file.h"
#include "preview/nx-preview.h"

#define TOFWERK_EVENTS "FullSpectra/EventList"
#define TOFWERK_SUM "FullSpectra/SumSpectrum"
#define TOFWERK_MASSES "FullSpectra/MassAxis"
#define TOFWERK_PEAKS "PeakData/PeakData"
#define TOFWERK_PEAK_TABLE "PeakData/PeakTable"

/* The composite preview (extractors-b 12.6). What it shows is read when it is drawn. `file` is referenced. */
NxFigure *tofwerk_figure_new(NxHdf5 *file);

#endif
