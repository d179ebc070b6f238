# lib/extract/preview — the sources of the previews, their tests, the gallery (make gallery) and the encoder's benchmark.
EXTRACT_PREVIEW_SOURCES = lib/extract/preview/nx-preview.h lib/extract/preview/preview.c lib/extract/preview/kinds.h \
	lib/extract/preview/draw.h lib/extract/preview/draw.c lib/extract/preview/wrap.h lib/extract/preview/wrap.c \
	lib/extract/preview/chart.h lib/extract/preview/chart.c lib/extract/preview/scale-bar.h lib/extract/preview/scale-bar.c \
	lib/extract/preview/plane.h lib/extract/preview/plane.c lib/extract/preview/contrast.c \
	lib/extract/preview/image.c lib/extract/preview/spectrum.c lib/extract/preview/cards.c \
	lib/extract/preview/picture.h lib/extract/preview/picture.c lib/extract/preview/picture-claims.c lib/extract/preview/picture-tiff.c \
	lib/extract/preview/tiff-samples.h lib/extract/preview/tiff-samples.c \
	lib/extract/preview/scale.h lib/extract/preview/scale.c lib/extract/preview/simd.h lib/extract/preview/png.c \
	lib/extract/preview/deflate.h lib/extract/preview/deflate.c lib/extract/preview/huffman.h lib/extract/preview/huffman.c \
	lib/extract/preview/tofwerk.h lib/extract/preview/tofwerk.c

check_PROGRAMS += tests/generate/gallery
tests_generate_gallery_SOURCES = tests/generate/gallery.c tests/generate/signals.c tests/generate/signals.h
tests_generate_gallery_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_generate_gallery_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

# Every kind of preview beside the others, to look at: build/gallery.html.
gallery: tests/generate/gallery$(EXEEXT)
	$(AM_V_GEN)tests/generate/gallery$(EXEEXT) .
.PHONY: gallery

# bench-png [PICTURE…]: our encoder against libpng at its defaults. Built on demand: make tests/bench/bench-png
EXTRA_PROGRAMS = tests/bench/bench-png tests/bench/bench-bare
tests_bench_bench_png_SOURCES = tests/bench/bench-png.c
tests_bench_bench_png_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_bench_bench_png_LDADD = $(EXTRACT_LIBS) -lpng $(BASE_LIBS)
EXTRA_DIST += tests/bench/extraction.py
# bench-bare < PATHS: what previews cost without anything around them.
tests_bench_bench_bare_SOURCES = tests/bench/bench-bare.c
tests_bench_bench_bare_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_bench_bench_bare_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-preview-text tests/unit/test-preview-numbers tests/unit/test-preview-pictures tests/unit/test-preview-plots \
	tests/unit/test-preview-claims tests/unit/test-preview-deflate
TESTS += tests/unit/test-preview-text tests/unit/test-preview-numbers tests/unit/test-preview-pictures tests/unit/test-preview-plots \
	tests/unit/test-preview-claims tests/unit/test-preview-deflate
tests_unit_test_preview_text_SOURCES = tests/unit/test-preview-text.c tests/unit/preview-png.c tests/unit/preview-png.h
tests_unit_test_preview_text_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_text_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_preview_numbers_SOURCES = tests/unit/test-preview-numbers.c tests/generate/signals.c tests/generate/signals.h
tests_unit_test_preview_numbers_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_numbers_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_preview_pictures_SOURCES = tests/unit/test-preview-pictures.c tests/unit/preview-png.c tests/unit/preview-png.h
tests_unit_test_preview_pictures_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_pictures_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_preview_deflate_SOURCES = tests/unit/test-preview-deflate.c
tests_unit_test_preview_deflate_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_deflate_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_preview_claims_SOURCES = tests/unit/test-preview-claims.c tests/unit/hostile.h tests/unit/preview-png.c tests/unit/preview-png.h
tests_unit_test_preview_claims_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_claims_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
tests_unit_test_preview_plots_SOURCES = tests/unit/test-preview-plots.c tests/unit/preview-png.c tests/unit/preview-png.h \
	tests/generate/signals.c tests/generate/signals.h
tests_unit_test_preview_plots_CFLAGS = $(lib_extract_libextract_a_CFLAGS)
tests_unit_test_preview_plots_LDADD = $(EXTRACT_LIBS) $(BASE_LIBS)
