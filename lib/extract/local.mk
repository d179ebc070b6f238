# lib/extract — one data file → metadata and preview.
include lib/extract/dm.mk
include lib/extract/preview/local.mk

noinst_LIBRARIES += lib/extract/libextract.a
lib_extract_libextract_a_SOURCES = lib/extract/nx-extract.h lib/extract/bytes.c lib/extract/array.c lib/extract/signal.c \
	lib/extract/meta.c lib/extract/meta-schema.c \
	$(EXTRACT_DM_SOURCES) $(EXTRACT_PREVIEW_SOURCES)
lib_extract_libextract_a_CFLAGS = $(AM_CFLAGS) $(TIFF_CFLAGS) $(PIXBUF_CFLAGS) $(CAIRO_CFLAGS) $(XML_CFLAGS) $(SECCOMP_CFLAGS)
EXTRACT_LIBS = lib/extract/libextract.a $(TIFF_LIBS) $(PIXBUF_LIBS) $(CAIRO_LIBS) $(XML_LIBS) $(SECCOMP_LIBS) $(JQ_LIBS)
