# lib/extract/preview — the sources of the previews.
EXTRACT_PREVIEW_SOURCES =
