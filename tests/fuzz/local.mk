# make fuzz: a libFuzzer target for every parser of bytes from outside, with clang, into fuzz/. scripts/fuzz NAME gathers its seeds and runs it.
# A target is one file fuzz-NAME.c here and one word in this list.
FUZZ_NAMES = alias calendar dm dotenv edax fei-tiff hdf5 lines mail manifest outcome parquet pictures plots png record servers sql stamp texts tia vendors
EXTRA_DIST += tests/fuzz/seeds tests/fuzz/target.h tests/fuzz/without-png.h scripts/fuzz $(FUZZ_NAMES:%=tests/fuzz/fuzz-%.c)

# write-seeds NAME FOLDER: seeds for formats that the corpus lacks, by our own writers. Built on demand: make tests/fuzz/write-seeds
EXTRA_PROGRAMS += tests/fuzz/write-seeds
tests_fuzz_write_seeds_SOURCES = tests/fuzz/write-seeds.c tests/unit/test-vendors-samples.c tests/unit/test-vendors-samples.h \
	tests/generate/vendor-write.c tests/generate/vendor-write.h tests/generate/hdf5-write.c tests/generate/hdf5-write.h
tests_fuzz_write_seeds_CFLAGS = $(AM_CFLAGS) $(HDF5_CFLAGS)
tests_fuzz_write_seeds_LDADD = $(SNAPSHOT_LIBS) $(HDF5_LIBS) $(ZLIB_LIBS) $(BASE_LIBS)

FUZZ_CC = clang
FUZZ_CFLAGS = -std=gnu11 -g -O1 -Wall -Wextra -Wno-unused-variable -Wno-unknown-attributes -Wno-unused-command-line-argument -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined $(DEFS) $(AM_CPPFLAGS) -I$(srcdir)/tests/generate $(GLIB_CFLAGS) $(JSONC_CFLAGS) $(TIFF_CFLAGS) $(PIXBUF_CFLAGS) \
	$(CAIRO_CFLAGS) $(XML_CFLAGS) $(XSLT_CFLAGS) $(CURL_CFLAGS) $(SECCOMP_CFLAGS) $(DEFLATE_CFLAGS) $(HDF5_CFLAGS) $(ZSTD_CFLAGS) $(SQLITE_CFLAGS) $(LIBPQ_CFLAGS) \
	$(ICAL_CFLAGS)
FUZZ_FILES = $(filter %.c,$(lib_base_libbase_a_SOURCES) $(lib_base_libhttp_a_SOURCES) $(lib_base_libnxjq_a_SOURCES) $(lib_cli_libcli_a_SOURCES) $(lib_config_libconfig_a_SOURCES) $(lib_db_libdb_a_SOURCES) \
	$(lib_harvest_libharvest_a_SOURCES) $(lib_extract_libextract_a_SOURCES) $(lib_record_librecord_a_SOURCES) $(lib_export_libexport_a_SOURCES) \
	$(lib_snapshot_libsnapshot_a_SOURCES) $(lib_snapshot_libdownload_a_SOURCES) $(lib_mail_libmail_a_SOURCES))
FUZZ_OBJECTS = $(FUZZ_FILES:%.c=fuzz/objects/%.o)
FUZZ_LIBS = $(filter-out %.a,$(EXTRACT_LIBS) $(DB_LIBS) $(HARVEST_LIBS) $(RECORD_LIBS) $(EXPORT_LIBS) $(SNAPSHOT_LIBS) $(MAIL_LIBS) $(BASE_LIBS))

fuzz: $(FUZZ_NAMES:%=fuzz/fuzz-%) tests/fuzz/write-seeds$(EXEEXT)
fuzz/objects/%.o: %.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
fuzz/libparsers.a: $(FUZZ_OBJECTS)
	@rm -f $@
	$(AM_V_AR)$(AR) cqsT $@ $(FUZZ_OBJECTS)
fuzz/fuzz-%: tests/fuzz/fuzz-%.c tests/fuzz/target.h tests/fuzz/without-png.h fuzz/libparsers.a
	$(AM_V_CCLD)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -Wl,--as-needed $< fuzz/libparsers.a $(FUZZ_LIBS) $(FUZZ_MORE) -o $@
fuzz/fuzz-hdf5 fuzz/fuzz-pictures fuzz/fuzz-plots: FUZZ_MORE = -Wl,--wrap=nx_png_encode
fuzz/fuzz-png: FUZZ_MORE = -lpng
fuzz/fuzz-servers: FUZZ_MORE = -Wl,--wrap=nx_http_send,--wrap=nx_http_wait,--wrap=getrandom
-include $(FUZZ_OBJECTS:.o=.d)
mostlyclean-local:
	rm -rf fuzz
.PHONY: fuzz
.SECONDARY: $(FUZZ_OBJECTS)
