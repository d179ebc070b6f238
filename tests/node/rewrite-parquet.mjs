// Writes a table of a snapshot anew as DuckDB does, with other types: `rewrite-parquet.mjs FOLDER TABLE 'EXPRESSION AS column, …'`.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder, table, replaced] = process.argv.slice(2);
const file = `${folder}/${table}.parquet`;
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run("SET TimeZone = 'UTC'");
await connection.run(`COPY (SELECT * REPLACE (${replaced}) FROM read_parquet('${file}')) TO '${file}.new' (FORMAT parquet)`);
renameSync(`${file}.new`, file);

const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`));
const bytes = readFileSync(file);
manifest.tables[table].size_bytes = bytes.length;
manifest.tables[table].sha256 = createHash('sha256').update(bytes).digest('hex');
writeFileSync(`${folder}/manifest.json`, JSON.stringify(manifest));
