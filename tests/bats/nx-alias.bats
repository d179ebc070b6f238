#!/usr/bin/env bats
# nx-alias: texts in, names out; the dictionary of a snapshot is used only as long as it fits (igem-db 5.9, 9).
bats_require_minimum_version 1.5.0
load lib

setup() {
  set -o pipefail
  cd "$BATS_TEST_TMPDIR"
  need_corpus parquet/minisnapshot
  cp -r "$CORPUS/parquet/minisnapshot" snapshot
  chmod -R u+w snapshot
}

scan() { jq -nc --arg text "$1" '{text: $text, id: 7}' | nx-alias scan -s snapshot "${@:2}"; }

@test "scan adds matches to a line and keeps the rest" {
  run scan 'BRCA1 in breast cancer'
  assert_success
  assert_json '.id' 7
  assert_json '[.matches[].matched_text] | join(",")' 'brca1,breast,breast cancer,cancer'
}

@test "lookup finds the aliases of the same spelling" {
  run nx-alias lookup -s snapshot <<<'{"text":"il_6"}'
  assert_success
  assert_json '.aliases[0].alias_id' 9
}

@test "build writes the dictionary, names it in the manifest, and scan gives the same from it" {
  before=$(scan 'Lead and NF-κB' --mode all_candidates)
  run nx-alias build snapshot
  assert_success
  assert_line "Aliases       : 19"
  assert_line "Unique norms  : 15"
  [ "$(jq -r .nlp.sha256 snapshot/manifest.json)" = "$(sha256sum <snapshot/nlp/alias_dictionary.nxad | cut -c 1-64)" ]
  [ "$(jq -r .nlp.size_bytes snapshot/manifest.json)" = "$(stat -c %s snapshot/nlp/alias_dictionary.nxad)" ]
  [ "$before" = "$(scan 'Lead and NF-κB' --mode all_candidates --require-cache)" ]
  run nx-alias build snapshot
  assert_failure 1
  assert_output --partial "NLP cache already exists"
  nx-alias build snapshot --overwrite
}

@test "a damaged or stale dictionary is made anew in memory, or refused when it is required" {
  nx-alias build snapshot >/dev/null
  printf x | dd of=snapshot/nlp/alias_dictionary.nxad bs=1 seek=100 conv=notrunc 2>/dev/null
  run --separate-stderr scan cancer
  assert_success
  assert_json '.matches | length' 1
  [[ $stderr == *"is damaged"* ]]
  run scan cancer --require-cache
  assert_failure 1
  nx-alias build snapshot --overwrite >/dev/null
  jq '.tables.entity_types.sha256 = "0"' snapshot/manifest.json >m && mv m snapshot/manifest.json
  run scan cancer --require-cache
  assert_failure 1
  assert_output --partial "is stale"
}

@test "--trust-cache uses a dictionary without comparing its sum, but not one of another size or of other tables" {
  nx-alias build snapshot >/dev/null
  jq '.nlp.sha256 = ("0" * 64)' snapshot/manifest.json >m && mv m snapshot/manifest.json
  run scan cancer --require-cache
  assert_failure 1
  run scan cancer --require-cache --trust-cache
  assert_success
  assert_json '.matches | length' 1
  truncate -s +16 snapshot/nlp/alias_dictionary.nxad
  run scan cancer --require-cache --trust-cache
  assert_failure 1
}

@test "instruments and users of a NexusLIMS snapshot are found by their names" {
  export NX_DB_PATH=$BATS_TEST_TMPDIR/nexuslims.sqlite
  nx-db init >/dev/null
  sqlite3 "$NX_DB_PATH" "INSERT INTO instruments VALUES ('FEI-Titan-TEM-635816', 'https://nemo/api/?id=1', '', '223', 'FEI Titan TEM', 'PRP-12345', './Titan_STEM', 'nemo', 'UTC');
    INSERT INTO external_user_identifiers(nexuslims_username, external_system, external_id, email, created_at) VALUES ('jdoe', 'nemo', '7', 'jane.doe@example.org', '2026-01-01');"
  nx-db export -o mine >/dev/null
  text=$(jq -nc '{text: "fei_titan-tem (PRP-12345): Jane.Doe and jdoe saved to /data/titan stem"}')
  run nx-alias scan -s mine <<<"$text"
  assert_success
  assert_json '[.matches[] | "\(.matched_text)=\(.entity_primary_name)"] | join(",")' \
    'fei titan tem=FEI-Titan-TEM-635816,prp 12345=FEI-Titan-TEM-635816,jane.doe=jdoe,jdoe=jdoe,titan stem=FEI-Titan-TEM-635816'
  assert_json '.matches[0].entity_type_name' instrument
}

@test "a line without text is refused by its number" {
  run nx-alias scan -s snapshot <<<'{"note":"cancer"}'
  assert_failure 2
  assert_output --partial "line 1"
}
