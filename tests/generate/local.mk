# tests/generate — the demo facility: instrument files, calendars and instrument lines, made from share/demo/facility.json.
noinst_PROGRAMS += tests/generate/nx-make-facility
tests_generate_nx_make_facility_SOURCES = tests/generate/nx-make-facility.c tests/generate/plan.h tests/generate/plan.c \
	tests/generate/scene.h tests/generate/scene.c tests/generate/noise.h tests/generate/noise.c tests/generate/atoms.c \
	tests/generate/particles.c tests/generate/grains.c tests/generate/topography.c tests/generate/diffraction.c tests/generate/spectra.c \
	tests/generate/dm-write.h tests/generate/dm-write.c tests/generate/picture-write.h tests/generate/picture-write.c \
	tests/generate/calendar-write.h tests/generate/calendar-write.c
tests_generate_nx_make_facility_CFLAGS = $(AM_CFLAGS) $(TIFF_CFLAGS) $(CAIRO_CFLAGS) $(PIXBUF_CFLAGS) $(ICAL_CFLAGS)
tests_generate_nx_make_facility_LDADD = $(CLI_LIBS) $(BASE_LIBS) $(TIFF_LIBS) $(CAIRO_LIBS) $(PIXBUF_LIBS) $(ICAL_LIBS)
SHARE_FILES += share/demo/facility.json
dist_check_SCRIPTS += tests/bats/nx-make-facility.bats tests/generate/check_facility.py
TESTS += tests/bats/nx-make-facility.bats
