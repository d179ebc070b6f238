# lib/extract — one data file → metadata and preview.
include lib/extract/dm.mk
include lib/extract/preview/local.mk
