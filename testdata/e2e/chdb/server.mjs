// The HTTP interface of ClickHouse over the engine of chdb, as far as clickhouse-go
// uses it, so that statements of wirespan run on a current engine:
//
//   node server.mjs MODULES DIR
//
// MODULES is a node_modules directory with chdb, DIR is for data. It listens on a
// free port of 127.0.0.1, prints the port, and ends when its standard input does.
// Requests run one after another. What differs from a server: INSERTs come in as a
// file that is selected from, so that async_insert has no effect, and answers have
// Native blocks of protocol revision 0, which the greeting says.
import { createRequire } from 'node:module';
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';

const [modules, dir] = process.argv.slice(2);
const { Session } = createRequire(path.resolve(modules, 'x.js'))('chdb');
const session = new Session(path.join(dir, 'data'));

const skip = new Set(['query', 'database', 'default_format', 'client_protocol_version', 'query_id', 'quota_key',
  'async_insert', 'wait_for_async_insert', 'wait_end_of_query', 'max_execution_time']);

let last = Promise.resolve();
let files = 0;

async function run(url, body) {
  const settings = [...url.searchParams].filter(([k]) => !skip.has(k));
  const insert = url.searchParams.get('query');
  if (!insert) {
    const sql = body.toString('latin1');
    if (/^SELECT displayName\(\), version\(\), revision\(\), timezone\(\)/.test(sql)) return greeting();
    return within(settings, () => session.queryAsync(body.toString('utf8'), { format: 'Native' }));
  }
  const m = /^INSERT INTO\s+(\S+)\s*(\([^)]*\))/i.exec(insert);
  if (!m) throw new Error('Code: 62. no INSERT with columns');
  const file = path.join(dir, `insert-${files++}.native`);
  fs.writeFileSync(file, body);
  try {
    const columns = m[2].slice(1, -1);
    const clause = settings.length ? 'SETTINGS ' + settings.map(([k, v]) => `${k} = ${literal(v)}`).join(', ') : '';
    await session.queryAsync(`INSERT INTO ${m[1]} (${columns}) ${clause} SELECT ${columns} FROM file('${file}', Native)`);
  } finally {
    fs.rmSync(file, { force: true });
  }
  return Buffer.alloc(0);
}

const literal = (v) => (/^\d+$/.test(v) ? v : `'${v.replaceAll("'", "\\'")}'`);

// within runs a statement with settings, and takes them back.
async function within(settings, f) {
  for (const [k, v] of settings) session.query(`SET ${k} = ${literal(v)}`);
  try {
    const r = await f();
    return r ? Buffer.from(r.bytes()) : Buffer.alloc(0);
  } finally {
    for (const [k] of settings) session.query(`SET ${k} = DEFAULT`);
  }
}

// greeting is the first answer. It is read with blocks of the client's own revision;
// the revision in it, 0, holds for all others.
function greeting() {
  const version = session.query('SELECT version()', 'TSV').trim();
  const text = (s) => Buffer.concat([Buffer.from([Buffer.byteLength(s)]), Buffer.from(s)]);
  const column = (name, type, value) => Buffer.concat([text(name), text(type), Buffer.from([0]), value]);
  return Buffer.concat([
    Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]), // block info: no overflow, bucket -1
    Buffer.from([4, 1]), // columns, rows
    column('displayName()', 'String', text('chdb')),
    column('version()', 'String', text(version)),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', text('UTC')),
  ]);
}

const server = http.createServer(async (req, res) => {
  const chunks = [];
  for await (const c of req) chunks.push(c);
  const turn = last.then(() => run(new URL(req.url, 'http://localhost'), Buffer.concat(chunks)));
  last = turn.catch(() => {});
  try {
    const out = await turn;
    res.writeHead(200, { 'Content-Length': out.length, 'X-ClickHouse-Format': 'Native' });
    res.end(out);
  } catch (e) {
    const code = e.clickhouseCode ?? /Code: (\d+)/.exec(e.message)?.[1] ?? 1001;
    const out = Buffer.from(`Code: ${code}. DB::Exception: ${e.message}\n`);
    res.writeHead(500, { 'Content-Length': out.length, 'X-ClickHouse-Exception-Code': String(code) });
    res.end(out);
  }
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
