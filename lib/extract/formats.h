/* formats.h — the formats that registry.c lists, and what they share. Private to lib/extract. */
#ifndef NX_FORMATS_H
#define NX_FORMATS_H

#include "nx-extract.h"

extern const NxFormat nx_format_basic;
extern const NxFormat nx_format_bruker_bcf;
extern const NxFormat nx_format_dm;
extern const NxFormat nx_format_fei_tiff;
extern const NxFormat nx_format_jeol_tiff;
extern const NxFormat nx_format_mrc;
extern const NxFormat nx_format_msa;
extern const NxFormat nx_format_ome_tiff;
extern const NxFormat nx_format_smartsem;
extern const NxFormat nx_format_spc;
extern const NxFormat nx_format_tia;
extern const NxFormat nx_format_orion_tiff;
extern const NxFormat nx_format_tescan_tiff;
extern const NxFormat nx_format_hspy;
extern const NxFormat nx_format_tofwerk;
extern const NxFormat nx_format_velox;

/* The header of an MRC file; a shorter file is none, whatever its name. */
#define NX_MRC_HEADER_BYTES 1024u

/* TRUE when `format` wants files of that extension (lower case; NULL: none). */
gboolean nx_format_claims(const NxFormat *format, const char *extension);
/* The last suffix of a base name, lower-cased, without the dot; NULL when there is none. */
char *nx_name_extension(const char *name);
/* The path with `suffix` (".txt") instead of its last suffix; NULL when it has none. For the caller to free. */
char *nx_path_with_suffix(const char *path, const char *suffix);
/* The view of a plain picture or text file, by its name. */
NxViewKind nx_view_by_name(const char *name);
/* TRUE when bytes of a file of that name are read: by a format, or for a preview. */
gboolean nx_file_is_looked_into(const char *name);
/* TRUE when its extension is one of a format, so that a person expects its metadata. */
gboolean nx_file_is_a_format(const char *name);
/* DatasetType, Data Type and Creation Time of a file about which nothing else is known. */
json_object *nx_basic_meta(const NxInput *in);
/* The fields that the TIFF formats have in common: Creation Time, Data Type, DatasetType, Instrument ID (null when unknown), empty warnings. */
json_object *nx_image_meta(const NxInput *in, const char *data_type);
/* Sets field `to`: at the top of nx_meta when its name begins with a lower-case letter, as those of core fields do, else in extensions. `member`
 * (or NULL): of the object `to`. `value` is consumed; NULL sets nothing. */
void nx_meta_put(json_object *nx_meta, const char *to, const char *member, json_object *value);
/* Sets an extension under the label that the file gives it; under `key`, which only this format has, where the label is empty, is an extension's
 * already or nx_meta_is_taken(). For the time when all fields are there. `value` is consumed; NULL sets nothing. */
void nx_meta_put_labelled(json_object *nx_meta, const char *label, const char *key, json_object *value);
/* Adds a sentence to nx_meta's `Extractor Warnings`, which the pipeline moves into `NexusLIMS Extraction`. */
void nx_meta_warn(json_object *nx_meta, const char *sentence);
/* Appends [name] to `warnings`: the value of that field is doubtful. */
void nx_meta_doubt(json_object *nx_meta, const char *name);

#endif
