// Prints a Parquet file as DuckDB and arrow-rs read it: `read-parquet.mjs duckdb|arrow FILE`. One JSON array a row, every value as text.
import { readFileSync } from 'node:fs';

const [reader, path] = process.argv.slice(2);

async function withDuckdb() {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  const columns = (await connection.runAndReadAll('DESCRIBE SELECT * FROM read_parquet($1)', [path])).getRows();
  const texts = columns.map(([name, type]) => (type === 'BLOB' ? `hex("${name}")` : `CAST("${name}" AS VARCHAR)`));
  const rows = await connection.runAndReadAll(`SELECT ${texts.join(', ')} FROM read_parquet($1)`, [path]);
  console.log(JSON.stringify(columns.map(([, type]) => type)));
  for (const row of rows.getRows()) console.log(JSON.stringify(row));
}

async function withArrow() {
  const { default: start, readParquet } = await import('parquet-wasm/esm');
  const { tableFromIPC } = await import('apache-arrow');
  await start({ module_or_path: readFileSync(new URL('node_modules/parquet-wasm/esm/parquet_wasm_bg.wasm', import.meta.url)) });
  const table = tableFromIPC(readParquet(new Uint8Array(readFileSync(path))).intoIPCStream());
  console.log(JSON.stringify(table.schema.fields.map((field) => String(field.type))));
  for (let i = 0; i < table.numRows; i++)
    console.log(JSON.stringify(table.schema.fields.map((field, n) => (table.getChildAt(n).get(i) === null ? null : 'x'))));
}

await (reader === 'duckdb' ? withDuckdb() : withArrow());
